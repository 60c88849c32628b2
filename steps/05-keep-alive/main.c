/* Step 05: an HTTP server whose connections outlive a request. */

#include <stdint.h>

#include "exchange.h"
#include "log.h"
#include "options.h"
#include "pages.h"
#include "stream.h"
#include "web.h"

static void
answer(struct http_exchange *x)
{
    pages_answer(&x->request, &x->response);
    http_exchange_send(x);
}

int
main(int argc, char **argv)
{
    static const struct http_handler handler = {.request = answer};
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
        {0},
    };
    int status = options_read(argc, argv, rows,
                              "Answers HTTP requests on kept connections.");

    return status >= 0 ? status : web_serve(&web);
}
