/* Step 02: an HTTP server, one client after another. It reads the head of a
 * request, answers, and closes. */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "blocking.h"
#include "buffer.h"
#include "log.h"
#include "net.h"
#include "options.h"
#include "pages.h"
#include "request.h"
#include "response.h"
#include "stop.h"

enum { RETRY_SECONDS = 1 }; /* before accepting again after it failed */

/* Reads until the head of a request is complete, however many pieces it comes
 * in. Returns what http_request_parse() does; 0 when no more will come. */
static long
read_head(int fd, struct http_request *request, char head[HTTP_HEAD_MAX])
{
    size_t len = 0;
    long result = 0;

    http_request_init(request);
    while (result == 0 && !stop_asked()) {
        ssize_t n = read(fd, head + len, HTTP_HEAD_MAX - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        len += (size_t)n;
        result = http_request_parse(request, head, len);
    }
    return result;
}

/* One client: its request, and the answer to it. */
static void
serve(int fd, const char *address)
{
    struct http_request request;
    struct http_response response = {0};
    char head[HTTP_HEAD_MAX];
    long result = read_head(fd, &request, head);
    struct buffer out = {0};
    int64_t sent;

    if (result != 0) {
        if (result > 0)
            pages_answer(&request, &response);
        else
            http_response_error(&response, (int)-result);
        sent = http_response_whole(&response, request.method, &out);
        if (!out.failed)
            (void)net_send_all(fd, out.bytes, out.len); /* or it has gone */
        else
            log_error("cannot answer %s: out of memory", address);
        log_access(address, request.line, response.status, sent);
        log_flush();
    }
    blocking_hang_up(fd);
    http_response_free(&response);
    buffer_free(&out);
}

int
main(int argc, char **argv)
{
    const char *host = "127.0.0.1";
    const char *port = "8080";
    const struct option_row rows[] = {
        {"host", "ADDR", OPTION_TEXT, &host, "where to listen (127.0.0.1)"},
        {"port", "N", OPTION_PORT, &port, "8080 unless given; 0: a free one"},
        {"quiet", NULL, OPTION_FLAG, &log_quiet, "no access lines"},
        {0},
    };
    int status = options_read(argc, argv, rows, "Answers HTTP requests.");
    int listener;

    if (status >= 0)
        return status;
    if (stop_catch() < 0 || (listener = net_listen(host, port)) < 0)
        return 1;
    net_announce(listener, "http");
    while (!stop_asked()) {
        char address[NET_ADDRESS_SIZE];
        int fd = net_accept(listener, address);

        if (fd >= 0) {
            serve(fd, address);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            log_error("cannot accept: %s", strerror(errno));
            sleep(RETRY_SECONDS); /* the system is out of something */
        }
    }
    close(listener);
    return 0;
}
