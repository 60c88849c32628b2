#include "stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "clock.h"
#include "unit.h"

/* Each test has a process of its own, so a signal harms no other. */

static bool
readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

static void
asks(int number)
{
    ck_assert_int_eq(stop_catch(), 0);
    ck_assert(!stop_asked());
    ck_assert(!readable(stop_fd()));
    ck_assert_int_eq(raise(number), 0);
    ck_assert(stop_asked());
    ck_assert(readable(stop_fd()));
}

START_TEST(test_term)
{
    asks(SIGTERM);
}
END_TEST

START_TEST(test_int)
{
    asks(SIGINT);
}
END_TEST

/* However many come, it stays so, and nothing blocks. */
START_TEST(test_many)
{
    asks(SIGTERM);
    for (int i = 0; i < 100000; i++)
        ck_assert_int_eq(raise(i % 2 ? SIGINT : SIGTERM), 0);
    ck_assert(stop_asked());
    ck_assert(readable(stop_fd()));
    ck_assert(readable(stop_fd()));
}
END_TEST

START_TEST(test_broken_pipe_is_an_error)
{
    int ends[2];

    ck_assert_int_eq(stop_catch(), 0);
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_int_eq(write(ends[1], "", 1), -1);
    ck_assert_int_eq(errno, EPIPE);
    close(ends[1]);
    ck_assert(!stop_asked());
}
END_TEST

/* The signal comes before the call that would then block for ever: the
 * reminder ends it, and the next one, too. */
START_TEST(test_blocking_calls_are_interrupted)
{
    uint64_t before = clock_now();
    int ends[2];
    char c;

    ck_assert_int_eq(stop_catch(), 0);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(raise(SIGTERM), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(read(ends[0], &c, 1), -1);
        ck_assert_int_eq(errno, EINTR);
    }
    ck_assert_uint_ge(clock_now() - before, 1000);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* The signal comes behind any call that failed, and its handler fails, too. */
START_TEST(test_errno_survives)
{
    ck_assert_int_eq(stop_catch(), 0);
    close(stop_fd());
    errno = 12345;
    (void)raise(SIGTERM);
    ck_assert_int_eq(errno, 12345);
    ck_assert(stop_asked());
}
END_TEST

/* A signal from another process, as kill(1) sends it. */
START_TEST(test_a_child)
{
    int ready[2];
    int status;
    pid_t child;
    char c;

    ck_assert_int_eq(pipe(ready), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct pollfd p;

        if (stop_catch() < 0 || write(ready[1], "", 1) != 1)
            _exit(1);
        p = (struct pollfd){.fd = stop_fd(), .events = POLLIN};
        while (poll(&p, 1, 10000) < 0 && errno == EINTR)
            continue;
        _exit(p.revents & POLLIN && stop_asked() ? 42 : 2);
    }
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    ck_assert_int_eq(kill(child, SIGTERM), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 42);
    close(ready[0]);
    close(ready[1]);
}
END_TEST

START_TEST(test_no_descriptor)
{
    struct rlimit limit;
    const char *text;
    int result;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    capture_begin(STDERR_FILENO);
    limit.rlim_cur = 3;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    result = stop_catch();
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    text = capture_end();
    ck_assert_int_eq(result, -1);
    ck_assert_str_eq(text, "cannot catch signals: Too many open files\n");
}
END_TEST

START_TEST(test_clock)
{
    uint64_t before = clock_now();
    uint64_t last = before;

    (void)poll(NULL, 0, 20);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_now();

        ck_assert_uint_ge(now, last);
        last = now;
    }
    ck_assert_uint_ge(last - before, 19);
    ck_assert_uint_lt(last - before, 10000);
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_term);
    unit_add(tests, test_int);
    unit_add(tests, test_many);
    unit_add(tests, test_broken_pipe_is_an_error);
    unit_add(tests, test_blocking_calls_are_interrupted);
    unit_add(tests, test_errno_survives);
    unit_add(tests, test_a_child);
    unit_add(tests, test_no_descriptor);
    unit_add(tests, test_clock);
}

int
main(void)
{
    return unit_run("stop", add);
}
