#ifndef STOP_H
#define STOP_H

#include <stdbool.h>

/* Ending on SIGTERM and SIGINT in good order (signal(7), sigaction(2)).
 *
 * A signal can arrive between a look at stop_asked() and the system call that
 * then blocks. So the first one starts a timer that interrupts blocking calls
 * (EINTR) once a second until the program ends; and it makes stop_fd()
 * readable, for programs that sleep in select(2) or its kin. */

/* Catches SIGTERM and SIGINT from now on, and ignores SIGPIPE: a write to a
 * peer that has gone fails with EPIPE instead. Returns 0, or -1 after one line
 * on stderr. */
int stop_catch(void);

/* Has one of the two arrived? */
bool stop_asked(void);

/* A descriptor that becomes readable, and stays so, once one has. */
int stop_fd(void);

#endif
