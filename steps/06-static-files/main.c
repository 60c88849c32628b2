/* Step 06: an HTTP server for the files below a directory. */

#include <stdint.h>

#include "exchange.h"
#include "files.h"
#include "log.h"
#include "options.h"
#include "stream.h"
#include "web.h"

static void
answer(struct http_exchange *x)
{
    files_answer(x->handler->context, &x->request, &x->response);
    http_exchange_send(x);
}

int
main(int argc, char **argv)
{
    const char *root = ".";
    struct files files;
    const struct http_handler handler = {.request = answer, .context = &files};
    struct web web = {.host = "127.0.0.1",
                      .port = "8080",
                      .kind = &stream_tcp,
                      .http = {.handler = &handler, .timeout = 10000}};
    const struct option_row rows[] = {
        {"host", "ADDR", OPTION_TEXT, &web.host, "where to listen (127.0.0.1)"},
        {"port", "N", OPTION_PORT, &web.port, "8080 unless given; 0: any"},
        {"quiet", NULL, OPTION_FLAG, &log_quiet, "no access lines"},
        {"timeout", "SECONDS", OPTION_SECONDS, &web.http.timeout,
         "for each step (10)"},
        {"root", "DIR", OPTION_TEXT, &root, "the site (.)"},
        {0},
    };
    int status = options_read(argc, argv, rows, "Serves files over HTTP.");

    if (status >= 0)
        return status;
    if (files_open(&files, root) < 0)
        return 2;
    status = web_serve(&web);
    files_close(&files);
    return status;
}
