#ifndef RESPONSE_H
#define RESPONSE_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "piece.h"
#include "request.h"

/* A response: a status, fields, and a body (RFC 9110, sections 6 and 15). A
 * zeroed struct is a new one, status 0: not decided yet. It can be taken back
 * and made another until it is sent. */

struct http_response {
    int status;
    struct buffer fields; /* "Name: value" CR LF, one after the other */

    /* What is sent behind the head. It holds until release(owner) is called,
     * or lies in `text`, or for ever. */
    struct piece body;
    struct buffer text; /* the memory of a body made for this response */
    void (*release)(void *owner);
    void *owner;
};

/* Gives back what the response holds, and makes it new. */
void http_response_free(struct http_response *r);

/* Adds a field, its value made as by printf(3). A value with a control byte in
 * it is left out: it could end the field and begin another. */
void http_response_add(struct http_response *r, const char *name,
                       const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets the body, and the fields that tell its type and its length in bytes.
 * The bytes are not copied. */
void http_response_body(struct http_response *r, const char *type,
                        const char *bytes, uint64_t len);

/* Makes it a page that tells of an error, whatever it was before. */
void http_response_error(struct http_response *r, int status);

/* May a body follow the head? Not after HEAD, nor after statuses that have
 * none (RFC 9112, section 6.3). */
bool http_response_has_body(const struct http_response *r,
                            enum http_method method);

/* Adds the head to `out`: status line, Server, Date and the fields; not the
 * empty line, so that whoever sends it adds its own fields first. */
void http_response_head(const struct http_response *r, struct buffer *out);

/* Adds the whole answer to a request of that method, for a connection that is
 * closed behind it. The body must lie in memory. Returns the bytes of body, or
 * -1 where there is none. */
int64_t http_response_whole(const struct http_response *r,
                            enum http_method method, struct buffer *out);

#endif
