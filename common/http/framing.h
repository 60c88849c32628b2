#ifndef FRAMING_H
#define FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

/* Finds where a body ends, by length or by chunks, and hands out its bytes.
 * RFC 9112, sections 6 and 7.1. Allocates nothing, keeps no pointer to the
 * input, and may be stopped and resumed at any byte. */

enum {
    FRAMING_LINE_MAX = 256,      /* bytes of a chunk's line; beyond: 400 */
    FRAMING_TRAILERS_MAX = 8192, /* bytes behind the last chunk; beyond: 431 */
};

enum framing_state {
    FRAMING_DONE,      /* the body is complete */
    FRAMING_LENGTH,    /* `left` bytes are to come */
    FRAMING_SIZE,      /* at the size of a chunk: no digit yet */
    FRAMING_DIGITS,    /* in the size of a chunk */
    FRAMING_SPACE,     /* in white space behind it */
    FRAMING_EXTENSION, /* behind a ';', in what nobody uses */
    FRAMING_SIZE_LF,   /* behind the CR of a chunk's line */
    FRAMING_CHUNK,     /* `left` bytes of the chunk are to come */
    FRAMING_CHUNK_CR,  /* behind the bytes of a chunk */
    FRAMING_CHUNK_LF,  /* behind the CR there */
    FRAMING_TRAILER,   /* at the start of a trailer line, or the empty line */
    FRAMING_NAME,      /* in a trailer's name */
    FRAMING_VALUE,     /* in a trailer's value */
    FRAMING_VALUE_LF,  /* behind the CR at its end */
    FRAMING_LAST_LF,   /* behind the CR of the empty line */
};

struct http_framing {
    enum framing_state state;
    unsigned overhead; /* bytes of this chunk's line, or of the trailers */
    uint64_t left;     /* bytes of this body or chunk still to come */
};

/* A body of `length` bytes, or one in chunks, whose length is told piece by
 * piece. */
void http_framing_init(struct http_framing *f, bool chunked, uint64_t length);

/* Reads in[0..len). Returns the bytes used up, the last body->len of which
 * belong to the body (body->len == 0 and FRAMING_DONE: it is complete); to be
 * called again while it uses something up. < 0: minus the status to answer
 * with, then close: 400 or 431. */
long http_framing_next(struct http_framing *f, const char *in, size_t len,
                       struct slice *body);

/* The last n bytes of the body that were just handed out were not wanted: they
 * will be given to http_framing_next() again. */
void http_framing_give_back(struct http_framing *f, uint64_t n);

#endif
