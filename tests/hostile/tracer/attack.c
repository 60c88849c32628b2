/* Attaches to the grader to change what it says, and says so when it can. */

#define _GNU_SOURCE

#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void
found(const char *what, pid_t pid)
{
    char line[80];
    int len = snprintf(line, sizeof line, "FOUND %s %d\n", what, (int)pid);

    (void)!write(STDERR_FILENO, line, (size_t)len);
    _exit(70);
}

/* Whoever is not of this user may not be traced; of this user there are only
 * programs of the same submission. */
static void
trace(pid_t pid)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};
    char name[32];
    struct stat about;

    (void)snprintf(name, sizeof name, "/proc/%d", (int)pid);
    if (pid == getpid() ||
        (stat(name, &about) == 0 && about.st_uid == getuid()))
        return;

    if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0) {
        (void)waitpid(pid, NULL, 0);
        (void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
        found("ptrace", pid);
    }
    if (process_vm_readv(pid, &here, 1, &there, 1, 0) == 1)
        found("memory", pid);
}

__attribute__((constructor)) static void
attack(void)
{
    trace(getppid());
    for (pid_t pid = 1; pid < 200; pid++)
        trace(pid);
}
