#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blocking.h"
#include "capture.h"
#include "clock.h"
#include "sockets.h"
#include "unit.h"

static const char *told; /* on stderr */
static int lowest_before;

/* The lowest descriptor that is free. */
static int
lowest(void)
{
    int fd = dup(STDERR_FILENO);

    close(fd);
    return fd;
}

static int
listen_told(const char *host, const char *port)
{
    int fd;

    lowest_before = lowest();
    capture_begin(STDERR_FILENO);
    fd = net_listen(host, port);
    told = capture_end();
    return fd;
}

static int
connect_told(const char *host, const char *port)
{
    int fd;

    lowest_before = lowest();
    capture_begin(STDERR_FILENO);
    fd = net_connect(host, port);
    told = capture_end();
    return fd;
}

static const char *
announced(int listener)
{
    capture_begin(STDOUT_FILENO);
    net_announce(listener, "tcp");
    return capture_end();
}

/* From listening to both ends of a connection, and back. */
static void
works_on(const char *host, const char *number, const char *url)
{
    int listener = listen_told(host, "0");
    char address[NET_ADDRESS_SIZE];
    char wanted[100];
    int client, server;

    ck_assert_int_ge(listener, 0);
    ck_assert_str_eq(told, "");
    (void)snprintf(wanted, sizeof wanted, "listening on tcp://%s:%s/\n", url,
                   socket_port(listener));
    ck_assert_str_eq(announced(listener), wanted);
    client = connect_told(host, socket_port(listener));
    ck_assert_int_ge(client, 0);
    ck_assert_str_eq(told, "");
    server = net_accept(listener, address);
    ck_assert_int_ge(server, 0);
    ck_assert_str_eq(address, number);
    ck_assert_int_eq(net_send_all(server, "hello", 5), 0);
    socket_expect(client, "hello");
    ck_assert_int_eq(net_send_all(client, "", 0), 0);
    close(server);
    socket_expect_end(client);
    close(client);
    close(listener);
}

START_TEST(test_ipv4)
{
    works_on("127.0.0.1", "127.0.0.1", "127.0.0.1");
}
END_TEST

START_TEST(test_ipv6)
{
    works_on("::1", "::1", "[::1]");
}
END_TEST

START_TEST(test_name)
{
    int listener = listen_told("localhost", "0");

    ck_assert_int_ge(listener, 0);
    ck_assert_str_ne(socket_port(listener), "0");
    close(listener);
}
END_TEST

/* One line, which names what failed and why; and nothing is left open. */
static void
fails(int fd, const char *what)
{
    ck_assert_int_eq(fd, -1);
    ck_assert_int_eq(lowest(), lowest_before);
    ck_assert_msg(strncmp(told, what, strlen(what)) == 0, "%s", told);
    ck_assert_uint_gt(strlen(told), strlen(what) + 5);
    ck_assert_ptr_eq(strchr(told, '\n'), told + strlen(told) - 1);
}

START_TEST(test_port_in_use)
{
    int first = listen_told("127.0.0.1", "0");
    char port[8];

    strcpy(port, socket_port(first));
    ck_assert_int_eq(listen_told("127.0.0.1", port), -1);
    ck_assert_ptr_nonnull(strstr(told, port));
    ck_assert_ptr_nonnull(strstr(told, "Address already in use\n"));
    fails(-1, "cannot listen on 127.0.0.1 port ");
    close(first);
}
END_TEST

/* While connections of the old server are in TIME-WAIT. */
START_TEST(test_port_is_free_at_once)
{
    int listener = listen_told("127.0.0.1", "0");
    char address[NET_ADDRESS_SIZE];
    char port[8];
    int client, server;

    strcpy(port, socket_port(listener));
    client = socket_connect(listener, false);
    server = net_accept(listener, address);
    close(server); /* first: so the wait is on this side */
    socket_expect_end(client);
    close(client);
    close(listener);
    listener = listen_told("127.0.0.1", port);
    ck_assert_int_ge(listener, 0);
    close(listener);
}
END_TEST

START_TEST(test_name_that_does_not_resolve)
{
    fails(listen_told("name.invalid.", "0"),
          "cannot listen on name.invalid. port 0: ");
    fails(connect_told("name.invalid.", "1"),
          "cannot connect to name.invalid. port 1: ");
}
END_TEST

START_TEST(test_no_address)
{
    fails(listen_told("192.0.2.1", "0"), "cannot listen on 192.0.2.1 port 0: ");
    fails(listen_told("127.0.0.1", "no-such-service"),
          "cannot listen on 127.0.0.1 port no-such-service: ");
}
END_TEST

START_TEST(test_nobody_listens)
{
    int listener = listen_told("127.0.0.1", "0");
    char port[8];

    strcpy(port, socket_port(listener));
    close(listener);
    fails(connect_told("127.0.0.1", port), "cannot connect to 127.0.0.1 port ");
    ck_assert_ptr_nonnull(strstr(told, "Connection refused\n"));
}
END_TEST

