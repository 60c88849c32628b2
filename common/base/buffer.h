#ifndef BUFFER_H
#define BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* A buffer is a run of bytes that grows at its end and is used up from its
 * start. A zeroed struct is an empty one. Growing moves the bytes: keep no
 * pointer into a buffer that something may be added to.
 *
 * Out of memory is remembered, not returned: `failed` stays true, what was to
 * be added is left out, and whoever sends the bytes asks once at the end. */
struct buffer {
    char *bytes;
    size_t len;  /* bytes in use */
    size_t size; /* bytes allocated */
    bool failed; /* something could not be added */
};

void buffer_add(struct buffer *b, const char *bytes, size_t len);
void buffer_add_text(struct buffer *b, const char *text);
void buffer_format(struct buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_vformat(struct buffer *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Takes away the first n bytes, n <= len. An emptied buffer gives its memory
 * back, so that an idle connection holds none. */
void buffer_use(struct buffer *b, size_t n);

/* Gives the memory back; the buffer is empty and may be used again. */
void buffer_free(struct buffer *b);

#endif
