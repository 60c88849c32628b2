#ifndef WORKERS_H
#define WORKERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A process for each connection (fork(2), wait(2), signal-safety(7)).
 *
 * The parent keeps the list of its children. A child that ends becomes a
 * zombie until it is waited for; the signal SIGCHLD tells, and its handler
 * waits at once. So the list can change at any moment, and whoever reads it
 * holds SIGCHLD back meanwhile. */

/* Begins with an empty list of at most max children, and catches SIGCHLD.
 * Returns 0, or -1 after one line on stderr. */
int workers_start(long max);

/* Waits until there is room for one more child. False: there will be none, the
 * program is to stop. */
bool workers_wait_for_room(void);

/* Forks, like fork(2): 0 in the child, the child's number in the parent, -1
 * with errno when there can be no child. There must be room. */
pid_t workers_fork(void);

/* Asks all children to end (SIGTERM) and waits for them, for so many
 * milliseconds; those that have not ended by then are killed. */
void workers_stop(uint64_t ms);

#endif
