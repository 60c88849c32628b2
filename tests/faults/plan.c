#define _GNU_SOURCE /* MAP_ANONYMOUS, RTLD_NEXT */
#include "plan.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

/* A call may come from the C library before the sanitizer has begun, or from a
 * handler of signals. So nothing here allocates, nor calls what calls.c stands
 * before: files are written by syscall(2). */
enum {
    FRAMES = 32,      /* return addresses of a call that are told, at most */
    LOG_FD = 200,     /* above those that the server counts with */
    CPU_SECONDS = 30, /* an endless loop without a call of ours */
    LINE = 64 + 20 * FRAMES,
};

static const char *const names[PLAN_CALLS] = {
    [PLAN_ACCEPT] = "accept",
    [PLAN_BIND] = "bind",
    [PLAN_CLOSE] = "close",
    [PLAN_DUP] = "dup",
    [PLAN_FCNTL] = "fcntl",
    [PLAN_FDOPEN] = "fdopen",
    [PLAN_FFLUSH] = "fflush",
    [PLAN_FOPEN] = "fopen",
    [PLAN_FORK] = "fork",
    [PLAN_FSTAT] = "fstat",
    [PLAN_FSTATAT] = "fstatat",
    [PLAN_GETADDRINFO] = "getaddrinfo",
    [PLAN_GETLINE] = "getline",
    [PLAN_GETNAMEINFO] = "getnameinfo",
    [PLAN_GETRLIMIT] = "getrlimit",
    [PLAN_GETSOCKNAME] = "getsockname",
    [PLAN_KILL] = "kill",
    [PLAN_LISTEN] = "listen",
    [PLAN_LOG] = "log",
    [PLAN_MALLOC] = "malloc",
    [PLAN_OPEN] = "open",
    [PLAN_PIPE] = "pipe",
    [PLAN_PREAD] = "pread",
    [PLAN_READ] = "read",
    [PLAN_RECV] = "recv",
    [PLAN_SELECT] = "select",
    [PLAN_SEND] = "send",
    [PLAN_SETRLIMIT] = "setrlimit",
    [PLAN_SETSOCKOPT] = "setsockopt",
    [PLAN_SHUTDOWN] = "shutdown",
    [PLAN_SIGACTION] = "sigaction",
    [PLAN_SLEEP] = "sleep",
    [PLAN_SOCKET] = "socket",
    [PLAN_WAITPID] = "waitpid",
    [PLAN_WRITE] = "write",
    [PLAN_WRITEV] = "writev",
};

static const struct {
    const char *name;
    int error;
} errors[] = {
    {"EADDRINUSE", EADDRINUSE},
    {"EAGAIN", EAGAIN},
    {"EAI_AGAIN", EAI_AGAIN},
    {"EAI_MEMORY", EAI_MEMORY},
    {"ECONNABORTED", ECONNABORTED},
    {"ECONNRESET", ECONNRESET},
    {"EINTR", EINTR},
    {"EINVAL", EINVAL},
    {"EIO", EIO},
    {"EMFILE", EMFILE},
    {"ENFILE", ENFILE},
    {"ENOBUFS", ENOBUFS},
    {"ENOMEM", ENOMEM},
    {"ENOSPC", ENOSPC},
    {"EPERM", EPERM},
    {"EPIPE", EPIPE},
    {"ESRCH", ESRCH},
    {"SHORT", PLAN_SHORT},
};

static unsigned *counts; /* of each call, shared by all processes; NULL: not
                          * yet in main() */
static unsigned most = 1000000;
static enum plan_call chosen = PLAN_CALLS;
static unsigned first, times = 1;
static int outcome;
static int log_fd = -1;
static int log_all;

static void
give_up(const char *why)
{
    (void)syscall(SYS_write, log_fd >= 0 ? log_fd : STDERR_FILENO, why,
                  strlen(why));
    abort();
}