START_TEST(test_no_descriptor)
{
    int listener = listen_told("127.0.0.1", "0");
    int client = socket_connect(listener, false);
    struct rlimit limit, none;
    char address[NET_ADDRESS_SIZE];

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_eq(net_accept(listener, address), -1);
    ck_assert_int_eq(errno, EMFILE);
    ck_assert_int_eq(net_listen("127.0.0.1", "0"), -1);
    ck_assert_int_eq(net_connect("127.0.0.1", "1"), -1);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    close(client);
    close(listener);
}
END_TEST

START_TEST(test_nothing_to_announce)
{
    ck_assert_str_eq(announced(-1), "listening on tcp://?:?/\n");
}
END_TEST

static void
ignore(int number)
{
    (void)number;
}

/* A megabyte through small buffers to a client that reads slowly, while
 * signals interrupt. */
START_TEST(test_send_all_in_parts)
{
    enum { ALL = 1 << 20 };
    static char bytes[ALL];
    struct itimerval often = {{0, 1000}, {0, 1000}};
    struct sigaction action = {.sa_handler = ignore};
    int ends[2];
    int status;
    pid_t child;

    for (size_t i = 0; i < ALL; i++)
        bytes[i] = (char)(i * 7 / 5);
    socket_pair(ends, true);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        static char got[ALL + 1];

        close(ends[0]);
        _exit(socket_read(ends[1], got, ALL + 1) == ALL &&
                      memcmp(got, bytes, ALL) == 0
                  ? 0
                  : 1);
    }
    close(ends[1]);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    ck_assert_int_eq(net_send_all(ends[0], bytes, ALL), 0);
    often.it_value.tv_usec = 0;
    setitimer(ITIMER_REAL, &often, NULL);
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

START_TEST(test_send_all_to_nobody)
{
    int ends[2];

    (void)signal(SIGPIPE, SIG_IGN);
    socket_pair(ends, false);
    close(ends[1]);
    ck_assert_int_eq(net_send_all(ends[0], "hello", 5), -1);
    ck_assert_int_eq(errno, EPIPE);
    close(ends[0]);
}
END_TEST

START_TEST(test_blocking_limit)
{
    uint64_t before = clock_now();
    int ends[2];
    char full[5000] = {0};
    ssize_t n;

    socket_pair(ends, true);
    blocking_limit(ends[0], SO_RCVTIMEO, 30);
    ck_assert_int_eq(read(ends[0], full, 1), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_uint_ge(clock_now() - before, 25);
    blocking_limit(ends[0], SO_SNDTIMEO, 30);
    do
        n = write(ends[0], full, sizeof full);
    while (n > 0);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_uint_lt(clock_now() - before, 9000);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* A child hangs up with bytes unread, and the answer still arrives. */
static uint64_t
hang_up(bool client_closes)
{
    int listener = listen_told("127.0.0.1", "0");
    int client = socket_connect(listener, false);
    char address[NET_ADDRESS_SIZE];
    int server = net_accept(listener, address);
    uint64_t before = clock_now();
    char answer[6];
    int status;
    pid_t child;

    socket_write(client, "unread");
    child = fork();
    if (child == 0) {
        close(client);
        if (net_send_all(server, "answer", 6) == 0)
            blocking_hang_up(server);
        exit(fcntl(server, F_GETFD) >= 0); /* it is closed */
    }
    close(server);
    ck_assert_uint_eq(socket_read(client, answer, sizeof answer), 6);
    socket_expect_end(client); /* not a reset */
    socket_write(client, "still sending");
    if (client_closes)
        close(client);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (!client_closes)
        close(client);
    close(listener);
    return clock_now() - before;
}

START_TEST(test_hang_up)
{
    (void)hang_up(true);
}
END_TEST

START_TEST(test_hang_up_waits_for_a_second_at_most)
{
    uint64_t took = hang_up(false);

    ck_assert_uint_ge(took, BLOCKING_LINGER_MS - 10);
    ck_assert_uint_lt(took, BLOCKING_LINGER_MS + 5000);
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_ipv4);
    unit_add(tests, test_ipv6);
    unit_add(tests, test_name);
    unit_add(tests, test_port_in_use);
    unit_add(tests, test_port_is_free_at_once);
    unit_add(tests, test_name_that_does_not_resolve);
    unit_add(tests, test_no_address);
    unit_add(tests, test_nobody_listens);
    unit_add(tests, test_no_descriptor);
    unit_add(tests, test_nothing_to_announce);
    unit_add(tests, test_send_all_in_parts);
    unit_add(tests, test_send_all_to_nobody);
    unit_add(tests, test_blocking_limit);
    unit_add(tests, test_hang_up);
    unit_add(tests, test_hang_up_waits_for_a_second_at_most);
}

int
main(void)
{
    return unit_run("net", add);
}
