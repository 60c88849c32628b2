#ifndef WRITER_H
#define WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "exchange.h"
#include "piece.h"
#include "protocol.h"

/* Writes responses down as HTTP/1.1 has them: a head, and a body by its length
 * or in chunks (RFC 9112, sections 4, 6 and 7.1). What it makes itself, and
 * small bodies, collect in `out`; a larger body follows from where it lies. A
 * zeroed struct is a new one. */

enum {
    HTTP_OUT_MAX = 4 * 1024,  /* bytes in `out`, above which nothing is begun */
    HTTP_COPY_MAX = 4 * 1024, /* a piece up to here goes to `out` */
};

struct http_writer {
    struct buffer out;
    uint64_t body; /* bytes of the response's body that have gone */
    bool chunked;  /* it goes in chunks */
    bool in_chunk; /* and one of them has begun */
    bool asked;    /* the handler has been asked for the next piece */
};

/* Begins the response of x with its head, `fields` (lines with their ends, or
 * NULL) and the fields that the connection needs: *last tells that it is
 * closed behind this response, and becomes true where it must be. */
void http_writer_begin(struct http_writer *w, struct http_exchange *x,
                       const char *fields, bool *last);

/* Goes on with the response of x, as far as it is known and there is room.
 * Returns true when all of it is in `out` or sent; false when it waits for
 * http_writer_sent(), or for the handler. */
bool http_writer_go_on(struct http_writer *w, struct http_exchange *x);

/* What is to be sent next (protocol.h, pieces()); x is NULL where no response
 * has begun. */
unsigned http_writer_pieces(const struct http_writer *w,
                            const struct http_exchange *x,
                            struct piece p[PROTOCOL_PIECES]);

/* The first n bytes of that have gone. */
void http_writer_sent(struct http_writer *w, struct http_exchange *x,
                      uint64_t n);

#endif
