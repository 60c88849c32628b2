#ifndef BLOCKING_H
#define BLOCKING_H

#include <stdint.h>

/* Sockets whose calls wait: how long at most, and how to close them so that
 * nothing is lost. */

enum { BLOCKING_LINGER_MS = 900 }; /* for what a client still sends */

/* Lets read() (SO_RCVTIMEO) or write() (SO_SNDTIMEO) wait so many
 * milliseconds, > 0, and then fail with EAGAIN (socket(7)). */
void blocking_limit(int fd, int which, uint64_t ms);

/* Closes so that the client gets the whole answer. When bytes that nobody has
 * read are waiting, close() answers them with a reset, and a reset makes the
 * client's system throw away what the client has not read yet. So: say that no
 * more will come, and read on until the client closes, for a second at most
 * (RFC 9112, section 9.6). */
void blocking_hang_up(int fd);

#endif
