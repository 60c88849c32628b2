#include "net.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

/* Closes without losing the errno that tells the story. */
static void
close_keeping_errno(int fd)
{
    int saved = errno;

    close(fd);
    errno = saved;
}

/* Opens a socket for one address and makes it listen. */
static int
listen_on(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, address->ai_socktype, 0);
    int on = 1;

    if (fd < 0)
        return -1;
    /* Else the port stays blocked for a minute after the server has ended,
     * while old connections are in TIME-WAIT (RFC 9293, section 3.3.2). */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, address->ai_addr, address->ai_addrlen) < 0 ||
        listen(fd, NET_BACKLOG) < 0) {
        close_keeping_errno(fd);
        return -1;
    }
    return fd;
}

/* Opens a socket for one address and connects it. */
static int
connect_to(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, address->ai_socktype, 0);

    if (fd >= 0 && connect(fd, address->ai_addr, address->ai_addrlen) < 0) {
        close_keeping_errno(fd);
        return -1;
    }
    return fd;
}

/* Looks the host up and tries each of its addresses in turn. */
static int
open_first(const char *host, const char *port, int flags, const char *doing,
           int (*open_one)(const struct addrinfo *))
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *found;
    int error = getaddrinfo(host, port, &hints, &found);
    int fd = -1;

    if (error) {
        log_error("cannot %s %s port %s: %s", doing, host, port,
                  error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
        return -1;
    }
    for (struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
        fd = open_one(a);
    if (fd < 0)
        log_error("cannot %s %s port %s: %s", doing, host, port,
                  strerror(errno));
    freeaddrinfo(found);
    return fd;
}

int
net_listen(const char *host, const char *port)
{
    return open_first(host, port, AI_PASSIVE, "listen on", listen_on);
}

int
net_connect(const char *host, const char *port)
{
    return open_first(host, port, 0, "connect to", connect_to);
}

void
net_announce(int listener, const char *scheme)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char host[NET_ADDRESS_SIZE] = "?";
    char port[8] = "?"; /* both stay so if the system cannot tell */
    int colons;

    if (getsockname(listener, (struct sockaddr *)&address, &len) == 0)
        (void)getnameinfo((struct sockaddr *)&address, len, host, sizeof host,
                          port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    colons = strchr(host, ':') != NULL;
    printf("listening on %s://%s%s%s:%s/\n", scheme, colons ? "[" : "", host,
           colons ? "]" : "", port);
    (void)fflush(stdout); /* nobody reads it: the server serves all the same */
}

int
net_accept(int listener, char address[NET_ADDRESS_SIZE])
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    int fd = accept(listener, (struct sockaddr *)&peer, &len);

    if (fd >= 0 && getnameinfo((struct sockaddr *)&peer, len, address,
                               NET_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST) != 0)
        strcpy(address, "?");
    return fd;
}

int
net_send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = write(fd, bytes, n);

        if (sent < 0 && errno != EINTR)
            return -1;
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        }
    }
    return 0;
}
