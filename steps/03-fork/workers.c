#include "workers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "stop.h"

/* Changed by the handler of SIGCHLD, so only touched while that is held back,
 * or by the handler. A pid of 0 is a free place. */
static pid_t *children;
static long children_max;
static volatile long children_count;

static void
forget(pid_t pid)
{
    for (long i = 0; i < children_max; i++)
        if (children[i] == pid) {
            children[i] = 0;
            children_count--;
            return;
        }
}

/* Several children may have ended by the time one signal arrives: signals of
 * one kind are not counted. So wait for all that have. */
static void
reap_children(int number)
{
    int saved = errno;
    pid_t pid;

    (void)number;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        forget(pid);
    errno = saved;
}

/* Holds SIGCHLD back, and SIGTERM and SIGINT with it. */
static void
hold_signals(sigset_t *before)
{
    sigset_t held;

    sigemptyset(&held);
    sigaddset(&held, SIGCHLD);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGINT);
    sigprocmask(SIG_BLOCK, &held, before);
}

static void
release_signals(const sigset_t *before)
{
    sigprocmask(SIG_SETMASK, before, NULL);
}

int
workers_start(long max)
{
    struct sigaction action = {.sa_handler = reap_children,
                               .sa_flags = SA_NOCLDSTOP};

    children = calloc((size_t)max, sizeof children[0]);
    children_max = max;
    sigemptyset(&action.sa_mask);
    if (children && sigaction(SIGCHLD, &action, NULL) == 0)
        return 0;
    log_error("cannot keep a list of children: %s", strerror(errno));
    return -1;
}

/* sigsuspend() lets signals in and sleeps in one step. Between a look at the
 * count and a pause() the last child could end, and nobody would ever wake the
 * parent. */
bool
workers_wait_for_room(void)
{
    sigset_t before;

    hold_signals(&before);
    while (children_count >= children_max && !stop_asked())
        sigsuspend(&before);
    release_signals(&before);
    return !stop_asked();
}

/* A new child has no children. It forgets its parent's, else it would send
 * them a signal meant for its own. */
static void
begin_child(void)
{
    free(children);
    children = NULL;
    children_max = children_count = 0;
}

/* SIGCHLD is held back until the child is on the list: a child that ends at
 * once must find itself there. */
pid_t
workers_fork(void)
{
    sigset_t before;
    long place = 0;
    pid_t pid;

    hold_signals(&before);
    while (children[place] != 0)
        place++;
    pid = fork();
    if (pid == 0)
        begin_child();
    if (pid > 0) {
        children[place] = pid;
        children_count++;
    }
    release_signals(&before);
    return pid;
}

static void
signal_children(int number)
{
    for (long i = 0; i < children_max; i++)
        if (children[i] > 0)
            kill(children[i], number);
}

void
workers_stop(uint64_t ms)
{
    uint64_t end = clock_now() + ms;
    sigset_t before;

    hold_signals(&before);
    signal_children(SIGTERM);
    while (children_count > 0 && clock_now() < end)
        sigsuspend(&before); /* stop.h: a signal comes once a second */
    signal_children(SIGKILL);
    while (children_count > 0)
        sigsuspend(&before);
    release_signals(&before);
    free(children);
    children = NULL;
    children_max = 0;
}
