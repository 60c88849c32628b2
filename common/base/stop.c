#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

enum { STOP_REMINDER = 1 }; /* seconds between two interruptions */

static volatile sig_atomic_t asked;
static int pipe_ends[2] = {-1, -1};

static void
on_signal(int number)
{
    int saved = errno;

    (void)number;
    asked = 1;
    if (write(pipe_ends[1], "", 1) < 0)
        (void)0; /* it is full, which will do; or the next alarm tries again */
    alarm(STOP_REMINDER);
    errno = saved;
}

static bool
open_pipe(void)
{
    if (pipe(pipe_ends) < 0)
        return false;
    for (int i = 0; i < 2; i++)
        if (fcntl(pipe_ends[i], F_SETFL, O_NONBLOCK) < 0 ||
            fcntl(pipe_ends[i], F_SETFD, FD_CLOEXEC) < 0)
            return false;
    return true;
}

static bool
handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler}; /* no SA_RESTART */

    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL) == 0;
}

int
stop_catch(void)
{
    if (open_pipe() && handle(SIGTERM, on_signal) &&
        handle(SIGINT, on_signal) && handle(SIGALRM, on_signal) &&
        handle(SIGPIPE, SIG_IGN))
        return 0;
    log_error("cannot catch signals: %s", strerror(errno));
    return -1;
}

bool
stop_asked(void)
{
    return asked != 0;
}

int
stop_fd(void)
{
    return pipe_ends[0];
}
