#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "slice.h"

/* What a server tells on stderr: an access line for each request, in Common
 * Log Format, and an error line for what a person must know.
 *
 *   127.0.0.1 - - [21/Nov/2026:09:03:21 +0000] "GET / HTTP/1.1" 200 312
 *
 * Access lines are collected, so that a busy server writes many with one
 * system call. A line is whole: it never straddles two writes, and a write is
 * at most PIPE_BUF bytes, so lines of several processes do not mix (pipe(7)).
 * A request line that would not fit is cut, and ends in "...". */

/* No access lines, where it is set before the first. */
extern bool log_quiet;

/* One request: the client's address, its request line (len == 0: it could not
 * be read), the status sent, and the bytes of body sent, < 0 where the answer
 * had none. Quotes, backslashes and what is not printable ASCII appear as
 * \xNN. */
void log_access(const char *peer, struct slice line, int status, int64_t bytes);

/* Writes out what is collected. To be called before the program sleeps, forks
 * or ends. */
void log_flush(void);

/* A message on a line of its own, at once. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
