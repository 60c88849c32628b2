#ifndef NET_H
#define NET_H

#include <stddef.h>

/* TCP sockets, the part that every server needs (tcp(7), getaddrinfo(3)). An
 * address is text on this side of the header: a number, "::1", or a name. */

enum {
    NET_ADDRESS_SIZE = 64, /* room for a numeric address and its NUL */
    NET_BACKLOG = 511, /* connections that wait to be accepted (listen(2)) */
};

/* Opens a socket that listens on the first address of host that works. Port
 * "0" takes a free one. Returns its descriptor, or -1 after one line on stderr
 * that says what failed and why. */
int net_listen(const char *host, const char *port);

/* Tells on stdout where a listening socket is ready, as a URL on a line of its
 * own: "listening on tcp://127.0.0.1:8080/", an IPv6 address in brackets. */
void net_announce(int listener, const char *scheme);

/* Takes the next connection and writes down the client's numeric address.
 * Returns its descriptor, or -1 with errno: EINTR after a signal, EMFILE and
 * others when the system has no room (accept(2)). */
int net_accept(int listener, char address[NET_ADDRESS_SIZE]);

/* Connects to the first address of host that answers. Returns a descriptor,
 * or -1 after one line on stderr. */
int net_connect(const char *host, const char *port);

/* Sends all n bytes, however many calls it takes. Returns 0, or -1 with errno;
 * then nobody knows how many the peer has got. */
int net_send_all(int fd, const char *bytes, size_t n);

#endif
