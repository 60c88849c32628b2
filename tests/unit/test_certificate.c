#include "tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "certificate.h"
#include "site.h"
#include "unit.h"

/* What a server is told before it begins: tls_new(). */

static const char *told;

static struct tls *
new_told(const char *certificate, const char *key)
{
    struct tls *tls;

    capture_begin(STDERR_FILENO);
    tls = tls_new(site_path(certificate), site_path(key), NULL);
    told = capture_end();
    return tls;
}

static void
begin(void)
{
    (void)site_begin();
    certificate_make("cert.pem", "key.pem");
}

/* It is refused by one line, which names the file. */
static void
refused(const char *certificate, const char *key, const char *named)
{
    ck_assert_ptr_null(new_told(certificate, key));
    ck_assert_msg(strstr(told, named) != NULL, "%s", told);
    ck_assert_msg(strchr(told, '\n') == told + strlen(told) - 1, "%s", told);
    ck_assert_msg(strstr(told, "uccess") == NULL, "%s", told);
}

START_TEST(test_good)
{
    struct tls *tls;

    begin();
    tls = new_told("cert.pem", "key.pem");
    ck_assert_ptr_nonnull(tls);
    ck_assert_str_eq(told, "");
    tls_free(tls);
    site_end();
}
END_TEST

START_TEST(test_missing)
{
    begin();
    refused("nothing.pem", "key.pem", "nothing.pem");
    refused("cert.pem", "nothing.pem", "nothing.pem");
    site_end();
}
END_TEST

START_TEST(test_not_what_they_should_be)
{
    begin();
    site_file("empty.pem", "");
    site_file("text.pem", "hello\n");
    site_directory("directory");
    refused("empty.pem", "key.pem", "empty.pem");
    refused("text.pem", "key.pem", "text.pem");
    refused("directory", "key.pem", "directory");
    refused("key.pem", "key.pem", "key.pem");
    refused("cert.pem", "empty.pem", "empty.pem");
    refused("cert.pem", "cert.pem", "cert.pem");
    site_end();
}
END_TEST

START_TEST(test_do_not_match)
{
    begin();
    certificate_make("other.pem", "other-key.pem");
    refused("cert.pem", "other-key.pem", "other-key.pem");
    site_end();
}
END_TEST

/* Nobody is there to type the password, and nobody is asked. */
START_TEST(test_encrypted)
{
    begin();
    certificate_encrypt("key.pem", "encrypted.pem");
    refused("cert.pem", "encrypted.pem", "encrypted.pem");
    site_end();
}
END_TEST

START_TEST(test_may_not_be_read)
{
    begin();
    ck_assert_int_eq(chmod(site_path("key.pem"), 0), 0);
    if (geteuid() == 0) /* who may read everything */
        ck_assert_int_eq(seteuid(65534), 0);
    refused("cert.pem", "key.pem", "key.pem");
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    site_end();
}
END_TEST

START_TEST(test_secrets_cannot_be_written)
{
    begin();
    ck_assert_int_eq(setenv("SSLKEYLOGFILE", site_path("no/file"), 1), 0);
    refused("cert.pem", "key.pem", "no/file");
    ck_assert_int_eq(setenv("SSLKEYLOGFILE", "", 1), 0);
    tls_free(new_told("cert.pem", "key.pem"));
    ck_assert_str_eq(told, "");
    site_end();
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_good);
    unit_add(tests, test_missing);
    unit_add(tests, test_not_what_they_should_be);
    unit_add(tests, test_do_not_match);
    unit_add(tests, test_encrypted);
    unit_add(tests, test_may_not_be_read);
    unit_add(tests, test_secrets_cannot_be_written);
}

int
main(void)
{
    return unit_run("certificate", add);
}
