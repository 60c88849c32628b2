/* Step 02: an HTTP server, one client after another. It reads the head of a
 * request, answers, and closes. */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "buffer.h"
#include "clock.h"
#include "log.h"
#include "net.h"
#include "options.h"
#include "pages.h"
#include "request.h"
#include "response.h"
#include "stop.h"

enum {
    LINGER_MS = 1000,  /* for what a client still sends */
    RETRY_SECONDS = 1, /* before accepting again after it failed */
};

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

/* Lets read() wait so long, and then fail with EAGAIN. */
static void
limit_wait(int fd, uint64_t ms)
{
    struct timeval limit = {.tv_sec = (time_t)(ms / 1000),
                            .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

/* Closes so that the client gets the whole answer. When bytes that nobody has
 * read are waiting, close() answers them with a reset, and a reset makes the
 * client's system throw away what the client has not read yet. So: say that no
 * more will come, and read on until the client closes, for a second at most
 * (RFC 9112, section 9.6). */
static void
hang_up(int fd)
{
    uint64_t end = clock_now() + LINGER_MS;
    char unread[4096];

    (void)shutdown(fd, SHUT_WR); /* fails only if the client has gone */
    for (uint64_t now = clock_now(); now < end; now = clock_now()) {
        limit_wait(fd, end - now);
        if (read(fd, unread, sizeof unread) <= 0)
            break;
    }
    close(fd);
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
        log_access(address, request.line, response.status, sent);
        log_flush();
    }
    hang_up(fd);
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
