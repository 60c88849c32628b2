#include "feed.h"

#include <stdlib.h>
#include <string.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, len)   ((void)(at), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

char *
feed_copy(const char *bytes, size_t len)
{
    char *copy = malloc(len);

    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

void
feed_show(const char *block, size_t size, size_t len)
{
    ASAN_UNPOISON_MEMORY_REGION(block, len);
    ASAN_POISON_MEMORY_REGION(block + len, size - len);
}

size_t
feed_next_split(size_t len, size_t at)
{
    for (at++; at < len; at++)
        if (len <= FEED_WHOLE || at <= FEED_NEAR || len - at <= FEED_NEAR ||
            at % FEED_STRIDE == 0)
            return at;
    return len;
}
