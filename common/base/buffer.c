#include "buffer.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_FIRST = 256 }; /* bytes of the first allocation */

/* Makes room for n bytes more. */
static bool
reserve(struct buffer *b, size_t n)
{
    size_t size = b->size ? b->size : BUFFER_FIRST;
    char *bytes;

    if (b->failed)
        return false;
    if (n <= b->size - b->len)
        return true;
    while (size - b->len < n && size <= SIZE_MAX / 2)
        size *= 2;
    bytes = size - b->len < n ? NULL : realloc(b->bytes, size);
    if (!bytes) {
        b->failed = true;
        return false;
    }
    b->bytes = bytes;
    b->size = size;
    return true;
}

void
buffer_add(struct buffer *b, const char *bytes, size_t len)
{
    if (len == 0 || !reserve(b, len))
        return;
    memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
}

void
buffer_add_text(struct buffer *b, const char *text)
{
    buffer_add(b, text, strlen(text));
}

void
buffer_format(struct buffer *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buffer_vformat(b, format, args);
    va_end(args);
}

/* Most texts fit where there is room already, and are written only once. */
void
buffer_vformat(struct buffer *b, const char *format, va_list args)
{
    size_t room;
    va_list again;
    int n;

    if (!reserve(b, 1))
        return;
    room = b->size - b->len;
    va_copy(again, args);
    n = vsnprintf(b->bytes + b->len, room, format, args);
    if (n < 0)
        b->failed = true;
    else if ((size_t)n >= room && reserve(b, (size_t)n + 1)) /* with its NUL */
        (void)vsnprintf(b->bytes + b->len, (size_t)n + 1, format, again);
    va_end(again);
    if (!b->failed)
        b->len += (size_t)n;
}

void
buffer_use(struct buffer *b, size_t n)
{
    assert(n <= b->len);
    b->len -= n;
    if (b->len == 0)
        buffer_free(b);
    else if (n > 0)
        memmove(b->bytes, b->bytes + n, b->len);
}

void
buffer_free(struct buffer *b)
{
    free(b->bytes);
    *b = (struct buffer){0};
}
