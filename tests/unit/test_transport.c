#include "transport.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "echo.h"
#include "served.h"
#include "sockets.h"
#include "unit.h"

START_TEST(test_one_client)
{
    int fd;

    served_start();
    fd = served_client();
    served_ask(fd, "echo hello\n", "hello\n");
    served_ask(fd, "echo a\necho b\n", "a\nb\n");
    served_ask(fd, "ec", "");
    served_ask(fd, "ho c\n", "c\n");
    served_ask(fd, "close\n", "bye\n");
    socket_expect_end(fd);
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

START_TEST(test_half_close)
{
    int fd;

    served_start();
    fd = served_client();
    socket_write(fd, "big 1000000\n");
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    /* what was read first is answered first */
    ck_assert_uint_eq(socket_read(fd, NULL, 1000004), 1000004);
    socket_expect_end(fd);
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

START_TEST(test_many_clients)
{
    enum { CLIENTS = 100 };
    int fd[CLIENTS];

    served_start();
    for (int i = 0; i < CLIENTS; i++)
        fd[i] = served_client();
    for (int round = 0; round < 3; round++)
        for (int i = CLIENTS; i-- > 0;)
            served_ask(fd[i], "echo hello\n", "hello\n");
    for (int i = 0; i < CLIENTS; i++)
        if (i % 2)
            socket_reset(fd[i]);
        else
            close(fd[i]);
    served_end(SIGTERM, "");
}
END_TEST

/* More than the socket takes: the rest is sent when the client reads. */
START_TEST(test_slow_reader)
{
    int fd;

    served_start();
    fd = socket_connect(served.listener, true);
    socket_write(fd, "big 20000000\necho done\n");
    ck_assert_uint_eq(socket_read(fd, NULL, 5), 5);
    ck_assert_uint_eq(socket_read(fd, NULL, 20000000), 20000000);
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

/* A client that is served as fast as can be, and reads all, leaves time for
 * the others. */
START_TEST(test_fairness)
{
    int flooded, fd;
    pid_t reader;

    served_start();
    flooded = served_client();
    fd = served_client();
    socket_write(flooded, "flood\n");
    reader = fork();
    if (reader == 0) {
        (void)socket_read(flooded, NULL, SIZE_MAX);
        _exit(0);
    }
    close(flooded);
    for (int i = 0; i < 100; i++)
        served_ask(fd, "echo hello\n", "hello\n");
    ck_assert_int_eq(kill(reader, SIGKILL), 0);
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

/* A client whose socket is always ready, and a protocol with no end to say:
 * the loop goes round ROUNDS times. Threads and sockets have no part in it. */
enum { ROUNDS = 10 };
static struct transport *greedy;
static int rounds, reads, sends;

static ssize_t
read_always(struct stream *s, char *to, size_t size)
{
    (void)s;
    (void)size;
    *to = 'x';
    reads++;
    return 1;
}

static ssize_t
send_always(struct stream *s, const struct piece *p, unsigned n)
{
    (void)s;
    (void)p;
    (void)n;
    sends++;
    return 0;
}

static unsigned
wants_all(const void *state)
{
    (void)state;
    return PROTOCOL_READ | PROTOCOL_WRITE;
}

static struct protocol_kind endless;

static struct protocol
begin_endless(void *context, struct protocol_owner *owner, const char *address,
              uint64_t now)
{
    struct protocol echo = echo_new();

    (void)context;
    (void)owner;
    (void)address;
    (void)now;
    endless = *echo.kind;
    endless.wants = wants_all;
    echo.kind = &endless;
    return echo;
}

static void
always_ready(struct loop *loop, int ms)
{
    (void)ms;
    if (rounds++ == ROUNDS)
        transport_drop(greedy);
    else
        loop_ready(loop, greedy->stream.fd, POLLIN | POLLOUT);
}

static void
forget(struct transport *t, void *keeper)
{
    (void)t;
    (void)keeper;
}

/* With hundreds of clients who ask for all that they can, a client with one
 * small request waits for a turn of each of them, and more than once. */
START_TEST(test_a_turn_is_short)
{
    struct loop_poller ready = loop_select;
    struct stream_kind kind = stream_tcp;
    struct loop loop = {.poller = &ready};
    struct transport_setup setup = {
        .loop = &loop, .kind = &kind, .timeout = 1000, .open = begin_endless};
    int fd[2];

    ready.wait = always_ready;
    kind.read = read_always;
    kind.send = send_always;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    ck_assert_int_eq(loop_init(&loop), 0);
    greedy = transport_new(&setup, fd[0], "here");
    ck_assert_ptr_nonnull(greedy);
    greedy->gone = forget;
    loop_run(&loop);
    loop_free(&loop);
    close(fd[1]);
    ck_assert_int_le(sends, rounds); /* one each time, */
    ck_assert_int_ge(sends, ROUNDS - 1);
    ck_assert_int_le(reads, rounds); /* and neither for the other */
    ck_assert_int_ge(reads, ROUNDS - 2);
}
END_TEST

/* Bytes that nobody reads would make a close() a reset, and the client would
 * lose the answer. */
START_TEST(test_lingering_close)
{
    static char more[60000];
    int fd;
    ssize_t n;

    served_start();
    fd = served_client();
    memset(more, 'y', sizeof more);
    socket_write(fd, "close\n");
    n = send(fd, more, sizeof more, MSG_NOSIGNAL);
    ck_assert_int_eq(n, sizeof more);
    socket_expect(fd, "bye\n");
    socket_expect_end(fd);
    n = send(fd, more, sizeof more, MSG_NOSIGNAL); /* still taken */
    ck_assert_int_eq(n, sizeof more);
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

/* But only for a second; `before` may make the server look earlier. */
static void
lingers_for_a_second(const char *before)
{
    uint64_t begun;
    int fd, other;
    int open;

    served_start();
    other = served_client();
    open = served_open(other);
    fd = served_client();
    socket_write(fd, before);
    served_ask(fd, "echo a\n", "a\n");
    begun = clock_now();
    served_ask(fd, "close\n", "bye\n");
    socket_expect_end(fd);
    ck_assert_int_eq(served_open(other), open + 1);
    while (served_open(other) > open)
        ck_assert_uint_lt(clock_now() - begun, 10000);
    ck_assert_uint_ge(clock_now() - begun, TRANSPORT_LINGER_MS - 10);
    close(fd);
    close(other);
    served_end(SIGTERM, "");
}

START_TEST(test_lingering_ends)
{
    lingers_for_a_second("");
}
END_TEST

/* A timer that was set for something else is due before. */
START_TEST(test_lingering_ends_in_spite_of_a_deadline)
{
    lingers_for_a_second("soon 200\n");
}
END_TEST

/* And no longer for a client that has broken the connection. */
START_TEST(test_lingering_ends_with_a_reset)
{
    uint64_t begun;
    int fd, other;
    int open;

    served_start();
    other = served_client();
    open = served_open(other);
    fd = served_client();
    begun = clock_now();
    served_ask(fd, "close\n", "bye\n");
    socket_expect_end(fd);
    socket_reset(fd);
    while (served_open(other) > open)
        ck_assert_uint_lt(clock_now() - begun, TRANSPORT_LINGER_MS - 100);
    close(other);
    served_end(SIGTERM, "");
}
END_TEST

START_TEST(test_deadline)
{
    uint64_t before;
    int fd;

    served_start();
    fd = served_client();
    before = clock_now();
    served_ask(fd, "soon 50\n", "late\n");
    ck_assert_uint_ge(clock_now() - before, 49);
    socket_expect_end(fd);
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

START_TEST(test_clock_begins_when_accepted)
{
    served_after(40, "old 39\n", "old\n");
}
END_TEST

START_TEST(test_wake)
{
    int fd;

    served_start();
    fd = served_client();
    served_ask(fd, "think 30\n", "thought\n");
    served_ask(fd, "think 0\n", "thought\n");
    served_ask(fd, "echo a\nthink 1\n", "a\nthought\n");
    socket_write(fd, "think 50\necho b\n");
    socket_expect(fd, "b\nthought\n");
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

/* While nothing is wanted nothing is read. */
START_TEST(test_nothing_wanted)
{
    int fd;

    served_start();
    fd = served_client();
    served_ask(fd, "echo a\nthink 200\n", "a\n");
    socket_write(fd, "echo hello\n");
    ck_assert(socket_quiet(fd, 100));
    socket_expect(fd, "thought\nhello\n");
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

START_TEST(test_switch)
{
    int fd;

    served_start();
    fd = served_client();
    served_ask(fd, "switch\nhello", "hello");
    served_ask(fd, " world", " world");
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    socket_expect(fd, "!");
    socket_expect_end(fd);
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

START_TEST(test_switch_to_nobody)
{
    int fd;

    served_start();
    fd = served_client();
    socket_write(fd, "nobody\n");
    ck_assert_uint_eq(socket_read(fd, NULL, 1), 0);
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

/* A file cannot be read in the middle of an answer: all that can be said is
 * that the connection ends. */
START_TEST(test_broken_file)
{
    int fd, other;

    served_start();
    other = served_client();
    fd = served_client();
    socket_write(fd, "broken\n");
    ck_assert_uint_eq(socket_read(fd, NULL, 1), 0);
    served_ask(other, "echo hello\n", "hello\n");
    close(fd);
    close(other);
    served_end(SIGTERM, "");
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_one_client);
    unit_add(tests, test_half_close);
    unit_add(tests, test_many_clients);
    unit_add(tests, test_slow_reader);
    unit_add(tests, test_fairness);
    unit_add(tests, test_a_turn_is_short);
    unit_add(tests, test_lingering_close);
    unit_add(tests, test_lingering_ends);
    unit_add(tests, test_lingering_ends_in_spite_of_a_deadline);
    unit_add(tests, test_lingering_ends_with_a_reset);
    unit_add(tests, test_deadline);
    unit_add(tests, test_clock_begins_when_accepted);
    unit_add(tests, test_wake);
    unit_add(tests, test_nothing_wanted);
    unit_add(tests, test_switch);
    unit_add(tests, test_switch_to_nobody);
    unit_add(tests, test_broken_file);
}

int
main(void)
{
    return unit_run("transport", add);
}
