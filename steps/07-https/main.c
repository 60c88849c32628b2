/* Step 07: the same server, and nobody on the way reads or changes a byte. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "exchange.h"
#include "files.h"
#include "log.h"
#include "options.h"
#include "response.h"
#include "tls.h"
#include "web.h"

static void
answer(struct http_exchange *x)
{
    files_answer(x->handler->context, &x->request, &x->response);
    http_exchange_send(x);
}

/* For those who speak HTTP to this port without TLS. */
static void
answer_plain(struct buffer *answer)
{
    static const char text[] = "This port speaks HTTPS: use https://\n";
    struct http_response response = {.status = 400};

    http_response_body(&response, "text/plain; charset=utf-8", text,
                       strlen(text));
    (void)http_response_whole(&response, HTTP_GET, answer);
    http_response_free(&response);
}

int
main(int argc, char **argv)
{
    const char *root = ".";
    const char *certificate = NULL;
    const char *key = NULL;
    long hsts = -1;
    char fields[64]; /* room for the name and any number */
    struct files files;
    struct tls *tls;
    const struct http_handler handler = {.request = answer, .context = &files};
    struct web web = {.host = "127.0.0.1",
                      .port = "8443",
                      .kind = &stream_tls,
                      .http = {.handler = &handler, .timeout = 10000}};
    const struct option_row rows[] = {
        {"host", "ADDR", OPTION_TEXT, &web.host, "where to listen (127.0.0.1)"},
        {"port", "N", OPTION_PORT, &web.port, "8443 unless given; 0: any"},
        {"quiet", NULL, OPTION_FLAG, &log_quiet, "no access lines"},
        {"timeout", "SECONDS", OPTION_SECONDS, &web.http.timeout,
         "for each step (10)"},
        {"root", "DIR", OPTION_TEXT, &root, "the site (.)"},
        {"cert", "FILE", OPTION_TEXT, &certificate, "certificate chain, PEM"},
        {"key", "FILE", OPTION_TEXT, &key, "its private key, PEM"},
        {"hsts", "SECONDS", OPTION_AGE, &hsts, "browsers use HTTPS only, then"},
        {0},
    };
    int status = options_read(argc, argv, rows, "Serves files over HTTPS.");

    if (status >= 0)
        return status;
    if (!certificate || !key) {
        log_error("%s: --cert and --key are needed", argv[0]);
        return 2;
    }
    if (files_open(&files, root) < 0)
        return 2;
    tls = tls_new(certificate, key, answer_plain);
    if (!tls) {
        files_close(&files);
        return 2;
    }
    if (hsts >= 0) {
        (void)snprintf(fields, sizeof fields,
                       "Strict-Transport-Security: max-age=%ld\r\n", hsts);
        web.http.fields = fields;
    }
    web.kind_context = tls;
    status = web_serve(&web);
    tls_free(tls);
    files_close(&files);
    return status;
}
