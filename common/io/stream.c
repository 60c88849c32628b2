#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "protocol.h"

enum { FILE_SIZE = 128 * 1024 }; /* bytes of a file sent at once, at most */

/* Remembers what to wait for. */
static ssize_t
outcome(struct stream *s, ssize_t n, short blocked)
{
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        errno = EAGAIN;
        s->blocked = blocked;
    }
    return n;
}

static int
tcp_open(struct stream *s, void *context)
{
    (void)s;
    (void)context;
    return 0;
}

static ssize_t
tcp_read(struct stream *s, char *to, size_t size)
{
    ssize_t n;

    do
        n = read(s->fd, to, size);
    while (n < 0 && errno == EINTR);
    return outcome(s, n, POLLIN);
}

/* Pieces in memory are sent from where they are, a piece of a file by way of
 * one buffer for all: it is needed no longer than this call. */
static ssize_t
tcp_send(struct stream *s, const struct piece *p, unsigned n)
{
    static char file[FILE_SIZE];
    struct iovec parts[PROTOCOL_PIECES];
    unsigned count = 0;
    ssize_t sent;

    while (count < n && count < PROTOCOL_PIECES) {
        parts[count].iov_base = (char *)p[count].bytes; /* is only read */
        parts[count].iov_len = (size_t)p[count].len;
        if (!p[count++].bytes) {
            ssize_t got = piece_copy(&p[count - 1], file, sizeof file);

            if (got < 0)
                return -1;
            parts[count - 1].iov_base = file;
            parts[count - 1].iov_len = (size_t)got;
            break; /* the buffer is taken, and the file may have more */
        }
    }
    do
        sent = writev(s->fd, parts, (int)count);
    while (sent < 0 && errno == EINTR);
    return outcome(s, sent, POLLOUT);
}

static void
tcp_end(struct stream *s)
{
    (void)shutdown(s->fd, SHUT_WR); /* fails only if the peer has gone */
}

static void
tcp_close(struct stream *s)
{
    close(s->fd);
}

const struct stream_kind stream_tcp = {
    .scheme = "http",
    .open = tcp_open,
    .start = NULL, /* accept() has done it */
    .read = tcp_read,
    .send = tcp_send,
    .end = tcp_end,
    .close = tcp_close,
};
