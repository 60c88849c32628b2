#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"
#include "request.h"
#include "response.h"
#include "slice.h"

/* One request and its response, as whoever answers sees them. What carries
 * them, an HTTP/1.1 connection here, is not seen: a handler can be used under
 * another version of HTTP as it is.
 *
 * The carrier calls a handler's functions; the handler fills in x->response
 * and says http_exchange_send(), at once or later. Everything in x->request
 * holds until over(). */

struct http_exchange;

/* Who answers. Only request() is needed; NULL stands for "of no interest". */
struct http_handler {
    /* The head of a request is there. */
    void (*request)(struct http_exchange *x);

    /* A part of its body; len == 0: that was all. Returns how much was taken:
     * if less than all, the rest comes again after http_exchange_resume().
     * Where this is NULL, the body is read and thrown away. */
    size_t (*body)(struct http_exchange *x, struct slice part);

    /* All of x->response.body has gone, and `more` is set: now the next piece
     * can be set, and http_exchange_send() said. */
    void (*room)(struct http_exchange *x);

    /* The exchange ends: its response has gone, or will never go. */
    void (*over)(struct http_exchange *x, bool complete);

    void *context;
};

struct http_exchange {
    struct http_request request;
    struct http_response response;
    const struct http_handler *handler;
    const char *address; /* the client's, as a number */
    void *state;         /* the handler's own */
    bool more;           /* behind this piece of the body another follows */
    bool sized;          /* though, a Content-Length tells how long it is */
    uint64_t body_max;   /* bytes of request body, beyond: 413; request() may
                          * change it */

    /* Between the functions below and the carrier (carrier.h). */
    bool known;           /* to the handler: it is to hear of the end */
    bool ready;           /* the response, or its next piece, can be sent */
    bool held;            /* the handler has not taken all of the body */
    struct protocol next; /* who has the connection after this response */
    void (*changed)(struct http_exchange *x);
    void *carrier;

    size_t head_len; /* what has come of the head, which request points into */
    char head[HTTP_HEAD_MAX];
};

/* x->response, or after room() its next piece, is ready to be sent. From now
 * on no more of the request's body is handed out. A body of several pieces
 * ends with one before which `more` was cleared; that one may be empty. */
void http_exchange_send(struct http_exchange *x);

/* The handler can take more of the body. */
void http_exchange_resume(struct http_exchange *x);

/* When this response (101, or 200 to CONNECT) has gone, another protocol has
 * the connection, which owns `next` from now on. */
void http_exchange_hand_over(struct http_exchange *x, struct protocol next);

#endif
