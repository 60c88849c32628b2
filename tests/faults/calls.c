/* System calls, and functions of the C library that make some, which can fail.
 * plan.h tells how. Where a call that fails would have done its work all the
 * same, as close(2) does, it is done. */

#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Is this call to fail? Then errno says why. */
static int
fails(enum plan_call call, const void *caller)
{
    int error = plan_next(call, caller);

    if (error > 0)
        errno = error;
    return error > 0;
}

/* How many of n bytes a call may move; -1 with errno: it fails. */
static ssize_t
part(enum plan_call call, size_t n, const void *caller)
{
    int error = plan_next(call, caller);

    if (error > 0) {
        errno = error;
        return -1;
    }
    return error == PLAN_SHORT && n > 1 ? (ssize_t)(n + 1) / 2 : (ssize_t)n;
}

int
accept(int fd, struct sockaddr *address, socklen_t *len)
{
    static int (*behind)(int, struct sockaddr *, socklen_t *);

    if (!behind)
        plan_find(&behind, "accept");
    if (fails(PLAN_ACCEPT, __builtin_return_address(0)))
        return -1;
    return behind(fd, address, len);
}

int
bind(int fd, const struct sockaddr *address, socklen_t len)
{
    static int (*behind)(int, const struct sockaddr *, socklen_t);

    if (!behind)
        plan_find(&behind, "bind");
    if (fails(PLAN_BIND, __builtin_return_address(0)))
        return -1;
    return behind(fd, address, len);
}

int
dup(int fd)
{
    static int (*behind)(int);

    if (!behind)
        plan_find(&behind, "dup");
    if (fails(PLAN_DUP, __builtin_return_address(0)))
        return -1;
    return behind(fd);
}

FILE *
fdopen(int fd, const char *mode)
{
    static FILE *(*behind)(int, const char *);

    if (!behind)
        plan_find(&behind, "fdopen");
    if (fails(PLAN_FDOPEN, __builtin_return_address(0)))
        return NULL;
    return behind(fd, mode);
}

FILE *
fopen(const char *name, const char *mode)
{
    static FILE *(*behind)(const char *, const char *);

    if (!behind)
        plan_find(&behind, "fopen");
    if (fails(PLAN_FOPEN, __builtin_return_address(0)))
        return NULL;
    return behind(name, mode);
}

pid_t
fork(void)
{
    static pid_t (*behind)(void);

    if (!behind)
        plan_find(&behind, "fork");
    if (fails(PLAN_FORK, __builtin_return_address(0)))
        return -1;
    return behind();
}

int
fstat(int fd, struct stat *st)
{
    static int (*behind)(int, struct stat *);

    if (!behind)
        plan_find(&behind, "fstat");
    if (fails(PLAN_FSTAT, __builtin_return_address(0)))
        return -1;
    return behind(fd, st);
}

int
fstatat(int fd, const char *name, struct stat *st, int flags)
{
    static int (*behind)(int, const char *, struct stat *, int);

    if (!behind)
        plan_find(&behind, "fstatat");
    if (fails(PLAN_FSTATAT, __builtin_return_address(0)))
        return -1;
    return behind(fd, name, st, flags);
}

ssize_t
getline(char **line, size_t *size, FILE *file)
{
    static ssize_t (*behind)(char **, size_t *, FILE *);

    if (!behind)
        plan_find(&behind, "getline");
    if (fails(PLAN_GETLINE, __builtin_return_address(0)))
        return -1;
    return behind(line, size, file);
}

int
getrlimit(int which, struct rlimit *limit)
{
    static int (*behind)(int, struct rlimit *);

    if (!behind)
        plan_find(&behind, "getrlimit");
    if (fails(PLAN_GETRLIMIT, __builtin_return_address(0)))
        return -1;
    return behind(which, limit);
}

int
setrlimit(int which, const struct rlimit *limit)
{
    static int (*behind)(int, const struct rlimit *);

    if (!behind)
        plan_find(&behind, "setrlimit");
    if (fails(PLAN_SETRLIMIT, __builtin_return_address(0)))
        return -1;
    return behind(which, limit);
}

