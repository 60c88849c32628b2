#include "connection.h"

#include <stdlib.h>

#include "buffer.h"
#include "carrier.h"
#include "framing.h"
#include "request.h"
#include "response.h"
#include "writer.h"

/* One exchange after the other goes through these states. What is to be sent
 * collects in `out`, and behind it comes the response's body, from where it
 * lies. Input that cannot be used yet is kept in `over`, apart from the head
 * that the exchange points into; while there is some, nothing is read.
 *
 *   IDLE ─ HEAD ─ BODY ─ THINKING ─ SENDING ┬ IDLE
 *                                           ├ ENDING
 *                                           └ HANDED_OVER
 */

enum state {
    IDLE,        /* nothing of a request has come */
    HEAD,        /* part of its head has */
    BODY,        /* the head is judged, and its body is coming */
    THINKING,    /* the request is whole, and the handler thinks */
    SENDING,     /* the response is on its way */
    ENDING,      /* `out` is the last that is said */
    HANDED_OVER, /* it is, and then another protocol goes on */
};

struct connection {
    struct http_handover over; /* first; bytes not used yet, and who goes on */
    const struct http_settings *settings;
    struct protocol_owner *owner;
    const char *address;
    enum state state;
    bool woken;   /* the handler has done something since the last tick() */
    bool busy;    /* one of the functions below runs: it will see changes */
    bool no_more; /* the client has said that no more will come */
    bool last;    /* no request is read after the one under way */
    uint64_t deadline;
    uint64_t body_in;            /* bytes of the request's body so far */
    struct http_writer writer;   /* what is to be sent */
    struct http_framing framing; /* of the request's body */
    struct http_exchange *x;     /* NULL while IDLE */
};

static void
on_change(struct http_exchange *x)
{
    struct connection *c = x->carrier;

    if (c->busy)
        return;
    c->woken = true;
    c->owner->wake(c->owner);
}

/* Leaves the request under way, and says only what has been said before. */
static void
abandon(struct connection *c)
{
    if (c->x && c->state != SENDING)
        c->x->response.status = 0; /* never begun: nothing to be logged */
    http_exchange_end(c->x, false, c->writer.body);
    c->x = NULL;
    buffer_free(&c->over.bytes);
    c->state = ENDING;
}

/* Says nothing more at all. */
static void
give_up(struct connection *c)
{
    abandon(c);
    buffer_free(&c->writer.out);
}

/* Answers a request that is wrong or too slow, and reads no further: where its
 * end is, nobody knows. */
static void
refuse(struct connection *c, int status)
{
    struct http_exchange *x = c->x;

    http_exchange_over(x, false);
    http_response_error(&x->response, status);
    x->more = false;
    x->ready = c->last = true;
    c->state = THINKING;
}

/* Is the response an error that need not wait for the request's end? */
static bool
refused(const struct http_exchange *x)
{
    return x->ready && x->response.status >= 400;
}

/* The body is too large. If the request would have failed for another reason,
 * that one is told. */
static void
refuse_body(struct connection *c)
{
    if (!refused(c->x))
        refuse(c, 413);
    c->last = true;
    c->state = THINKING;
}

/* A head is complete: asks the handler, and decides about the body. */
static void
begin_exchange(struct connection *c, bool body_is_here)
{
    struct http_exchange *x = c->x;
    const struct http_request *r = &x->request;

    c->last = c->last || !r->keep_alive;
    c->state = BODY;
    x->known = true;
    http_framing_init(&c->framing, r->chunked, r->content_length);
    x->handler->request(x);
    if (r->content_length > x->body_max) {
        refuse_body(c);
    } else if (refused(x) && r->expect_continue) {
        c->last = true; /* the body may come, or not (RFC 9110, 10.1.1) */
        c->state = THINKING;
    } else if (r->expect_continue && !body_is_here &&
               c->framing.state != FRAMING_DONE) {
        buffer_add_text(&c->writer.out, "HTTP/1.1 100 Continue\r\n\r\n");
    }
}

static void
take_head(struct connection *c, struct slice *in, uint64_t now)
{
    long result = http_exchange_read_head(c->x, in);

    c->state = HEAD;
    if (result != 0)
        c->deadline = now + c->settings->timeout;
    if (result < 0)
        refuse(c, (int)-result);
    if (result > 0)
        begin_exchange(c, in->len > 0);
}

static void
take_body(struct connection *c, struct slice *in, uint64_t now)
{
    struct http_exchange *x = c->x;
    struct slice part;
    size_t taken;
    long used = http_framing_next(&c->framing, in->at, in->len, &part);

    if (used < 0 || part.len + c->framing.left > x->body_max - c->body_in) {
        if (used < 0)
            refuse(c, (int)-used);
        else
            refuse_body(c);
        return;
    }
    taken = part.len > 0 ? http_exchange_deliver(x, part) : 0;
    http_framing_give_back(&c->framing, part.len - taken);
    c->body_in += taken;
    in->at += (size_t)used - (part.len - taken);
    in->len -= (size_t)used - (part.len - taken);
    c->deadline = now + c->settings->timeout;
}

static void
end_response(struct connection *c)
{
    c->over.next = c->x->next;
    http_exchange_end(c->x, true, c->writer.body);
    c->x = NULL;
    c->state = c->over.next.state ? HANDED_OVER : c->last ? ENDING : IDLE;
}

