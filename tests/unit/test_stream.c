#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "served.h"
#include "sockets.h"
#include "unit.h"

/* ---- TCP as it is ---- */

/* A stream on one end of a pair, which does not wait. */
static struct stream
tcp_stream(int ends[2])
{
    struct stream s = {.kind = &stream_tcp};

    socket_pair(ends, true);
    s.fd = ends[0];
    ck_assert_int_eq(fcntl(s.fd, F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(s.kind->open(&s, NULL), 0);
    ck_assert(s.kind->start == NULL);
    return s;
}

START_TEST(test_tcp_read)
{
    int ends[2];
    struct stream s = tcp_stream(ends);
    char got[8];

    ck_assert_int_eq(s.kind->read(&s, got, sizeof got), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_eq(s.blocked, POLLIN);
    socket_write(ends[1], "hello");
    ck_assert_int_eq(s.kind->read(&s, got, 3), 3);
    ck_assert_int_eq(s.kind->read(&s, got + 3, 5), 2);
    ck_assert_int_eq(memcmp(got, "hello", 5), 0);
    ck_assert(!s.more);
    ck_assert_int_eq(shutdown(ends[1], SHUT_WR), 0);
    ck_assert_int_eq(s.kind->read(&s, got, sizeof got), 0);
    s.kind->close(&s);
    close(ends[1]);
}
END_TEST

START_TEST(test_tcp_send)
{
    static char many[1 << 16];
    int ends[2];
    struct stream s = tcp_stream(ends);
    struct piece two[] = {{.bytes = "hello", .len = 5},
                          {.bytes = " world", .len = 6}};
    struct piece large = {.bytes = many, .len = sizeof many};
    ssize_t n;

    ck_assert_int_eq(s.kind->send(&s, two, 2), 11);
    socket_expect(ends[1], "hello world");
    while ((n = s.kind->send(&s, &large, 1)) > 0)
        continue;
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_eq(s.blocked, POLLOUT);
    s.kind->end(&s);
    (void)socket_read(ends[1], NULL, SIZE_MAX);
    close(ends[1]);
    s.kind->close(&s);
}
END_TEST

START_TEST(test_tcp_send_a_file)
{
    int ends[2];
    struct stream s = tcp_stream(ends);
    FILE *file = tmpfile();
    struct piece two[] = {{.bytes = "head ", .len = 5},
                          {.len = 5, .file = fileno(file), .offset = 2}};
    struct piece behind[] = {two[1], {.bytes = "!", .len = 1}};

    (void)fputs("0123456789", file);
    (void)fflush(file);
    ck_assert_int_eq(s.kind->send(&s, two, 2), 10);
    socket_expect(ends[1], "head 23456");
    ck_assert_int_eq(s.kind->send(&s, behind, 2), 5);
    socket_expect(ends[1], "23456");
    two[1].offset = 10; /* the file has become shorter */
    ck_assert_int_eq(s.kind->send(&s, &two[1], 1), -1);
    ck_assert_int_eq(errno, EIO);
    (void)fclose(file);
    s.kind->close(&s);
    close(ends[1]);
}
END_TEST

START_TEST(test_tcp_to_nobody)
{
    int ends[2];
    struct stream s = tcp_stream(ends);
    struct piece p = {.bytes = "hello", .len = 5};

    (void)signal(SIGPIPE, SIG_IGN);
    close(ends[1]);
    ck_assert_int_eq(s.kind->send(&s, &p, 1), -1);
    ck_assert_int_eq(errno, EPIPE);
    s.kind->end(&s);
    s.kind->close(&s);
}
END_TEST

/* ---- Another way to move bytes, below a transport ---- */

/* A stream whose handshake is three bytes "hi!"; "X" fails it. It reads ahead,
 * and gives out a byte at a time; sends seven at once; and waits for the wrong
 * thing now and then, as TLS does. */
struct odd {
    char ahead[64];
    size_t len;
    size_t shaken;
    unsigned calls;
};

static int refusals; /* so many times, open() fails */

static int
odd_open(struct stream *s, void *context)
{
    (void)context;
    if (refusals-- > 0) {
        errno = ENOBUFS;
        return -1;
    }
    s->state = calloc(1, sizeof(struct odd));
    return s->state ? 0 : -1;
}

static int
odd_start(struct stream *s)
{
    struct odd *odd = s->state;
    char c;

    while (odd->shaken < 3) {
        ssize_t n = read(s->fd, &c, 1);

        s->blocked = POLLIN;
        if (n < 0)
            return -1;
        if (n == 0 || c != "hi!"[odd->shaken++]) {
            errno = EPROTO;
            return -1;
        }
    }
    s->blocked = POLLOUT;
    errno = EAGAIN;
    return odd->calls++ < 2 ? -1 : 0;
}

static ssize_t
odd_read(struct stream *s, char *to, size_t size)
{
    struct odd *odd = s->state;
    ssize_t n;

    ck_assert_uint_gt(size, 0);
    if (odd->len == 0) {
        n = read(s->fd, odd->ahead, sizeof odd->ahead);
        s->blocked = POLLIN;
        if (n <= 0)
            return n;
        odd->len = (size_t)n;
    }
    if (++odd->calls % 5 == 0) { /* and now POLLIN would never come */
        s->more = false;
        s->blocked = POLLOUT;
        errno = EAGAIN;
        return -1;
    }
    *to = odd->ahead[0];
    memmove(odd->ahead, odd->ahead + 1, --odd->len);
    s->more = odd->len > 0;
    return 1;
}

static ssize_t
odd_send(struct stream *s, const struct piece *p, unsigned n)
{
    ck_assert_uint_gt(n, 0);
    s->blocked = POLLOUT;
    return write(s->fd, p->bytes, p->len < 7 ? (size_t)p->len : 7);
}

static void
odd_end(struct stream *s)
{
    (void)!write(s->fd, "<end>", 5);
    (void)shutdown(s->fd, SHUT_WR);
}

static void
odd_close(struct stream *s)
{
    free(s->state);
    close(s->fd);
}

static const struct stream_kind odd_kind = {
    .scheme = "odd",
    .open = odd_open,
    .start = odd_start,
    .read = odd_read,
    .send = odd_send,
    .end = odd_end,
    .close = odd_close,
};

START_TEST(test_handshake_in_parts)
{
    int fd;

    served_kind = &odd_kind;
    served_start();
    fd = served_client();
    socket_write(fd, "h");
    ck_assert(socket_quiet(fd, 10));
    socket_write(fd, "i");
    ck_assert(socket_quiet(fd, 10));
    served_ask(fd, "!echo hello, world\necho a\n", "hello, world\na\n");
    served_ask(fd, "close\n", "bye\n<end>");
    socket_expect_end(fd);
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

START_TEST(test_clock_begins_with_the_end_of_the_handshake)
{
    served_kind = &odd_kind;
    served_after(300, "hi!old 300\n", "young\n");
}
END_TEST

START_TEST(test_handshake_fails)
{
    int fd;

    served_kind = &odd_kind;
    served_start();
    fd = served_client();
    served_ask(fd, "X and more", "<end>");
    socket_expect_end(fd);
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

START_TEST(test_handshake_takes_too_long)
{
    uint64_t before;
    int fd;

    served_kind = &odd_kind;
    served_timeout = 200;
    served_start();
    before = clock_now();
    fd = served_client();
    socket_write(fd, "hi");
    ck_assert_uint_eq(socket_read(fd, NULL, 1), 0);
    ck_assert_uint_ge(clock_now() - before, 195);
    close(fd);
    served_end(SIGTERM, "");
}
END_TEST

START_TEST(test_stop_during_a_handshake)
{
    int fd;

    served_kind = &odd_kind;
    served_start();
    fd = served_client();
    served_ask(fd, "hi!echo a\n", "a\n");
    close(fd);
    fd = served_client();
    socket_write(fd, "hi");
    served_end(SIGTERM, "");
    close(fd);
}
END_TEST

/* There is no room for one: it waits until there is. */
START_TEST(test_stream_cannot_be_opened)
{
    int fd;

    served_kind = &odd_kind;
    refusals = 1;
    served_start();
    fd = served_client();
    ck_assert_uint_eq(socket_read(fd, NULL, 1), 0); /* this one is lost */
    close(fd);
    fd = served_client();
    served_ask(fd, "hi!echo a\n", "a\n");
    close(fd);
    served_end(SIGTERM, "cannot accept: No buffer space available\n");
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_tcp_read);
    unit_add(tests, test_tcp_send);
    unit_add(tests, test_tcp_send_a_file);
    unit_add(tests, test_tcp_to_nobody);
    unit_add(tests, test_handshake_in_parts);
    unit_add(tests, test_clock_begins_with_the_end_of_the_handshake);
    unit_add(tests, test_handshake_fails);
    unit_add(tests, test_handshake_takes_too_long);
    unit_add(tests, test_stop_during_a_handshake);
    unit_add(tests, test_stream_cannot_be_opened);
}

int
main(void)
{
    return unit_run("stream", add);
}