int
getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
    static int (*behind)(int, struct sockaddr *, socklen_t *);

    if (!behind)
        plan_find(&behind, "getsockname");
    if (fails(PLAN_GETSOCKNAME, __builtin_return_address(0)))
        return -1;
    return behind(fd, address, len);
}

int
kill(pid_t pid, int number)
{
    static int (*behind)(pid_t, int);

    if (!behind)
        plan_find(&behind, "kill");
    if (fails(PLAN_KILL, __builtin_return_address(0)))
        return -1;
    return behind(pid, number);
}

int
listen(int fd, int backlog)
{
    static int (*behind)(int, int);

    if (!behind)
        plan_find(&behind, "listen");
    if (fails(PLAN_LISTEN, __builtin_return_address(0)))
        return -1;
    return behind(fd, backlog);
}

int
pipe(int ends[2])
{
    static int (*behind)(int *);

    if (!behind)
        plan_find(&behind, "pipe");
    if (fails(PLAN_PIPE, __builtin_return_address(0)))
        return -1;
    return behind(ends);
}

int
select(int end, fd_set *readable, fd_set *writable, fd_set *other,
       struct timeval *limit)
{
    static int (*behind)(int, fd_set *, fd_set *, fd_set *, struct timeval *);

    if (!behind)
        plan_find(&behind, "select");
    if (fails(PLAN_SELECT, __builtin_return_address(0)))
        return -1;
    return behind(end, readable, writable, other, limit);
}

int
setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    static int (*behind)(int, int, int, const void *, socklen_t);

    if (!behind)
        plan_find(&behind, "setsockopt");
    if (fails(PLAN_SETSOCKOPT, __builtin_return_address(0)))
        return -1;
    return behind(fd, level, option, value, len);
}

int
sigaction(int number, const struct sigaction *new, struct sigaction *old)
{
    static int (*behind)(int, const struct sigaction *, struct sigaction *);

    if (!behind)
        plan_find(&behind, "sigaction");
    if (fails(PLAN_SIGACTION, __builtin_return_address(0)))
        return -1;
    return behind(number, new, old);
}

int
socket(int domain, int type, int protocol)
{
    static int (*behind)(int, int, int);

    if (!behind)
        plan_find(&behind, "socket");
    if (fails(PLAN_SOCKET, __builtin_return_address(0)))
        return -1;
    return behind(domain, type, protocol);
}

pid_t
waitpid(pid_t pid, int *status, int options)
{
    static pid_t (*behind)(pid_t, int *, int);

    if (!behind)
        plan_find(&behind, "waitpid");
    if (fails(PLAN_WAITPID, __builtin_return_address(0)))
        return -1;
    return behind(pid, status, options);
}

ssize_t
read(int fd, void *to, size_t size)
{
    static ssize_t (*behind)(int, void *, size_t);
    ssize_t n = part(PLAN_READ, size, __builtin_return_address(0));

    if (!behind)
        plan_find(&behind, "read");
    return n < 0 ? -1 : behind(fd, to, (size_t)n);
}

ssize_t
write(int fd, const void *from, size_t size)
{
    static ssize_t (*behind)(int, const void *, size_t);
    ssize_t n = part(fd == STDERR_FILENO ? PLAN_LOG : PLAN_WRITE, size,
                     __builtin_return_address(0));

    if (!behind)
        plan_find(&behind, "write");
    return n < 0 ? -1 : behind(fd, from, (size_t)n);
}

ssize_t
pread(int fd, void *to, size_t size, off_t offset)
{
    static ssize_t (*behind)(int, void *, size_t, off_t);
    ssize_t n = part(PLAN_PREAD, size, __builtin_return_address(0));

    if (!behind)
        plan_find(&behind, "pread");
    return n < 0 ? -1 : behind(fd, to, (size_t)n, offset);
}

ssize_t
recv(int fd, void *to, size_t size, int flags)
{
    static ssize_t (*behind)(int, void *, size_t, int);
    ssize_t n = part(PLAN_RECV, size, __builtin_return_address(0));

    if (!behind)
        plan_find(&behind, "recv");
    return n < 0 ? -1 : behind(fd, to, (size_t)n, flags);
}

ssize_t
send(int fd, const void *from, size_t size, int flags)
{
    static ssize_t (*behind)(int, const void *, size_t, int);
    ssize_t n = part(PLAN_SEND, size, __builtin_return_address(0));

    if (!behind)
        plan_find(&behind, "send");
    return n < 0 ? -1 : behind(fd, from, (size_t)n, flags);
}