/* Takes one step, if the state, the input and the handler allow one. */
static bool
step(struct connection *c, struct slice *in, uint64_t now)
{
    struct http_exchange *x = c->x;

    switch (c->state) {
    case IDLE:
        if (in->len == 0 || c->writer.out.len >= HTTP_OUT_MAX)
            return false;
        c->x =
            http_exchange_new(c->settings->handler, c->address, on_change, c);
        c->body_in = 0;
        c->state = c->x ? HEAD : ENDING;
        return true;
    case HEAD:
        if (in->len == 0)
            return false;
        take_head(c, in, now);
        return true;
    case BODY:
        if (c->framing.state == FRAMING_DONE) {
            (void)http_exchange_deliver(x, (struct slice){0});
            c->state = THINKING;
            return true;
        }
        if (in->len == 0 || x->held)
            return false;
        take_body(c, in, now);
        return true;
    case THINKING:
        if (!x->ready)
            return false;
        http_writer_begin(&c->writer, x, c->settings->fields, &c->last);
        c->state = SENDING;
        return true;
    case SENDING:
        if (!http_writer_go_on(&c->writer, x))
            return false;
        end_response(c);
        return true;
    case ENDING:
    case HANDED_OVER:
        break;
    }
    return false;
}

/* Goes as far as it can with the input, which lies in `over` or has just come.
 * A request that is not complete when no more will come never will be. */
static void
run(struct connection *c, struct slice *in, uint64_t now)
{
    c->busy = true;
    while (step(c, in, now))
        continue;
    if (c->no_more && in->len == 0 && c->state <= BODY && !(c->x && c->x->held))
        abandon(c);
    if (c->over.bytes.failed || c->writer.out.failed) {
        http_out_of_memory(c->address);
        give_up(c);
    }
    c->busy = false;
}

static void
run_on(struct connection *c, uint64_t now)
{
    struct slice in = {c->over.bytes.bytes, c->over.bytes.len};

    run(c, &in, now);
    if (c->over.bytes.len > 0)
        buffer_use(&c->over.bytes, c->over.bytes.len - in.len);
}

static void
receive(void *state, const char *bytes, size_t n, uint64_t now)
{
    struct connection *c = state;
    struct slice in = {bytes, n};

    c->no_more = c->no_more || n == 0;
    if (c->over.bytes.len == 0)
        run(c, &in, now);
    if (c->state != ENDING)
        buffer_add(&c->over.bytes, in.at, in.len);
    run_on(c, now);
}

static unsigned
pieces(const void *state, struct piece p[PROTOCOL_PIECES])
{
    const struct connection *c = state;

    return http_writer_pieces(&c->writer, c->state == SENDING ? c->x : NULL, p);
}

static void
sent(void *state, uint64_t n, uint64_t now)
{
    struct connection *c = state;

    c->deadline = now + c->settings->timeout;
    http_writer_sent(&c->writer, c->x, n);
    run_on(c, now);
}

/* Is there something to send, or only something to wait for? */
static bool
has_output(const struct connection *c)
{
    return c->writer.out.len > 0 ||
           (c->state == SENDING && !c->x->ready && c->x->response.body.len > 0);
}

static bool
handler_thinks(const struct connection *c)
{
    return c->state == THINKING || c->state == SENDING ||
           (c->state == BODY && c->x->held);
}

static unsigned
wants(const void *state)
{
    const struct connection *c = state;
    unsigned wants = has_output(c) ? PROTOCOL_WRITE : 0;

    if (c->state == ENDING)
        return wants ? wants : PROTOCOL_CLOSE;
    if (c->state == HANDED_OVER)
        return wants ? wants : PROTOCOL_SWITCH;
    if (!c->no_more && c->over.bytes.len == 0 &&
        c->writer.out.len < HTTP_OUT_MAX)
        wants |= PROTOCOL_READ;
    return wants;
}

static uint64_t
deadline(const void *state)
{
    const struct connection *c = state;

    return handler_thinks(c) && !has_output(c) ? PROTOCOL_NEVER : c->deadline;
}

/* Time is up. In a request: worth an answer, if all before it was taken. */
static void
expire(struct connection *c, uint64_t now)
{
    bool begun = c->state == BODY ||
                 (c->state == HEAD && http_request_begun(&c->x->request));

    c->deadline = now + c->settings->timeout;
    if (begun && c->writer.out.len == 0)
        refuse(c, 408);
    else
        give_up(c);
}

static void
tick(void *state, uint64_t now)
{
    struct connection *c = state;

    if (c->woken) /* until now it was the handler who thought */
        c->deadline = now + c->settings->timeout;
    else if (now >= deadline(c))
        expire(c, now);
    c->woken = false;
    run_on(c, now);
}

static void
stop(void *state)
{
    struct connection *c = state;

    if (c->state <= BODY)
        abandon(c);
    c->last = true;
}

static void
free_connection(void *state)
{
    struct connection *c = state;

    give_up(c);
    if (c->over.next.state)
        c->over.next.kind->free(c->over.next.state);
    free(c);
}

static const struct protocol_kind http_connection = {
    .receive = receive,
    .pieces = pieces,
    .sent = sent,
    .wants = wants,
    .deadline = deadline,
    .tick = tick,
    .stop = stop,
    .next = http_handover_next,
    .free = free_connection,
};

struct protocol
http_connection_new(const struct http_settings *settings,
                    struct protocol_owner *owner, const char *address,
                    uint64_t began)
{
    struct connection *c = calloc(1, sizeof *c);

    if (c)
        *c = (struct connection){.settings = settings,
                                 .owner = owner,
                                 .address = address,
                                 .deadline = began + settings->timeout};
    return (struct protocol){&http_connection, c};
}
