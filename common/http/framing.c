#include "framing.h"

#include <assert.h>

#include "request.h"

void
http_framing_init(struct http_framing *f, bool chunked, uint64_t length)
{
    *f = (struct http_framing){.left = chunked ? 0 : length};
    f->state = chunked ? FRAMING_SIZE : length ? FRAMING_LENGTH : FRAMING_DONE;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Behind the size of a chunk: white space, an extension or the line's end. */
static bool
end_size(struct http_framing *f, char c)
{
    f->state = c == '\r'  ? FRAMING_SIZE_LF
               : c == ';' ? FRAMING_EXTENSION
                          : FRAMING_SPACE;
    return c == '\r' || c == ';' || c == ' ' || c == '\t';
}

/* In the size of a chunk. The sixteen digits of a size that fits into 64 bits
 * are more than anybody needs; what overflows could be read as something
 * smaller by the next server. */
static bool
take_size(struct http_framing *f, char c)
{
    int digit = hex_digit(c);

    if (digit >= 0) {
        if (f->left > (UINT64_MAX >> 4))
            return false;
        f->left = f->left << 4 | (unsigned)digit;
        f->state = FRAMING_DIGITS;
        return true;
    }
    if (f->state == FRAMING_SIZE)
        return false;
    return end_size(f, c);
}

static bool
visible(char c)
{
    unsigned char byte = (unsigned char)c;

    return (byte >= ' ' && byte != 0x7f) || byte == '\t';
}

/* Goes to the next state if the byte is the one that must stand here. */
static bool
take(struct http_framing *f, char c, char wanted, enum framing_state next)
{
    f->state = next;
    return c == wanted;
}

/* Goes on to one of two states at a line's end, which may lack its CR. */
static bool
end_line(struct http_framing *f, char c, enum framing_state lf,
         enum framing_state next)
{
    f->state = c == '\r' ? lf : next;
    return c == '\r' || c == '\n';
}

/* Takes a byte that is not part of the body: of a chunk's line, or of the
 * trailer section, which has the syntax of a field section (RFC 9112, section
 * 7.1.2) and whose fields nobody reads here. False: it must not stand there. */
static bool
take_overhead(struct http_framing *f, char c)
{
    switch (f->state) {
    case FRAMING_SIZE:
    case FRAMING_DIGITS:
        return take_size(f, c);
    case FRAMING_SPACE:
        return end_size(f, c);
    case FRAMING_EXTENSION:
        if (c == '\r')
            f->state = FRAMING_SIZE_LF;
        return c == '\r' || visible(c);
    case FRAMING_SIZE_LF:
        f->overhead = 0;
        return take(f, c, '\n', f->left ? FRAMING_CHUNK : FRAMING_TRAILER);
    case FRAMING_CHUNK_CR:
        return take(f, c, '\r', FRAMING_CHUNK_LF);
    case FRAMING_CHUNK_LF:
        f->overhead = 0;
        return take(f, c, '\n', FRAMING_SIZE);
    case FRAMING_TRAILER:
        if (!http_is_token(c))
            return end_line(f, c, FRAMING_LAST_LF, FRAMING_DONE);
        f->state = FRAMING_NAME;
        return true;
    case FRAMING_NAME:
        if (c == ':')
            f->state = FRAMING_VALUE;
        return c == ':' || http_is_token(c);
    case FRAMING_VALUE:
        return visible(c) || end_line(f, c, FRAMING_VALUE_LF, FRAMING_TRAILER);
    case FRAMING_VALUE_LF:
        return take(f, c, '\n', FRAMING_TRAILER);
    case FRAMING_LAST_LF:
        return take(f, c, '\n', FRAMING_DONE);
    case FRAMING_DONE:
    case FRAMING_LENGTH:
    case FRAMING_CHUNK:
        assert(0 && "these states have no overhead");
    }
    return false;
}

/* Is the body's next byte, if any, a byte of the body? */
static bool
in_body(const struct http_framing *f)
{
    return f->state == FRAMING_LENGTH || f->state == FRAMING_CHUNK;
}

long
http_framing_next(struct http_framing *f, const char *in, size_t len,
                  struct slice *body)
{
    size_t used = 0;

    *body = (struct slice){in, 0};
    while (used < len && f->state != FRAMING_DONE && !in_body(f)) {
        if (f->state >= FRAMING_TRAILER && f->overhead >= FRAMING_TRAILERS_MAX)
            return -431;
        if (f->state < FRAMING_TRAILER && f->overhead >= FRAMING_LINE_MAX)
            return -400;
        f->overhead++;
        if (!take_overhead(f, in[used++]))
            return -400;
    }
    if (!in_body(f))
        return (long)used;
    body->at = in + used;
    body->len = f->left < len - used ? (size_t)f->left : len - used;
    f->left -= body->len;
    if (f->left == 0)
        f->state = f->state == FRAMING_CHUNK ? FRAMING_CHUNK_CR : FRAMING_DONE;
    return (long)(used + body->len);
}

void
http_framing_give_back(struct http_framing *f, uint64_t n)
{
    f->left += n;
    if (n > 0 && f->state == FRAMING_CHUNK_CR)
        f->state = FRAMING_CHUNK;
    if (n > 0 && f->state == FRAMING_DONE)
        f->state = FRAMING_LENGTH;
}
