#include "request.h"

#include <assert.h>
#include <string.h>

#include "judge.h"
#include "span.h"
#include "target.h"

/* The machine goes forward from byte to byte and never back, so that any split
 * of the input gives the same result. In most states it looks at one byte. A
 * target, a field's name and its value are long: they are passed over in runs
 * (span.h), as far as the bytes are of their kind.
 *
 *   START ─ METHOD ─ TARGET ─ VERSION ─ LINE_END ┐
 *                                                ├ FIELD ─ NAME ─ SPACE ─ VALUE
 *                                          DONE ─┘   ^──── FIELD_END ─────────┘
 *
 * A line may end in CR LF or in LF alone (RFC 9112, section 2.2); a CR that no
 * LF follows is refused, for others take it for a line's end.
 *
 * Most heads come whole, so step() goes through them without a stop: a state
 * falls through into the next. Where the bytes run out it keeps four numbers,
 * and the next call enters the switch in the middle.
 *
 * Invariant: buf[0..r->at) has been read; r->token is where the method,
 * target, version, name or value that is being read begins; no byte of this
 * part of the head may stand at buf[r->limit] or behind. */

enum state {
    START,    /* before the method; empty lines are passed over */
    START_LF, /* a CR there: only LF may follow */
    METHOD,   /* in the method */
    TARGET,   /* in the request target */
    VERSION,  /* in "HTTP/1.1" */
    LINE_END, /* behind the version: CR or LF */
    LINE_LF,  /* behind that CR */
    FIELD,    /* at the start of a field line, or of the empty line */
    NAME,     /* in a field's name */
    SPACE,    /* between the colon and the value */
    VALUE,    /* in a field's value */
    FIELD_LF, /* behind the CR at its end */
    LAST_LF,  /* behind the CR of the empty line */
    DONE,
};

bool
http_is_token(char c)
{
    return span_has(SPAN_TOKEN, c);
}

void
http_request_init(struct http_request *r)
{
    static const struct slice none = {NULL, 0};

    r->line = r->method_name = r->target = none;
    r->host = r->path = r->query = r->length_text = none;
    r->method = HTTP_UNKNOWN;
    r->version = 0;
    r->keep_alive = r->expect_continue = r->chunked = false;
    r->content_length = 0;
    r->state = START;
    r->failure = 0;
    r->seen = 0;
    r->at = r->token = r->limit = 0;
    r->field_count = 0;
}

bool
http_request_begun(const struct http_request *r)
{
    return r->state > START_LF;
}

size_t
http_request_field(const struct http_request *r, const char *name,
                   struct slice *value)
{
    size_t count = 0;

    for (size_t i = 0; i < r->field_count; i++)
        if (slice_is_nocase(r->fields[i].name, name) && count++ == 0)
            *value = r->fields[i].value;
    return count;
}

static void
move(struct slice *s, const char *from, const char *to)
{
    if (s->at)
        s->at = to + (s->at - from);
}

void
http_request_move(struct http_request *r, const char *from, const char *to)
{
    move(&r->line, from, to);
    move(&r->method_name, from, to);
    move(&r->target, from, to);
    move(&r->host, from, to);
    if (r->path.at != http_root_path)
        move(&r->path, from, to);
    move(&r->query, from, to);
    move(&r->length_text, from, to);
    for (size_t i = 0; i < r->field_count; i++) {
        move(&r->fields[i].name, from, to);
        move(&r->fields[i].value, from, to);
    }
    if (r->state == SPACE || r->state == VALUE) /* of this one, the name */
        move(&r->fields[r->field_count].name, from, to);
}

/* The methods that are known (RFC 9110, section 9.1, and RFC 5789). They have a
 * case: "get" is another one. */
