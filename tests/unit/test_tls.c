#include "tls_pair.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "capture.h"
#include "memory.h"
#include "unit.h"

/* Bytes that were read ahead are seen by nobody but the stream. */
START_TEST(test_more)
{
    char got[64];
    int all = 0;

    begin();
    ck_assert_int_eq(shake(), 0);
    ck_assert_int_eq(SSL_write(client, "one", 3), 3);
    ck_assert_int_eq(SSL_write(client, "two", 3), 3);
    do {
        ssize_t n = s.kind->read(&s, got + all, 2);

        ck_assert_int_gt(n, 0);
        all += (int)n;
        ck_assert_int_eq(s.more, all < 6);
    } while (s.more);
    ck_assert_int_eq(memcmp(got, "onetwo", 6), 0);
    ck_assert_int_eq(s.kind->read(&s, got, 2), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_eq(s.blocked, POLLIN);
    ck_assert(!s.more);
    end();
}
END_TEST

START_TEST(test_close_notify)
{
    char got[8];

    begin();
    ck_assert_int_eq(shake(), 0);
    ck_assert_int_eq(SSL_shutdown(client), 0);
    ck_assert_int_eq(s.kind->read(&s, got, sizeof got), 0);
    s.kind->end(&s);
    ck_assert_int_eq(SSL_read(client, got, sizeof got), 0);
    ck_assert_int_eq(SSL_get_shutdown(client) & SSL_RECEIVED_SHUTDOWN,
                     SSL_RECEIVED_SHUTDOWN);
    end();
}
END_TEST

/* Cut off: an error, told where a request or a handshake was under way. */
static void
cut_off(const char *before, const char *wanted)
{
    const char *text;
    char got[64];
    ssize_t n;
    int saved;

    begin();
    ck_assert_int_eq(shake(), 0);
    if (*before) {
        ck_assert_int_gt(SSL_write(client, before, (int)strlen(before)), 0);
        ck_assert_int_gt(s.kind->read(&s, got, sizeof got), 0);
    }
    ck_assert_int_eq(shutdown(ends[1], SHUT_WR), 0);
    capture_begin(STDERR_FILENO);
    n = s.kind->read(&s, got, sizeof got);
    saved = errno;
    text = capture_end();
    ck_assert_int_eq(n, -1);
    ck_assert_int_eq(saved, EPROTO);
    ck_assert_int_eq(strncmp(text, wanted, strlen(wanted)), 0);
    ck_assert(*wanted || !*text);
    s.kind->end(&s);
    end();
}

START_TEST(test_cut_off)
{
    cut_off("", "");
}
END_TEST

START_TEST(test_cut_off_in_a_request)
{
    cut_off("GET / HT", "TLS: ");
}
END_TEST

START_TEST(test_garbage_instead_of_data)
{
    static const char record[37] = "\x17\x03\x03\0\x20garbage, and no data";
    const char *text;
    char got[8];
    ssize_t n;

    begin();
    ck_assert_int_eq(shake(), 0);
    ck_assert_int_eq(write(ends[1], record, sizeof record), sizeof record);
    capture_begin(STDERR_FILENO);
    n = s.kind->read(&s, got, sizeof got);
    text = capture_end();
    ck_assert_int_eq(n, -1);
    ck_assert_int_eq(strncmp(text, "TLS: ", 5), 0);
    end();
}
END_TEST

/* More than the socket takes, by pieces that are built anew for each call, and
 * one of them in a file. */
START_TEST(test_send_much)
{
    enum { HALF = 100000 };
    static char bytes[HALF], got[2 * HALF];
    FILE *file = tmpfile();
    uint64_t sent = 0;
    int all = 0;
    bool waited = false;

    small = true;
    begin();
    ck_assert_int_eq(shake(), 0);
    for (size_t i = 0; i < HALF; i++)
        bytes[i] = (char)(i * 7 / 5);
    (void)fwrite(bytes, 1, HALF, file);
    (void)fflush(file);
    while (all < 2 * HALF) {
        uint64_t from_file = sent > HALF ? sent - HALF : 0;
        struct piece two[2] = {
            {.bytes = bytes, .len = HALF},
            {.len = HALF, .file = fileno(file)},
        };
        ssize_t n;

        piece_use(&two[0], sent - from_file);
        piece_use(&two[1], from_file);
        n = sent == 2 * HALF ? 0 : s.kind->send(&s, two, 2);
        if (n < 0) {
            ck_assert_int_eq(errno, EAGAIN);
            ck_assert_int_eq(s.blocked, POLLOUT);
            waited = true;
            all += client_read(got + all, 2 * HALF - all);
        } else {
            sent += (uint64_t)n;
        }
        if (sent == 2 * HALF)
            all += client_read(got + all, 2 * HALF - all);
    }
    ck_assert(waited);
    ck_assert_int_eq(memcmp(got, bytes, HALF), 0);
    ck_assert_int_eq(memcmp(got + HALF, bytes, HALF), 0);
    (void)fclose(file);
    end();
}
END_TEST

START_TEST(test_file_has_become_shorter)
{
    FILE *file = tmpfile();
    struct piece p = {.len = 5, .file = fileno(file)};

    begin();
    ck_assert_int_eq(shake(), 0);
    ck_assert_int_eq(s.kind->send(&s, &p, 1), -1);
    ck_assert_int_eq(errno, EIO);
    (void)fclose(file);
    end();
}
END_TEST

/* A client that sends nothing but new keys keeps nobody in a read. */
START_TEST(test_only_new_keys)
{
    const char *text;
    char got[8];
    ssize_t n = -1;
    int saved = EAGAIN;

    begin();
    ck_assert_int_eq(shake(), 0);
    capture_begin(STDERR_FILENO);
    for (int i = 0; i < 1000 && saved == EAGAIN; i++) {
        (void)SSL_key_update(client, SSL_KEY_UPDATE_NOT_REQUESTED);
        (void)SSL_do_handshake(client);
        if (i % 200 == 199) {
            n = s.kind->read(&s, got, sizeof got);
            saved = errno;
        }
    }
    text = capture_end();
    ck_assert_int_eq(n, -1);
    ck_assert_int_eq(saved, EPROTO);
    ck_assert_msg(strncmp(text, "TLS: ", 5) == 0, "%s", text);
    s.kind->end(&s);
    end();
}
END_TEST

/* A hello without end is not waited for, nor kept: 16 KiB are enough. */
START_TEST(test_long_handshake)
{
    static const char begun[5 + 8192] = "\x16\x03\x01\x20\0\x01\x01\xff\xff";
    const char *text;
    int saved;

    begin();
    ck_assert_int_eq(write(ends[1], begun, sizeof begun), sizeof begun);
    ck_assert_int_eq(s.kind->start(&s), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_eq(write(ends[1], begun, 5), 5);
    capture_begin(STDERR_FILENO);
    ck_assert_int_eq(s.kind->start(&s), -1);
    saved = errno;
    text = capture_end();
    ck_assert_int_eq(saved, EPROTO);
    ck_assert_str_eq(text, "TLS: too much without data\n");
    s.kind->end(&s);
    end();
}
END_TEST

/* SSL_write() then says once more that the client has said goodbye. Taken for
 * "nothing sent yet", that would be tried for ever. */
START_TEST(test_gone_after_goodbye)
{
    const struct piece p = {.bytes = "answer", .len = 6};
    char got[8];

    begin();
    (void)signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(shake(), 0);
    ck_assert_int_eq(SSL_shutdown(client), 0);
    ck_assert_int_eq(s.kind->read(&s, got, sizeof got), 0);
    close(ends[1]);
    ends[1] = -1;
    errno = EAGAIN;
    ck_assert_int_eq(s.kind->send(&s, &p, 1), -1);
    ck_assert_int_ne(errno, EAGAIN);
    s.kind->end(&s);
    end();
}
END_TEST

/* Whatever there is no memory for, a stream that opens is whole: it was once
 * taken as one though OpenSSL could not keep the address of its session. */
START_TEST(test_open_without_memory)
{
    struct stream other = {.kind = &stream_tls};
    size_t failed = 0;
    int opened;

    begin();
    other.fd = ends[0];
    do {
        memory_fail(++failed);
        memory_watch();
        opened = other.kind->open(&other, tls);
        memory_ignore();
        ck_assert_int_eq(opened, memory_failed() ? -1 : 0);
    } while (opened < 0 && failed < 1000);
    ck_assert_int_eq(opened, 0);
    ck_assert_uint_gt(failed, 3);
    other.kind->close(&other); /* and with it what both have */
    s.fd = socket(AF_UNIX, SOCK_STREAM, 0);
    end();
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_open_without_memory);
    unit_add(tests, test_more);
    unit_add(tests, test_close_notify);
    unit_add(tests, test_gone_after_goodbye);
    unit_add(tests, test_cut_off);
    unit_add(tests, test_cut_off_in_a_request);
    unit_add(tests, test_garbage_instead_of_data);
    unit_add(tests, test_send_much);
    unit_add(tests, test_file_has_become_shorter);
    unit_add(tests, test_only_new_keys);
    unit_add(tests, test_long_handshake);
}

int
main(void)
{
    return unit_run("tls", add);
}
