#ifndef PLAN_H
#define PLAN_H

#include <stdint.h>

/* Makes one call of a program fail. The program is linked with calls.c and
 * blocks.c, whose read(2), malloc(3) and so on stand before the C library's,
 * for OpenSSL's calls too. Each asks here whether it is the one. All processes
 * of the program count together, from the start of main() on.
 *
 *   FAULT=read:17:EINTR    the 17th read() fails with EINTR
 *   FAULT=write:3:SHORT    the 3rd write() takes a part of its bytes
 *   FAULT=read:17:EINTR:4  and the three reads behind it
 *   FAULTS_LOG=FILE        says on a line of FILE which call failed: its name,
 *                          its number, and who called: return addresses, the
 *                          nearest first; before them /proc/self/maps
 *   FAULTS_LOG_ALL=1       so for every call: the run that counts
 *   FAULTS_MOST=5000       a call that is made more often than this is one of
 *                          an endless loop: the program is aborted */

enum plan_call {
    PLAN_ACCEPT,
    PLAN_BIND,
    PLAN_CLOSE,
    PLAN_DUP,
    PLAN_FCNTL,
    PLAN_FDOPEN,
    PLAN_FFLUSH,
    PLAN_FOPEN,
    PLAN_FORK,
    PLAN_FSTAT,
    PLAN_FSTATAT,
    PLAN_GETADDRINFO,
    PLAN_GETLINE,
    PLAN_GETNAMEINFO,
    PLAN_GETRLIMIT,
    PLAN_GETSOCKNAME,
    PLAN_KILL,
    PLAN_LISTEN,
    PLAN_LOG, /* write() to stderr */
    PLAN_MALLOC,
    PLAN_OPEN,
    PLAN_PIPE,
    PLAN_PREAD,
    PLAN_READ,
    PLAN_RECV,
    PLAN_SELECT,
    PLAN_SEND,
    PLAN_SETRLIMIT,
    PLAN_SETSOCKOPT,
    PLAN_SHUTDOWN,
    PLAN_SIGACTION,
    PLAN_SLEEP,
    PLAN_SOCKET,
    PLAN_WAITPID,
    PLAN_WRITE,
    PLAN_WRITEV,
    PLAN_CALLS /* how many there are */
};

enum { PLAN_SHORT = -1 }; /* do a part of it */

/* What is to become of this call: 0: go on; an errno: fail with it; PLAN_SHORT.
 * caller: where the call returns to. Keeps errno. */
int plan_next(enum plan_call call, const void *caller);

/* Has the program begun? Before that nothing fails. */
int plan_ready(void);

/* Finds the function of that name behind ours, the sanitizer's or the C
 * library's; function: the address of a pointer to it. */
void plan_find(void *function, const char *name);

#endif
