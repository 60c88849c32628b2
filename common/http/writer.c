#include "writer.h"

#include "request.h"
#include "response.h"

/* The next piece of the body is there: makes it a chunk, and adds it to `out`
 * if it is small. */
static void
begin_piece(struct http_writer *w, struct http_exchange *x)
{
    struct piece *body = &x->response.body;

    x->ready = w->asked = false;
    w->in_chunk = w->chunked && body->len > 0;
    if (w->in_chunk)
        buffer_format(&w->out, "%llx\r\n", (unsigned long long)body->len);
    if (body->bytes && body->len <= HTTP_COPY_MAX) {
        buffer_add(&w->out, body->bytes, (size_t)body->len);
        w->body += body->len;
        piece_use(body, body->len);
    }
}

/* How the client will know where the body ends, and whether the connection
 * goes on (RFC 9112, sections 6.3 and 9.3). */
static void
add_connection_fields(struct http_writer *w, const struct http_exchange *x,
                      bool last)
{
    if (w->chunked)
        buffer_add_text(&w->out, "Transfer-Encoding: chunked\r\n");
    if (last)
        buffer_add_text(&w->out, "Connection: close\r\n");
    else if (x->request.version < 11)
        buffer_add_text(&w->out, "Connection: keep-alive\r\n");
}

void
http_writer_begin(struct http_writer *w, struct http_exchange *x,
                  const char *fields, bool *last)
{
    bool streamed;
    bool body;

    if (x->response.status == 0 || x->response.fields.failed) {
        http_response_error(&x->response, 500);
        x->more = false; /* the pieces to come belong to another response */
    }
    streamed = x->more && !x->sized;
    body = http_response_has_body(&x->response, x->request.method);
    w->body = 0;
    w->chunked = body && streamed && x->request.version >= 11;
    if (body && streamed && !w->chunked)
        *last = true; /* the end of the connection is the end of the body */
    http_response_head(&x->response, &w->out);
    if (fields)
        buffer_add_text(&w->out, fields);
    if (!x->next.state) /* else the handler has said what becomes of it */
        add_connection_fields(w, x, *last);
    buffer_add_text(&w->out, "\r\n");
    if (!body) {
        x->response.body.len = 0;
        x->more = false;
    }
    begin_piece(w, x);
}

/* All of a piece has gone: ends its chunk, and asks for the next one. */
static void
end_piece(struct http_writer *w, struct http_exchange *x)
{
    if (w->in_chunk)
        buffer_add_text(&w->out, "\r\n");
    w->in_chunk = false;
    if (x->more && !w->asked) {
        w->asked = true;
        x->handler->room(x);
    }
}

bool
http_writer_go_on(struct http_writer *w, struct http_exchange *x)
{
    while (x->ready || x->response.body.len == 0) {
        if (!x->ready)
            end_piece(w, x);
        if (!x->ready && !x->more) {
            if (w->chunked)
                buffer_add_text(&w->out, "0\r\n\r\n");
            w->chunked = false;
            return true;
        }
        if (!x->ready || w->out.len >= HTTP_OUT_MAX)
            return false;
        begin_piece(w, x);
    }
    return false;
}

unsigned
http_writer_pieces(const struct http_writer *w, const struct http_exchange *x,
                   struct piece p[PROTOCOL_PIECES])
{
    unsigned count = 0;

    if (w->out.len > 0)
        p[count++] = (struct piece){.bytes = w->out.bytes, .len = w->out.len};
    if (x && !x->ready && x->response.body.len > 0)
        p[count++] = x->response.body;
    return count;
}

void
http_writer_sent(struct http_writer *w, struct http_exchange *x, uint64_t n)
{
    size_t from_out = n < w->out.len ? (size_t)n : w->out.len;

    buffer_use(&w->out, from_out);
    if (n > from_out) {
        piece_use(&x->response.body, n - from_out);
        w->body += n - from_out;
    }
}
