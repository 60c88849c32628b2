#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture.h"
#include "certificate.h"
#include "site.h"
#include "sockets.h"
#include "unit.h"

/* A stream over TLS and a client of it, in one process: neither waits, and each
 * is called in turn. */

static struct tls *tls;
static struct stream s;
static SSL_CTX *context;
static SSL *client;
static int ends[2]; /* the server's, the client's */
static bool small;  /* so are the socket's buffers */

static void
plain(struct buffer *answer)
{
    buffer_add_text(answer, "speak TLS\n");
}

static void
begin(void)
{
    (void)site_begin();
    certificate_make("cert.pem", "key.pem");
    tls = tls_new(site_path("cert.pem"), site_path("key.pem"), plain);
    ck_assert_ptr_nonnull(tls);
    socket_pair(ends, small);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    s = (struct stream){.kind = &stream_tls, .fd = ends[0]};
    ck_assert_int_eq(s.kind->open(&s, tls), 0);
    context = SSL_CTX_new(TLS_client_method());
    client = SSL_new(context);
    ck_assert_int_eq(SSL_set_fd(client, ends[1]), 1);
    SSL_set_connect_state(client);
}

static void
end(void)
{
    s.kind->close(&s);
    SSL_free(client);
    SSL_CTX_free(context);
    close(ends[1]);
    tls_free(tls);
    site_end();
}

/* Both shake hands. Returns 0, or -1 when the stream has failed, with errno. */
static int
shake(void)
{
    for (int i = 0; i < 100; i++) {
        int done = SSL_do_handshake(client);
        int result = s.kind->start(&s);

        if (result == 0 && done == 1)
            return 0;
        if (result < 0 && errno != EAGAIN)
            return -1;
        if (result < 0)
            ck_assert(s.blocked == POLLIN || s.blocked == POLLOUT);
    }
    ck_abort_msg("a handshake without end");
}

/* What the client reads, as far as it has come. */
static int
client_read(char *to, int size)
{
    int done = 0;
    int n;

    while (done < size && (n = SSL_read(client, to + done, size - done)) > 0)
        done += n;
    return done;
}

static void
works(void)
{
    struct piece two[] = {{.bytes = "hello", .len = 5},
                          {.bytes = " world", .len = 6}};
    char got[64];

    ck_assert_int_eq(SSL_write(client, "question", 8), 8);
    ck_assert_int_eq(s.kind->read(&s, got, sizeof got), 8);
    ck_assert_int_eq(memcmp(got, "question", 8), 0);
    ck_assert_int_eq(s.kind->send(&s, two, 2), 11);
    ck_assert_int_eq(client_read(got, sizeof got), 11);
    ck_assert_int_eq(memcmp(got, "hello world", 11), 0);
}

START_TEST(test_tls_1_3)
{
    begin();
    ck_assert_int_eq(shake(), 0);
    ck_assert_str_eq(SSL_get_version(client), "TLSv1.3");
    works();
    end();
}
END_TEST

START_TEST(test_tls_1_2)
{
    begin();
    ck_assert_int_eq(SSL_set_max_proto_version(client, TLS1_2_VERSION), 1);
    ck_assert_int_eq(shake(), 0);
    ck_assert_str_eq(SSL_get_version(client), "TLSv1.2");
    ck_assert_int_eq(strncmp(SSL_get_cipher_name(client), "ECDHE-", 6), 0);
    works();
    end();
}
END_TEST

/* The handshake fails, and the server tells why. */
static void
handshake_fails(void)
{
    const char *text;
    int result;
    int saved;

    capture_begin(STDERR_FILENO);
    result = shake();
    saved = errno;
    text = capture_end();
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(saved, EPROTO);
    ck_assert_msg(strncmp(text, "TLS: ", 5) == 0, "%s", text);
    s.kind->end(&s);
    end();
}

START_TEST(test_nothing_older)
{
    begin();
    SSL_set_security_level(client, 0);
    ck_assert_int_eq(SSL_set_min_proto_version(client, TLS1_VERSION), 1);
    ck_assert_int_eq(SSL_set_max_proto_version(client, TLS1_1_VERSION), 1);
    handshake_fails();
}
END_TEST

START_TEST(test_forward_secret_suites_only)
{
    begin();
    ck_assert_int_eq(SSL_set_max_proto_version(client, TLS1_2_VERSION), 1);
    ck_assert_int_eq(SSL_set_cipher_list(client, "AES128-GCM-SHA256"), 1);
    handshake_fails();
}
END_TEST

START_TEST(test_alpn)
{
    static const unsigned char offered[] = "\x02h2\x08http/1.1";
    const unsigned char *got;
    unsigned len;

    begin();
    (void)SSL_set_alpn_protos(client, offered, sizeof offered - 1);
    ck_assert_int_eq(shake(), 0);
    SSL_get0_alpn_selected(client, &got, &len);
    ck_assert_uint_eq(len, 8);
    ck_assert_int_eq(memcmp(got, "http/1.1", 8), 0);
    end();
}
END_TEST

START_TEST(test_alpn_without_a_common_one)
{
    static const unsigned char offered[] = "\x02h2";

    begin();
    (void)SSL_set_alpn_protos(client, offered, sizeof offered - 1);
    handshake_fails();
}
END_TEST

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

START_TEST(test_without_tls)
{
    begin();
    ck_assert_int_eq(s.kind->start(&s), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_eq(s.blocked, POLLIN);
    socket_write(ends[1], "GET / HTTP/1.1\r\n");
    ck_assert_int_eq(s.kind->start(&s), -1);
    ck_assert_int_eq(errno, EPROTO);
    s.kind->end(&s);
    socket_expect(ends[1], "speak TLS\n");
    end();
}
END_TEST

START_TEST(test_garbage)
{
    begin();
    socket_write(ends[1], "\x16\x03\x01\xff\xffgarbage, and more of it");
    handshake_fails();
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

START_TEST(test_secrets)
{
    FILE *file = tmpfile();
    char line[300];

    (void)snprintf(line, sizeof line, "/dev/fd/%d", fileno(file));
    ck_assert_int_eq(setenv("SSLKEYLOGFILE", line, 1), 0);
    begin();
    ck_assert_int_eq(shake(), 0);
    rewind(file);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    ck_assert_msg(strstr(line, "_SECRET") != NULL, "%s", line);
    (void)fclose(file);
    end();
}
END_TEST

static void
add(TCase *tests)
{
    tcase_add_test(tests, test_tls_1_3);
    tcase_add_test(tests, test_tls_1_2);
    tcase_add_test(tests, test_nothing_older);
    tcase_add_test(tests, test_forward_secret_suites_only);
    tcase_add_test(tests, test_alpn);
    tcase_add_test(tests, test_alpn_without_a_common_one);
    tcase_add_test(tests, test_more);
    tcase_add_test(tests, test_close_notify);
    tcase_add_test(tests, test_cut_off);
    tcase_add_test(tests, test_cut_off_in_a_request);
    tcase_add_test(tests, test_without_tls);
    tcase_add_test(tests, test_garbage);
    tcase_add_test(tests, test_garbage_instead_of_data);
    tcase_add_test(tests, test_send_much);
    tcase_add_test(tests, test_file_has_become_shorter);
    tcase_add_test(tests, test_only_new_keys);
    tcase_add_test(tests, test_secrets);
}

int
main(void)
{
    return unit_run("tls", add);
}
