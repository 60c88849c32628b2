/* Allocations that can fail: of the program, of OpenSSL and of the C library.
 * plan.h tells how. */

#include "plan.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/* The functions behind: the sanitizer's, or the C library's. A call may come
 * before the sanitizer has begun, so nothing here is instrumented (rules.mk).
 */
void *__interceptor_malloc(size_t) __attribute__((weak));
void *__interceptor_calloc(size_t, size_t) __attribute__((weak));
void *__interceptor_realloc(void *, size_t) __attribute__((weak));
void *__libc_malloc(size_t) __attribute__((weak));
void *__libc_calloc(size_t, size_t) __attribute__((weak));
void *__libc_realloc(void *, size_t) __attribute__((weak));

static int
fails(const void *caller)
{
    int error = plan_ready() ? plan_next(PLAN_MALLOC, caller) : 0;

    if (error)
        errno = error;
    return error;
}

void *
malloc(size_t size)
{
    if (fails(__builtin_return_address(0)))
        return NULL;
    return __interceptor_malloc ? __interceptor_malloc(size)
                                : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
    if (fails(__builtin_return_address(0)))
        return NULL;
    return __interceptor_calloc ? __interceptor_calloc(n, size)
                                : __libc_calloc(n, size);
}

void *
realloc(void *block, size_t size)
{
    if (fails(__builtin_return_address(0)))
        return NULL;
    return __interceptor_realloc ? __interceptor_realloc(block, size)
                                 : __libc_realloc(block, size);
}
