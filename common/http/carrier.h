#ifndef CARRIER_H
#define CARRIER_H

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "exchange.h"
#include "protocol.h"
#include "slice.h"

/* The other side of an exchange: for what carries requests and responses, an
 * HTTP/1.1 connection, say. */

/* Tells that there is no memory for this client. */
void http_out_of_memory(const char *address);

/* One allocation, of which only what is used is touched; NULL: no memory, which
 * it has told. */
struct http_exchange *http_exchange_new(const struct http_handler *handler,
                                        const char *address,
                                        void (*changed)(struct http_exchange *),
                                        void *carrier);

/* Takes bytes of an HTTP/1 head off the input and keeps them. Returns what
 * http_request_parse() does; behind a whole head the input is left alone. */
long http_exchange_read_head(struct http_exchange *x, struct slice *in);

/* Hands a part of the body to the handler, or throws it away. Returns how much
 * of it was taken; x->held, if not all. */
size_t http_exchange_deliver(struct http_exchange *x, struct slice part);

/* What a carrier keeps for the protocol after it: the first member of its
 * state, so that http_handover_next() can be its `next` (protocol.h). */
struct http_handover {
    struct protocol next; /* state NULL: there is none */
    struct buffer bytes;  /* what came, and is not used yet */
};

struct protocol http_handover_next(void *state, struct slice *bytes);

/* Tells the handler, if it knows of the exchange and once, that it is over. */
void http_exchange_over(struct http_exchange *x, bool complete);

/* That, and logs the access, with the bytes of body sent, and frees all. NULL
 * is no exchange. */
void http_exchange_end(struct http_exchange *x, bool complete,
                       uint64_t body_sent);

#endif
