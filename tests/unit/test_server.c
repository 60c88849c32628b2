#include "server.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "clock.h"
#include "net.h"
#include "served.h"
#include "sockets.h"
#include "stop.h"
#include "unit.h"

/* Those beyond wait, and are served when others have gone. */
START_TEST(test_out_of_descriptors)
{
    enum { CLIENTS = 60 };
    int fd[CLIENTS];

    served_descriptors = 32;
    served_start();
    for (int i = 0; i < CLIENTS; i++) {
        fd[i] = served_client();
        socket_write(fd[i], "echo hello\n");
    }
    for (int i = 0; i < CLIENTS; i++) { /* in the order in which they came */
        socket_expect(fd[i], "hello\n");
        close(fd[i]);
    }
    served_end(SIGTERM, "");
}
END_TEST

/* Something else has taken the last one: it is told, once, and tried again. */
START_TEST(test_accept_fails)
{
    static const char told[] = "cannot accept: Too many open files\n";
    int first, second;

    served_start();
    first = served_client();
    served_ask(first, "full\n", "full\n");
    second = served_client();
    socket_write(second, "echo hello\n");
    ck_assert(socket_quiet(second, 3 * SERVER_RETRY_MS / 2));
    served_ask(first, "enough\n", "enough\n");
    socket_expect(second, "hello\n");
    close(first);
    close(second);
    served_end(SIGTERM, told);
}
END_TEST

/* What is under way is finished; what idles too, as its protocol likes. */
START_TEST(test_stop)
{
    int idle, busy;
    int thinking;

    served_start();
    idle = served_client();
    busy = served_client();
    thinking = served_client();
    served_ask(idle, "echo a\n", "a\n");
    socket_write(busy, "big 5000000\n");
    ck_assert_uint_eq(socket_read(busy, NULL, 1), 1);
    served_ask(thinking, "echo a\nthink 300\n", "a\n");
    ck_assert_int_eq(kill(served.pid, SIGTERM), 0);
    socket_expect(idle, "stop\n");
    socket_expect_end(idle);
    ck_assert_uint_eq(socket_read(busy, NULL, 4999999 + 5), 4999999 + 5);
    socket_expect_end(busy);
    socket_expect(thinking, "thought\n");
    close(idle);
    close(busy);
    close(thinking);
    served_end(0, "");
}
END_TEST

START_TEST(test_stop_without_clients)
{
    uint64_t before = clock_now();
    int fd;

    served_start();
    fd = served_client();
    served_ask(fd, "echo it is there\n", "it is there\n");
    close(fd);
    served_end(SIGINT, "");
    ck_assert_uint_lt(clock_now() - before, SERVER_FINISH_MS - 500);
}
END_TEST

/* Whoever does not end is cut off after five seconds. */
START_TEST(test_stop_in_spite_of_a_sleeper)
{
    uint64_t before;
    int fd;

    served_start();
    fd = served_client();
    served_ask(fd, "echo a\nsleep\n", "a\n");
    before = clock_now();
    served_end(SIGTERM, "");
    ck_assert_uint_ge(clock_now() - before, SERVER_FINISH_MS - 10);
    ck_assert_uint_lt(clock_now() - before, SERVER_FINISH_MS + 5000);
    close(fd);
}
END_TEST

START_TEST(test_no_more_are_accepted)
{
    uint64_t before = clock_now();
    char port[8];
    int fd;

    served_start();
    fd = served_client();
    served_ask(fd, "echo a\nthink 1000\n", "a\n");
    strcpy(port, socket_port(served.listener));
    close(served.listener); /* the server has the other one */
    served.listener = -1;
    ck_assert_int_eq(kill(served.pid, SIGTERM), 0);
    capture_begin(STDERR_FILENO);
    for (int other = 0; other >= 0;) {
        other = net_connect("127.0.0.1", port);
        close(other);
        ck_assert_uint_lt(clock_now() - before, 10000);
    }
    ck_assert_ptr_nonnull(strstr(capture_end(), "cannot connect"));
    socket_expect(fd, "thought\n");
    close(fd);
    served_end(0, "");
}
END_TEST

static int
cannot_start(int listener, void *context)
{
    struct loop loop = {.poller = &loop_select};
    struct server server = {.setup = {.loop = &loop, .kind = &stream_tcp},
                            .listener = -1};

    (void)listener;
    (void)context;
    return stop_catch() < 0 || server_run(&loop, &server, 1) == 0;
}

START_TEST(test_cannot_start)
{
    child_start(&served, cannot_start, NULL);
    ck_assert_str_eq(child_end(&served, 0),
                     "cannot start: Bad file descriptor\n");
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_out_of_descriptors);
    unit_add(tests, test_accept_fails);
    unit_add(tests, test_stop);
    unit_add(tests, test_stop_without_clients);
    unit_add(tests, test_stop_in_spite_of_a_sleeper);
    unit_add(tests, test_no_more_are_accepted);
    unit_add(tests, test_cannot_start);
}

int
main(void)
{
    return unit_run("server", add);
}
