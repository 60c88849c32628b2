/* Step 04: an HTTP server in one process that never waits for one client. What
 * step 03 left to the kernel, where in serve() a client is, is written down: as
 * a protocol, told when bytes come, and asked what is to be sent. */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "options.h"
#include "pages.h"
#include "protocol.h"
#include "request.h"
#include "response.h"
#include "server.h"
#include "stop.h"

struct conversation {
    enum {
        READING, /* the head is not complete */
        SENDING, /* the answer is on its way */
        ENDED,   /* it has gone, or nothing is to be said */
    } state;
    const char *address;
    uint64_t timeout, deadline; /* in milliseconds */
    struct buffer out;          /* what is still to be sent */
    struct http_request request;
    size_t len; /* bytes of the head so far */
    char head[HTTP_HEAD_MAX];
};

/* The head is complete (result > 0) or bad (minus a status): answers. */
static void
answer(struct conversation *c, long result)
{
    struct http_response response = {0};

    if (result > 0)
        pages_answer(&c->request, &response);
    else
        http_response_error(&response, (int)-result);
    log_access(c->address, c->request.line, response.status,
               http_response_whole(&response, c->request.method, &c->out));
    http_response_free(&response);
    if (c->out.failed)
        log_error("cannot answer %s: out of memory", c->address);
    c->state = c->out.failed ? ENDED : SENDING;
}

static void
receive(void *state, const char *bytes, size_t n, uint64_t now)
{
    struct conversation *c = state;
    size_t room = sizeof c->head - c->len;
    long result;

    if (n == 0)
        c->state = ENDED;    /* and no request is complete */
    n = n < room ? n : room; /* what is behind the head does not matter */
    memcpy(c->head + c->len, bytes, n);
    c->len += n;
    result = http_request_parse(&c->request, c->head, c->len);
    if (result != 0) {
        c->deadline = now + c->timeout;
        answer(c, result);
    }
}

static unsigned
pieces(const void *state, struct piece p[PROTOCOL_PIECES])
{
    const struct conversation *c = state;

    p[0] = (struct piece){.bytes = c->out.bytes, .len = c->out.len};
    return 1;
}

static void
sent(void *state, uint64_t n, uint64_t now)
{
    struct conversation *c = state;

    buffer_use(&c->out, (size_t)n);
    c->deadline = now + c->timeout;
    c->state = c->out.len > 0 ? SENDING : ENDED;
}

static unsigned
wants(const void *state)
{
    const struct conversation *c = state;

    if (c->state == ENDED)
        return PROTOCOL_CLOSE;
    return c->state == READING ? PROTOCOL_READ : PROTOCOL_WRITE;
}

static uint64_t
deadline(const void *state)
{
    return ((const struct conversation *)state)->deadline;
}

/* Too slow: in the middle of a head that is worth an answer. */
static void
tick(void *state, uint64_t now)
{
    struct conversation *c = state;

    if (now < c->deadline)
        return;
    c->deadline = now + c->timeout;
    if (c->state == READING && http_request_begun(&c->request))
        answer(c, -408);
    else
        c->state = ENDED;
}

/* The server ends: only an answer under way is finished. */
static void
stop(void *state)
{
    struct conversation *c = state;

    if (c->state == READING)
        c->state = ENDED;
}

static void
free_conversation(void *state)
{
    struct conversation *c = state;

    buffer_free(&c->out);
    free(c);
}

static const struct protocol_kind one_request = {
    .receive = receive,
    .pieces = pieces,
    .sent = sent,
    .wants = wants,
    .deadline = deadline,
    .tick = tick,
    .stop = stop,
    .free = free_conversation,
};

static struct protocol
converse(void *context, struct protocol_owner *owner, const char *address,
         uint64_t began)
{
    struct conversation *c = calloc(1, sizeof *c);

    (void)owner; /* answers come at once: nobody is to be woken */
    if (c) {
        c->address = address;
        c->timeout = *(uint64_t *)context;
        c->deadline = began + c->timeout;
        http_request_init(&c->request);
    }
    return (struct protocol){&one_request, c};
}

int
main(int argc, char **argv)
{
    const char *host = "127.0.0.1";
    const char *port = "8080";
    uint64_t timeout = 10000;
    const struct option_row rows[] = {
        {"host", "ADDR", OPTION_TEXT, &host, "where to listen (127.0.0.1)"},
        {"port", "N", OPTION_PORT, &port, "8080 unless given; 0: a free one"},
        {"quiet", NULL, OPTION_FLAG, &log_quiet, "no access lines"},
        {"timeout", "SECONDS", OPTION_SECONDS, &timeout, "for each step (10)"},
        {0},
    };
    int status = options_read(argc, argv, rows, "Answers HTTP requests.");
    struct loop loop = {.poller = &loop_select};
    struct server server = {
        .setup = {&loop, &stream_tcp, NULL, timeout, converse, &timeout}};

    if (status >= 0)
        return status;
    if (stop_catch() < 0 || (server.listener = net_listen(host, port)) < 0)
        return 1;
    net_announce(server.listener, "http");
    return server_run(&loop, &server, 1) < 0;
}