static void
read_plan(char *plan)
{
    char *name = strtok(plan, ":");
    char *number = strtok(NULL, ":");
    char *error = strtok(NULL, ":");
    char *repeat = strtok(NULL, ":");

    for (size_t i = 0; error && i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(errors[i].name, error) == 0)
            outcome = errors[i].error;
    for (int i = 0; name && i < PLAN_CALLS; i++)
        if (strcmp(names[i], name) == 0)
            chosen = (enum plan_call)i;
    first = number ? (unsigned)atoi(number) : 0;
    times = repeat ? (unsigned)atoi(repeat) : 1;
    if (chosen == PLAN_CALLS || first == 0 || times == 0 || outcome == 0)
        give_up("FAULT is no plan\n");
}

static void
open_log(const char *name)
{
    char maps[4096];
    int from = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY);
    long fd = syscall(SYS_openat, AT_FDCWD, name,
                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    long n;

    log_fd = (int)syscall(SYS_dup3, fd, LOG_FD, O_CLOEXEC);
    (void)syscall(SYS_close, fd);
    if (from < 0 || log_fd < 0)
        give_up("FAULTS_LOG cannot be written\n");
    while ((n = syscall(SYS_read, from, maps, sizeof maps)) > 0)
        (void)syscall(SYS_write, log_fd, maps, (size_t)n);
    (void)syscall(SYS_close, from);
}

__attribute__((constructor)) static void
begin(void)
{
    static char copy[64];
    struct rlimit cpu = {CPU_SECONDS, CPU_SECONDS};
    const char *plan = getenv("FAULT");
    const char *log = getenv("FAULTS_LOG");
    const char *limit = getenv("FAULTS_MOST");
    void *shared =
        mmap(NULL, PLAN_CALLS * sizeof counts[0], PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (shared == MAP_FAILED)
        give_up("no memory for the counts\n");
    (void)setrlimit(RLIMIT_CPU, &cpu);
    log_all = getenv("FAULTS_LOG_ALL") != NULL;
    if (log)
        open_log(log);
    if (limit)
        most = (unsigned)atoi(limit);
    if (plan && *plan)
        read_plan(strncpy(copy, plan, sizeof copy - 1));
    counts = shared;
}

/* What comes behind is the sanitizer's search for leaks. */
__attribute__((destructor)) static void
end(void)
{
    counts = NULL;
}

int
plan_ready(void)
{
    return counts != NULL;
}

/* ISO C knows no way from a void * to a function but by its bytes. */
void
plan_find(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (!found)
        give_up("no such function\n");
    memcpy(function, &found, sizeof found);
}

struct stack {
    uintptr_t frames[FRAMES];
    int count;
};

static _Unwind_Reason_Code
add_frame(struct _Unwind_Context *context, void *to)
{
    struct stack *stack = to;

    if (stack->count == FRAMES)
        return _URC_END_OF_STACK;
    stack->frames[stack->count++] = _Unwind_GetIP(context);
    return _URC_NO_REASON;
}

/* Not by backtrace(3), which allocates. The frames of this file and of the
 * function that asks are left out. */
static void
tell(enum plan_call call, unsigned number, const void *caller)
{
    struct stack stack = {.count = 0};
    char line[LINE];
    int n = snprintf(line, sizeof line, "%s %u", names[call], number);
    int i = 0;

    (void)_Unwind_Backtrace(add_frame, &stack);
    while (i < stack.count && stack.frames[i] != (uintptr_t)caller)
        i++;
    if (i == stack.count) {
        stack.frames[0] = (uintptr_t)caller;
        stack.count = 1;
        i = 0;
    }
    for (; i < stack.count; i++)
        n += snprintf(line + n, sizeof line - (size_t)n, " %llx",
                      (unsigned long long)stack.frames[i]);
    line[n++] = '\n';
    (void)syscall(SYS_write, log_fd, line, (size_t)n);
}

int
plan_next(enum plan_call call, const void *caller)
{
    static __thread int busy; /* tell() may call what asks here */
    int saved = errno;
    int fails;
    unsigned number;

    if (!counts || busy)
        return 0;
    busy = 1;
    number = __atomic_add_fetch(&counts[call], 1, __ATOMIC_RELAXED);
    fails = call == chosen && number >= first && number - first < times;
    if (log_fd >= 0 && (fails || log_all))
        tell(call, number, caller);
    if (number > most)
        give_up("an endless loop\n");
    busy = 0;
    errno = saved;
    return fails ? outcome : 0;
}
