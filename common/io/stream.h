#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "piece.h"

/* A way to move bytes over a connected socket without ever waiting: TCP as it
 * is, or TLS (tls/tls.h). Whoever has a stream does not know which.
 *
 * Where a function could only wait, it returns -1 with EAGAIN, and `blocked`
 * says what for: POLLIN or POLLOUT (poll(2)). Over TLS a read may have to wait
 * until the socket can be written, and the other way round. */

struct stream {
    const struct stream_kind *kind;
    int fd;        /* non-blocking; closed by close() */
    short blocked; /* POLLIN or POLLOUT, after EAGAIN */
    bool more;     /* bytes that were read ahead wait inside the stream, where
                    * poll(2) does not see them: read again before sleeping */
    void *state;   /* the kind's own */
};

struct stream_kind {
    const char *scheme; /* of URLs: "http" */

    /* Prepares a stream on a connected, non-blocking socket, s->fd. Returns 0,
     * or -1 with errno; then the socket is still open. */
    int (*open)(struct stream *s, void *context);

    /* Shakes hands. To be called until it returns 0: bytes can move now; or
     * -1 with another errno than EAGAIN: they never will. NULL: there is
     * nothing to be done before bytes move. */
    int (*start)(struct stream *s);

    /* Like read(2): 0 when the peer has said that no more will come. */
    ssize_t (*read)(struct stream *s, char *to, size_t size);

    /* Sends the first bytes of n pieces; returns how many. EIO: a file is
     * shorter than its piece. */
    ssize_t (*send)(struct stream *s, const struct piece *p, unsigned n);

    /* Tells the peer that no more will come, as well as that can be done
     * without waiting. */
    void (*end)(struct stream *s);

    /* Closes the socket and gives everything back. */
    void (*close)(struct stream *s);
};

/* TCP as it is; needs no context. */
extern const struct stream_kind stream_tcp;

#endif
