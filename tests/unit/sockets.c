#include "sockets.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE = 10 }; /* seconds, on a busy machine */

static void
prepare(int fd, bool small)
{
    struct timeval limit = {.tv_sec = PATIENCE};
    int size = 4096;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    ck_assert_int_eq(
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
    if (!small)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static struct sockaddr_storage
address_of(int listener, socklen_t *len)
{
    struct sockaddr_storage address;

    *len = sizeof address;
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, len),
                     0);
    return address;
}

const char *
socket_port(int listener)
{
    static char port[8];
    socklen_t len;
    struct sockaddr_storage address = address_of(listener, &len);
    in_port_t number = address.ss_family == AF_INET6
                           ? ((struct sockaddr_in6 *)&address)->sin6_port
                           : ((struct sockaddr_in *)&address)->sin_port;

    (void)snprintf(port, sizeof port, "%u", (unsigned)ntohs(number));
    return port;
}

int
socket_connect(int listener, bool small)
{
    socklen_t len;
    struct sockaddr_storage address = address_of(listener, &len);
    int fd = socket(address.ss_family, SOCK_STREAM, 0);

    prepare(fd, small);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, len), 0);
    return fd;
}

void
socket_pair(int ends[2], bool small)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    prepare(ends[0], small);
    prepare(ends[1], small);
}

size_t
socket_read(int fd, char *to, size_t n)
{
    char thrown_away[4096];
    size_t done = 0;

    while (done < n) {
        size_t left = n - done;
        ssize_t got =
            to ? read(fd, to + done, left)
               : read(fd, thrown_away,
                      left < sizeof thrown_away ? left : sizeof thrown_away);

        if (got < 0 && errno == EINTR)
            continue;
        ck_assert_msg(got >= 0 || errno == ECONNRESET, "read: %s",
                      strerror(errno));
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

void
socket_expect(int fd, const char *text)
{
    char got[4096];
    size_t len = strlen(text);

    ck_assert_uint_lt(len, sizeof got);
    got[socket_read(fd, got, len)] = '\0';
    ck_assert_str_eq(got, text);
}

void
socket_expect_end(int fd)
{
    char c;

    ck_assert_int_eq(read(fd, &c, 1), 0);
}

bool
socket_quiet(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, ms) == 0;
}

void
socket_write(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
}

void
socket_reset(int fd)
{
    struct linger hard = {.l_onoff = 1};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
}