static enum http_method
known_method(struct slice name)
{
    static const struct {
        size_t len;
        char text[8];
    } known[] = {
        [HTTP_HEAD] = {4, "HEAD"},       [HTTP_POST] = {4, "POST"},
        [HTTP_PUT] = {3, "PUT"},         [HTTP_DELETE] = {6, "DELETE"},
        [HTTP_CONNECT] = {7, "CONNECT"}, [HTTP_OPTIONS] = {7, "OPTIONS"},
        [HTTP_TRACE] = {5, "TRACE"},     [HTTP_PATCH] = {5, "PATCH"},
    };

    if (name.len == 3 && memcmp(name.at, "GET", 3) == 0) /* nearly always */
        return HTTP_GET;
    for (size_t i = HTTP_HEAD; i < sizeof known / sizeof known[0]; i++)
        if (name.len == known[i].len &&
            memcmp(name.at, known[i].text, name.len) == 0)
            return (enum http_method)i;
    return HTTP_UNKNOWN;
}

static struct slice
between(const char *from, const char *to)
{
    return (struct slice){from, (size_t)(to - from)};
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool
is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

/* How far to read: to the end of the input, or to the limit of this part. */
static const char *
nearer(const char *buf, const char *end, size_t limit)
{
    return (size_t)(end - buf) < limit ? end : buf + limit;
}

/* Remembers that the request is refused. */
static long
refuse(struct http_request *r, enum state state, int status)
{
    r->state = (int)state;
    r->failure = status;
    return -status;
}

static bool
method_ends(struct http_request *r, const char *method, const char *p)
{
    r->method_name = between(method, p);
    r->method = known_method(r->method_name);
    return r->method_name.len > 0;
}

static bool
target_ends(struct http_request *r, const char *target, const char *p)
{
    r->target = between(target, p);
    return http_target_read(r);
}

/* Reads on in "HTTP/1.1" at p; any digits will do until the head is judged.
 * NULL: it is none (RFC 9112, section 2.3). */
static const char *
read_version(struct http_request *r, const char *version, const char *p,
             const char *end)
{
    static const char form[] = "HTTP/0.0";

    if (p == version && end - p >= 8 && memcmp(p, "HTTP/1.1", 8) == 0) {
        r->version = 11; /* nearly always */
        return p + 8;
    }
    for (; p < end && p < version + strlen(form); p++) {
        size_t place = (size_t)(p - version);

        if (form[place] == '0' ? *p < '0' || *p > '9' : *p != form[place])
            return NULL;
        if (place == strlen("HTTP/"))
            r->version = (*p - '0') * 10;
        if (place == strlen("HTTP/1."))
            r->version += *p == '0' ? 0 : 1;
    }
    return p;
}

/* No white space stands before the colon (RFC 9112, section 5.1). */
static bool
name_ends(struct http_request *r, const char *name, const char *p)
{
    r->fields[r->field_count].name = between(name, p);
    return *p == ':' && p > name;
}

/* White space around a value is no part of it (RFC 9112, section 5). */
static void
value_ends(struct http_request *r, const char *value, const char *p)
{
    struct http_field *f = &r->fields[r->field_count++];

    while (p > value && is_blank(p[-1]))
        p--;
    f->value = between(value, p);
    http_judge_field(r, f);
}

/* A call for one more byte of a run does without step(), and so saves no
 * registers. */
#define NOT_INLINED __attribute__((noinline))

/* Goes from state to state as far as the bytes reach. `continue` enters another
 * state; `break` means that more bytes are needed. */
static NOT_INLINED long
step(struct http_request *r, const char *buf, size_t len)
{
    const char *p = buf + r->at;
    const char *end = buf + len;
    const char *token = buf + r->token;
    size_t limit = r->limit;
    enum state state = (enum state)r->state;

    if (state >= FIELD)
        end = nearer(buf, end, limit);
    for (;;) {
        switch (state) {
        case START:
            if (p == end)
                break;
            if (is_line_end(*p)) {
                if (p - buf >= HTTP_EMPTY_MAX)
                    return refuse(r, state, 400);
                p += *p == '\r';
                state = START_LF;
                continue;
            }
            token = p;
            limit = (size_t)(p - buf) + HTTP_METHOD_MAX;
            state = METHOD;
            /* fall through */
        case METHOD:
            p = span_word(p, nearer(buf, end, limit), SPAN_TOKEN);
            if (p == end)
                break;
            if (*p != ' ') /* the length is judged before the byte is */
                return refuse(r, state, p == buf + limit ? 501 : 400);
            if (!method_ends(r, token, p))
                return refuse(r, state, 400);
            token = ++p;
            limit = (size_t)(p - buf) + HTTP_TARGET_MAX;
            state = TARGET;
            /* fall through */
        case TARGET:
            p = span_wide(p, nearer(buf, end, limit), SPAN_TARGET);
            if (p == end)
                break;
            if (*p != ' ')
                return refuse(r, state, p == buf + limit ? 414 : 400);
            if (!target_ends(r, token, p))
                return refuse(r, state, 400);
            token = ++p;
            state = VERSION;
            /* fall through */
        case VERSION:
            p = read_version(r, token, p, end);
            if (!p)
                return refuse(r, state, 400);
            if (p < token + strlen("HTTP/1.1"))
                break;
            state = LINE_END;
            /* fall through */
        case LINE_END:
            if (p == end)
                break;
            if (!is_line_end(*p))
                return refuse(r, state, 400);
            r->line = between(r->method_name.at, p);
            p += *p == '\r';
            state = LINE_LF;
            /* fall through */
        case LINE_LF:
            if (p == end)
                break;
            if (*p++ != '\n')
                return refuse(r, state, 400);
            limit = (size_t)(p - buf) + HTTP_SECTION_MAX;
            end = nearer(buf, end, limit);
            state = FIELD;
            /* fall through */
        case FIELD:
            if (p == end)
                break;
            if (is_line_end(*p)) {
                p += *p == '\r';
                state = LAST_LF;
                continue;
            }
            if (r->field_count == HTTP_FIELDS_MAX)
                return refuse(r, state, 431);
            token = p;
            state = NAME;
            /* fall through */
        case NAME:
            p = span_word(p, end, SPAN_TOKEN);
            if (p == end)
                break;
            if (!name_ends(r, token, p++))
                return refuse(r, state, 400);
            state = SPACE;
            /* fall through */
        case SPACE:
            while (p < end && is_blank(*p))
                p++;
            token = p;
            if (p == end)
                break;
            state = VALUE;
            /* fall through */
        case VALUE:
            p = span_wide(p, end, SPAN_VALUE);
            if (p == end)
                break;
            if (!is_line_end(*p))
                return refuse(r, state, 400);
            value_ends(r, token, p);
            p += *p == '\r';
            state = FIELD_LF;
            /* fall through */
        case FIELD_LF:
            if (p == end)
                break;
            if (*p++ != '\n')
                return refuse(r, state, 400);
            state = FIELD;
            continue;
        case START_LF:
            if (p == end)
                break;
            if (*p++ != '\n')
                return refuse(r, state, 400);
            state = START;
            continue;
        case LAST_LF:
            if (p == end)
                break;
            if (*p++ != '\n')
                return refuse(r, state, 400);
            state = DONE;
            break;
        case DONE:
            assert(0 && "a complete head takes no more steps");
        }
        break;
    }
    r->state = (int)state;
    r->at = (size_t)(p - buf);
    r->token = (size_t)(token - buf);
    r->limit = limit;
    if (state == DONE)
        r->failure = http_judge_head(r);
    else if (p < buf + len)
        r->failure = 431;
    if (r->failure)
        return -r->failure;
    return state == DONE ? (long)r->at : 0;
}

long
http_request_parse(struct http_request *r, const char *buf, size_t len)
{
    static const unsigned char runs[] = {
        [METHOD] = SPAN_TOKEN,
        [TARGET] = SPAN_TARGET,
        [NAME] = SPAN_TOKEN,
        [VALUE] = SPAN_VALUE,
        [DONE] = 0,
    };

    if (r->failure)
        return -r->failure;
    if (r->at + 1 == len && len <= r->limit &&
        span_has(runs[r->state], buf[r->at])) {
        r->at = len; /* one byte more of a run */
        return 0;
    }
    return r->state == DONE ? (long)r->at : step(r, buf, len);
}
