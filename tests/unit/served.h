#ifndef SERVED_H
#define SERVED_H

#include <stdint.h>

#include "child.h"
#include "stream.h"

/* A server in a child process, whose protocol does what a client says (obey.h),
 * and clients of it. */

extern struct child served;

/* What it has; to be changed before the start. */
extern uint64_t served_timeout;          /* for handshakes */
extern unsigned long served_descriptors; /* at most; 0: as many as usual */
extern const struct stream_kind *served_kind;

void served_start(void);

/* Ends it by a signal, or 0, and expects that it told so on stderr. */
void served_end(int signal, const char *told);

int served_client(void);

/* Says a command, or several, and expects an answer. */
void served_ask(int fd, const char *command, const char *answer);

/* Starts it, has a client that is silent for `ms` and then says and expects
 * that, and ends it. */
void served_after(int ms, const char *command, const char *answer);

/* How many descriptors the server has open. */
int served_open(int fd);

#endif
