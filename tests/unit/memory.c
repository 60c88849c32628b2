#include "memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

/* The functions behind: the sanitizer's, or the C library's. A call may come
 * before the sanitizer has begun, so nothing here is instrumented. */
void *__interceptor_malloc(size_t) __attribute__((weak));
void *__interceptor_calloc(size_t, size_t) __attribute__((weak));
void *__interceptor_realloc(void *, size_t) __attribute__((weak));
void __interceptor_free(void *) __attribute__((weak));
void *__libc_malloc(size_t) __attribute__((weak));
void *__libc_calloc(size_t, size_t) __attribute__((weak));
void *__libc_realloc(void *, size_t) __attribute__((weak));
void __libc_free(void *) __attribute__((weak));

#define PLAIN __attribute__((no_sanitize("address", "undefined")))

static bool watching, failed;
static size_t count, first_to_fail;
static long live;

void
memory_watch(void)
{
    watching = true;
}

void
memory_ignore(void)
{
    watching = false;
}

void
memory_fail(size_t n)
{
    first_to_fail = n;
    count = 0;
    live = 0;
    failed = false;
}

bool
memory_failed(void)
{
    return failed;
}

long
memory_live(void)
{
    return live;
}

/* Is this one to fail? */
PLAIN static bool
fails(void)
{
    if (!watching || first_to_fail == 0 || ++count < first_to_fail)
        return false;
    failed = true;
    errno = ENOMEM;
    return true;
}

PLAIN static void *
counted(void *block)
{
    if (watching && block)
        live += (long)malloc_usable_size(block);
    return block;
}

PLAIN static void
forget(void *block)
{
    if (watching && block)
        live -= (long)malloc_usable_size(block);
}

PLAIN void *
malloc(size_t size)
{
    if (fails())
        return NULL;
    return counted(__interceptor_malloc ? __interceptor_malloc(size)
                                        : __libc_malloc(size));
}

PLAIN void *
calloc(size_t n, size_t size)
{
    if (fails())
        return NULL;
    return counted(__interceptor_calloc ? __interceptor_calloc(n, size)
                                        : __libc_calloc(n, size));
}

PLAIN void *
realloc(void *block, size_t size)
{
    void *larger;
    long before = live;

    if (fails())
        return NULL;
    forget(block);
    larger = __interceptor_realloc ? __interceptor_realloc(block, size)
                                   : __libc_realloc(block, size);
    if (!larger)
        live = before;
    return counted(larger);
}

PLAIN void
free(void *block)
{
    forget(block);
    if (__interceptor_free)
        __interceptor_free(block);
    else
        __libc_free(block);
}
