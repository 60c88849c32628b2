#include "workers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "clock.h"
#include "memory.h"
#include "stop.h"
#include "unit.h"

static int line[2]; /* a child ends when this pipe does */

static void
start(long max)
{
    ck_assert_int_eq(stop_catch(), 0);
    ck_assert_int_eq(pipe(line), 0);
    ck_assert_int_eq(workers_start(max), 0);
}

static void __attribute__((noreturn)) live_until_the_line_ends(void)
{
    char c;

    close(line[1]);
    while (read(line[0], &c, 1) < 0 && errno == EINTR)
        if (stop_asked())
            _exit(0);
    _exit(0);
}

static void __attribute__((noreturn)) live_for_ever(void)
{
    (void)signal(SIGTERM, SIG_IGN);
    close(line[1]);
    for (;;)
        (void)poll(NULL, 0, 10000);
}

/* Is there a child, running or a zombie? */
static bool
has_children(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Those that end by themselves do, and none is left as a zombie. */
static void
all_end(void)
{
    uint64_t latest = clock_now() + 10000;

    while (has_children() && clock_now() < latest)
        (void)poll(NULL, 0, 5);
    ck_assert(!has_children());
}

START_TEST(test_fork)
{
    pid_t parent = getpid();
    int status = 0;
    pid_t ended;
    pid_t pid;

    start(2);
    pid = workers_fork();
    if (pid == 0)
        exit(getppid() == parent ? 0 : 1);
    ck_assert_int_gt(pid, 0);
    do
        ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    ck_assert(ended == pid || errno == ECHILD); /* the handler was faster */
    ck_assert_int_eq(status, 0);
}
END_TEST

/* With room nobody waits; without, until a child has ended. */
START_TEST(test_limit)
{
    start(3);
    for (int i = 0; i < 3; i++) {
        ck_assert(workers_wait_for_room());
        if (workers_fork() == 0)
            live_until_the_line_ends();
    }
    close(line[1]); /* now they end, sooner or later */
    ck_assert(workers_wait_for_room());
    if (workers_fork() == 0)
        _exit(0);
    all_end();
}
END_TEST

/* Many, one after the other, each ending at once: none is left as a zombie,
 * and none keeps its place on the list. */
START_TEST(test_none_is_left)
{
    start(4);
    for (int i = 0; i < 150; i++) {
        ck_assert(workers_wait_for_room());
        if (workers_fork() == 0)
            _exit(0);
    }
    all_end();
}
END_TEST

START_TEST(test_stop_ends_the_wait)
{
    start(1);
    ck_assert(workers_wait_for_room());
    if (workers_fork() == 0)
        live_until_the_line_ends();
    ck_assert_int_eq(raise(SIGTERM), 0);
    ck_assert(!workers_wait_for_room());
    workers_stop(10000);
    ck_assert(!has_children());
}
END_TEST

/* Children hear of the end. */
START_TEST(test_stop)
{
    uint64_t before = clock_now();

    start(5);
    for (int i = 0; i < 5; i++)
        if (workers_fork() == 0)
            live_until_the_line_ends();
    workers_stop(10000);
    ck_assert_uint_lt(clock_now() - before, 9000);
    ck_assert(!has_children());
    close(line[0]);
    close(line[1]);
}
END_TEST

START_TEST(test_stop_without_children)
{
    start(5);
    workers_stop(10000);
    ck_assert(!has_children());
}
END_TEST

/* Who does not hear is killed when time is up. The program has been asked to
 * stop, so a signal comes once a second. */
START_TEST(test_kill)
{
    uint64_t before = clock_now();

    start(2);
    for (int i = 0; i < 2; i++)
        if (workers_fork() == 0)
            live_for_ever();
    ck_assert_int_eq(raise(SIGTERM), 0);
    workers_stop(300);
    ck_assert_uint_ge(clock_now() - before, 300);
    ck_assert_uint_lt(clock_now() - before, 9000);
    ck_assert(!has_children());
}
END_TEST

/* A child that stops its own workers harms none of its parent's. */
START_TEST(test_a_child_forgets_its_siblings)
{
    pid_t sibling;
    int status;
    pid_t pid;

    start(2);
    sibling = workers_fork();
    if (sibling == 0)
        live_until_the_line_ends();
    pid = fork(); /* not on the list, so that its status can be asked for */
    if (pid == 0) {
        if (workers_fork() == 0) {
            workers_stop(10);
            _exit(0);
        }
        _exit(0);
    }
    ck_assert_int_ge(pid, 0);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    ck_assert_int_eq(kill(sibling, 0), 0);
    workers_stop(10000);
    ck_assert(!has_children());
}
END_TEST

START_TEST(test_cannot_start)
{
    const char *text;
    int result;

    capture_begin(STDERR_FILENO);
    memory_fail(1);
    memory_watch();
    result = workers_start(10);
    memory_ignore();
    text = capture_end();
    ck_assert_int_eq(result, -1);
    ck_assert_str_eq(text, "cannot keep a list of children: Cannot allocate "
                           "memory\n");
}
END_TEST

/* The handler of SIGCHLD runs at any moment, behind any call that failed. */
START_TEST(test_errno_survives)
{
    siginfo_t info;
    sigset_t held;
    pid_t pid;

    start(1);
    sigemptyset(&held);
    sigaddset(&held, SIGCHLD);
    sigprocmask(SIG_BLOCK, &held, NULL);
    pid = workers_fork();
    if (pid == 0)
        _exit(0);
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    errno = 12345;
    sigprocmask(SIG_UNBLOCK, &held, NULL);
    ck_assert_int_eq(errno, 12345);
    ck_assert(!has_children());
    workers_stop(10000);
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_fork);
    unit_add(tests, test_limit);
    unit_add(tests, test_none_is_left);
    unit_add(tests, test_stop_ends_the_wait);
    unit_add(tests, test_stop);
    unit_add(tests, test_stop_without_children);
    unit_add(tests, test_kill);
    unit_add(tests, test_a_child_forgets_its_siblings);
    unit_add(tests, test_cannot_start);
    unit_add(tests, test_errno_survives);
}

int
main(void)
{
    return unit_run("workers", add);
}