/* A short one takes a byte less than the first part has, or that alone. */
ssize_t
writev(int fd, const struct iovec *parts, int count)
{
    static ssize_t (*behind)(int, const struct iovec *, int);
    size_t size = count > 0 ? parts[0].iov_len : 0;
    ssize_t n = part(PLAN_WRITEV, size, __builtin_return_address(0));
    struct iovec first;

    if (!behind)
        plan_find(&behind, "writev");
    if (n < 0)
        return -1;
    if ((size_t)n == size)
        return behind(fd, parts, count);
    first = (struct iovec){parts[0].iov_base, (size_t)n};
    return behind(fd, &first, 1);
}

int
close(int fd)
{
    static int (*behind)(int);
    int failed = fails(PLAN_CLOSE, __builtin_return_address(0));
    int error = errno;
    int result;

    if (!behind)
        plan_find(&behind, "close");
    result = behind(fd);
    if (failed)
        errno = error;
    return failed ? -1 : result;
}

int
shutdown(int fd, int how)
{
    static int (*behind)(int, int);
    int failed = fails(PLAN_SHUTDOWN, __builtin_return_address(0));

    if (!behind)
        plan_find(&behind, "shutdown");
    return failed ? -1 : behind(fd, how);
}

int
fflush(FILE *file)
{
    static int (*behind)(FILE *);
    int failed = fails(PLAN_FFLUSH, __builtin_return_address(0));
    int error = errno;
    int result;

    if (!behind)
        plan_find(&behind, "fflush");
    result = behind(file);
    if (failed)
        errno = error;
    return failed ? EOF : result;
}

unsigned
sleep(unsigned seconds)
{
    static unsigned (*behind)(unsigned);

    if (!behind)
        plan_find(&behind, "sleep");
    return fails(PLAN_SLEEP, __builtin_return_address(0)) ? seconds
                                                          : behind(seconds);
}

int
getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
            struct addrinfo **found)
{
    static int (*behind)(const char *, const char *, const struct addrinfo *,
                         struct addrinfo **);
    int error = plan_next(PLAN_GETADDRINFO, __builtin_return_address(0));

    if (!behind)
        plan_find(&behind, "getaddrinfo");
    return error ? error : behind(host, port, hints, found);
}

int
getnameinfo(const struct sockaddr *address, socklen_t len, char *host,
            socklen_t host_size, char *port, socklen_t port_size, int flags)
{
    static int (*behind)(const struct sockaddr *, socklen_t, char *, socklen_t,
                         char *, socklen_t, int);
    int error = plan_next(PLAN_GETNAMEINFO, __builtin_return_address(0));

    if (!behind)
        plan_find(&behind, "getnameinfo");
    return error
               ? error
               : behind(address, len, host, host_size, port, port_size, flags);
}

/* The third argument of these is missing or a number. */

int
fcntl(int fd, int command, ...)
{
    static int (*behind)(int, int, ...);
    va_list args;
    long value;

    va_start(args, command);
    value = va_arg(args, long);
    va_end(args);
    if (!behind)
        plan_find(&behind, "fcntl");
    if (fails(PLAN_FCNTL, __builtin_return_address(0)))
        return -1;
    return behind(fd, command, value);
}

int
open(const char *name, int flags, ...)
{
    static int (*behind)(const char *, int, ...);
    va_list args;
    unsigned mode;

    va_start(args, flags);
    mode = va_arg(args, unsigned);
    va_end(args);
    if (!behind)
        plan_find(&behind, "open");
    if (fails(PLAN_OPEN, __builtin_return_address(0)))
        return -1;
    return behind(name, flags, mode);
}

int
openat(int parent, const char *name, int flags, ...)
{
    static int (*behind)(int, const char *, int, ...);
    va_list args;
    unsigned mode;

    va_start(args, flags);
    mode = va_arg(args, unsigned);
    va_end(args);
    if (!behind)
        plan_find(&behind, "openat");
    if (fails(PLAN_OPEN, __builtin_return_address(0)))
        return -1;
    return behind(parent, name, flags, mode);
}
