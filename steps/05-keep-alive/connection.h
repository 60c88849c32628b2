#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdint.h>

#include "exchange.h"
#include "protocol.h"

/* An HTTP/1.1 connection: requests come one after the other, are answered in
 * their order, and the connection goes on (RFC 9112, section 9). It is a
 * protocol without I/O: see protocol.h for who calls what.
 *
 * Memory: 200 bytes between requests; from a request's first byte to its
 * answer's last, one allocation of about 30 KiB, of which only what is used is
 * touched, and at most what writer.h says, and one read, besides. */

/* What the connections of a server have in common. */
struct http_settings {
    const struct http_handler *handler;
    uint64_t timeout;   /* milliseconds; see the list below */
    const char *fields; /* added to every response, lines with their ends, or
                         * NULL */
};

/* A deadline is `timeout` after the connection `began`, a head was complete, a
 * byte of a request's body came, or one of a response was sent; the bytes of
 * an unfinished head do not move it. When it is over: 408 where part of a
 * request had come, silence where none had. There is none while the handler
 * thinks. The address must outlive the connection. State NULL: no memory. */
struct protocol http_connection_new(const struct http_settings *settings,
                                    struct protocol_owner *owner,
                                    const char *address, uint64_t began);

#endif
