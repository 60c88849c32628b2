/* Step 03: an HTTP server with a process for each client, so that a client
 * that keeps silent holds up nobody but its own process; and with a clock, so
 * that it does not hold up that for ever. */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "blocking.h"
#include "buffer.h"
#include "clock.h"
#include "log.h"
#include "net.h"
#include "options.h"
#include "pages.h"
#include "request.h"
#include "response.h"
#include "stop.h"
#include "workers.h"

enum {
    FINISH_MS = 5000,  /* for responses under way when the server stops */
    RETRY_SECONDS = 1, /* before accepting again after it failed */
};

/* Reads until the head of a request is complete, however many pieces it comes
 * in, or time is up: a limit on each read() would let a client send a byte now
 * and then for ever. Returns what http_request_parse() does; -408 when time
 * was up in the middle of a head; 0 when no head will come. */
static long
read_head(int fd, struct http_request *request, char head[HTTP_HEAD_MAX],
          uint64_t timeout)
{
    uint64_t end = clock_now() + timeout;
    size_t len = 0;
    long result = 0;

    http_request_init(request);
    while (result == 0 && !stop_asked()) {
        uint64_t now = clock_now();
        ssize_t n;

        if (now >= end)
            return http_request_begun(request) ? -408 : 0;
        blocking_limit(fd, SO_RCVTIMEO, end - now);
        n = read(fd, head + len, HTTP_HEAD_MAX - len);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
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
serve(int fd, const char *address, uint64_t timeout)
{
    struct http_request request;
    struct http_response response = {0};
    char head[HTTP_HEAD_MAX];
    long result = read_head(fd, &request, head, timeout);
    struct buffer out = {0};
    int64_t sent;

    blocking_limit(fd, SO_SNDTIMEO, timeout);
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

/* Hands a connection to a child of its own. After fork() both processes have
 * both sockets, and a connection ends when its last descriptor is closed. */
static void
serve_in_child(int listener, int fd, const char *address, uint64_t timeout)
{
    pid_t pid = workers_fork();

    if (pid == 0) {
        close(listener);
        serve(fd, address, timeout);
        exit(0);
    }
    if (pid < 0)
        log_error("cannot fork: %s", strerror(errno));
    close(fd);
}

int
main(int argc, char **argv)
{
    const char *host = "127.0.0.1";
    const char *port = "8080";
    uint64_t timeout = 10000;
    long max_children = 64;
    const struct option_row rows[] = {
        {"host", "ADDR", OPTION_TEXT, &host, "where to listen (127.0.0.1)"},
        {"port", "N", OPTION_PORT, &port, "8080 unless given; 0: a free one"},
        {"quiet", NULL, OPTION_FLAG, &log_quiet, "no access lines"},
        {"timeout", "SECONDS", OPTION_SECONDS, &timeout, "for each step (10)"},
        {"max-children", "N", OPTION_COUNT, &max_children,
         "clients served at once (64)"},
        {0},
    };
    int status = options_read(argc, argv, rows, "Answers HTTP requests.");
    int listener;

    if (status >= 0)
        return status;
    if (stop_catch() < 0 || workers_start(max_children) < 0 ||
        (listener = net_listen(host, port)) < 0)
        return 1;
    net_announce(listener, "http");
    while (workers_wait_for_room()) {
        char address[NET_ADDRESS_SIZE];
        int fd = net_accept(listener, address);

        if (fd >= 0) {
            serve_in_child(listener, fd, address, timeout);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            log_error("cannot accept: %s", strerror(errno));
            sleep(RETRY_SECONDS); /* the system is out of something */
        }
    }
    close(listener);
    workers_stop(FINISH_MS);
    return 0;
}
