#include "certificate.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "site.h"

static void
run(const char *format, const char *a, const char *b)
{
    char command[1600];

    (void)snprintf(command, sizeof command, format, site_path(a), site_path(b));
    ck_assert_msg(system(command) == 0, "%s", command);
}

void
certificate_make(const char *certificate, const char *key)
{
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
        "-days 2 -subj /CN=localhost -out '%s' -keyout '%s' 2>/dev/null",
        certificate, key);
}

void
certificate_encrypt(const char *key, const char *encrypted)
{
    run("openssl ec -in '%s' -aes128 -passout pass:secret -out '%s' "
        "2>/dev/null",
        key, encrypted);
}
