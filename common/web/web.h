#ifndef WEB_H
#define WEB_H

#include <stdint.h>

#include "connection.h"
#include "stream.h"

/* HTTP on a loop, in one call. */
struct web {
    const char *host, *port;
    const struct stream_kind *kind; /* stream_tcp, or TLS */
    void *kind_context;
    struct http_settings http;
};

/* Listens, tells where, and serves until a signal asks to stop. Returns the
 * status to exit with: 0, or 1 after one line on stderr. */
int web_serve(const struct web *web);

#endif
