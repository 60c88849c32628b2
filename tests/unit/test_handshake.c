#include "tls_pair.h"

#include <stdio.h>
#include <stdlib.h>

#include "capture.h"
#include "unit.h"

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
add(Suite *tests)
{
    unit_add(tests, test_tls_1_3);
    unit_add(tests, test_tls_1_2);
    unit_add(tests, test_nothing_older);
    unit_add(tests, test_forward_secret_suites_only);
    unit_add(tests, test_alpn);
    unit_add(tests, test_alpn_without_a_common_one);
    unit_add(tests, test_without_tls);
    unit_add(tests, test_garbage);
    unit_add(tests, test_secrets);
}

int
main(void)
{
    return unit_run("handshake", add);
}
