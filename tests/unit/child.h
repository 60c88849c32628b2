#ifndef CHILD_H
#define CHILD_H

#include <stdio.h>
#include <sys/types.h>

/* A server in a child process, so that a test can be its client. A child that
 * is left over is killed by libcheck, with the test's process group. */
struct child {
    pid_t pid;
    int listener; /* of 127.0.0.1, in both processes until child_end() */
    FILE *told;   /* what it writes to stderr */
};

/* Starts run(listener, context), whose result is the status to exit with. */
void child_start(struct child *child, int (*run)(int listener, void *context),
                 void *context);

/* Sends a signal, waits for the end, and returns what was told on stderr, which
 * holds until the next time. The status must be 0: the sanitizers see to it,
 * too, that nothing has leaked. */
const char *child_end(struct child *child, int signal);

#endif
