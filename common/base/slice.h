#ifndef SLICE_H
#define SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A slice is a run of bytes inside somebody else's memory. It owns nothing,
 * ends at its length and not at a NUL, and holds as long as that memory does.
 * { NULL, 0 } is a slice that is not there; { "", 0 } is there, and empty. */
struct slice {
    const char *at;
    size_t len;
};

/* The slice of a string's bytes, without its NUL. */
struct slice slice_of(const char *text);

/* The same bytes as text? slice_is_nocase() takes ASCII letters of either
 * case as the same, and heeds no locale. */
bool slice_is(struct slice s, const char *text);
bool slice_is_nocase(struct slice s, const char *text);

/* Without the spaces and tabs around it (OWS, RFC 9110, section 5.6.3). */
struct slice slice_trim(struct slice s);

/* Takes the next element off a comma-separated list (RFC 9110, section 5.6.1),
 * trimmed; empty elements are passed over. False: there is none left. */
bool slice_next_element(struct slice *list, struct slice *element);

/* Reads decimal digits and nothing else. False: no digit, another byte, or a
 * number above UINT64_MAX; *number is then untouched. */
bool slice_number(struct slice s, uint64_t *number);

#endif
