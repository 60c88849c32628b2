#ifndef SOCKETS_H
#define SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

/* The client's end of a connection, with a deadline of ten seconds for
 * everything. */

/* The port of a listening socket, as text; one at a time. */
const char *socket_port(int listener);

/* A connection to it, on 127.0.0.1. Small buffers: a few KiB fill them. */
int socket_connect(int listener, bool small);

/* Two ends of one; so. */
void socket_pair(int ends[2], bool small);

/* Reads n bytes, or less when the end, or a reset, comes first; returns how
 * many. to == NULL: they are thrown away. */
size_t socket_read(int fd, char *to, size_t n);

/* Text comes, and nothing else so far. */
void socket_expect(int fd, const char *text);

/* The end comes, and nothing before. */
void socket_expect_end(int fd);

/* Nothing comes, nor an end, for so many milliseconds. */
bool socket_quiet(int fd, int ms);

void socket_write(int fd, const char *text);

/* Closes so that the peer gets a reset. */
void socket_reset(int fd);

#endif
