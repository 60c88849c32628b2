#include "carrier.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

void
http_out_of_memory(const char *address)
{
    log_error("cannot serve %s: out of memory", address);
}

struct http_exchange *
http_exchange_new(const struct http_handler *handler, const char *address,
                  void (*changed)(struct http_exchange *), void *carrier)
{
    struct http_exchange *x = malloc(sizeof *x);

    if (!x) {
        http_out_of_memory(address);
        return NULL;
    }
    http_request_init(&x->request);
    memset(&x->response, 0,
           offsetof(struct http_exchange, head) -
               offsetof(struct http_exchange, response));
    x->handler = handler;
    x->address = address;
    x->body_max = HTTP_BODY_MAX;
    x->changed = changed;
    x->carrier = carrier;
    return x;
}

/* A whole head is parsed where it came and then copied; of one that comes in
 * parts, the parts are put together, and the parser goes on where it was. */
long
http_exchange_read_head(struct http_exchange *x, struct slice *in)
{
    size_t before = x->head_len;
    size_t used = in->len;
    long result = 0;

    if (before == 0)
        result = http_request_parse(&x->request, in->at, in->len);
    if (result > 0)
        used = (size_t)result;
    if (used > sizeof x->head - before)
        used = sizeof x->head - before;
    memcpy(x->head + before, in->at, used);
    x->head_len += used;
    if (before == 0)
        http_request_move(&x->request, in->at, x->head);
    else
        result = http_request_parse(&x->request, x->head, x->head_len);
    if (result > 0)
        used = (size_t)result - before;
    in->at += used;
    in->len -= used;
    return result;
}

size_t
http_exchange_deliver(struct http_exchange *x, struct slice part)
{
    size_t taken = part.len;

    if (x->handler->body && !x->ready)
        taken = x->handler->body(x, part);
    assert(taken <= part.len);
    x->held = taken < part.len && !x->ready;
    return taken;
}

void
http_exchange_over(struct http_exchange *x, bool complete)
{
    if (x->known && x->handler->over)
        x->handler->over(x, complete);
    x->known = false;
    if (x->next.state && !complete) { /* nothing is handed over */
        x->next.kind->free(x->next.state);
        x->next.state = NULL;
    }
}

void
http_exchange_end(struct http_exchange *x, bool complete, uint64_t body_sent)
{
    bool body;

    if (!x)
        return;
    body = http_response_has_body(&x->response, x->request.method);
    if (x->response.status != 0)
        log_access(x->address, x->request.line, x->response.status,
                   body ? (int64_t)body_sent : -1);
    http_exchange_over(x, complete);
    http_response_free(&x->response);
    free(x);
}

struct protocol
http_handover_next(void *state, struct slice *bytes)
{
    struct http_handover *over = state;
    struct protocol next = over->next;

    *bytes = (struct slice){over->bytes.bytes, over->bytes.len};
    over->next.state = NULL; /* whoever asked owns it now */
    return next;
}
