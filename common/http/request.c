#include "request.h"

#include <assert.h>
#include <string.h>

#include "judge.h"
#include "target.h"

/* The machine reads byte by byte and never goes back, so that any split of the
 * input gives the same result. Three kinds of bytes come in long runs: those
 * of a target, of a field's name and of its value. For them a state has an
 * inner loop over one table. All other states look at one byte.
 *
 *   START ─ METHOD ─ TARGET ─ VERSION ─ LINE_END ┐
 *                                                ├ FIELD ─ NAME ─ SPACE ─ VALUE
 *                                          DONE ─┘   ^──── FIELD_END ─────────┘
 *
 * A line may end in CR LF or in LF alone (RFC 9112, section 2.2); a CR that no
 * LF follows is refused, for others take it for a line's end.
 *
 * Invariant: buf[0..r->at) has been read; r->token is where the method,
 * target, version, name or value that is being read begins. */

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

/* What a byte may be part of. */
enum {
    TOKEN = 1,     /* a method or a field's name (RFC 9110, section 5.6.2) */
    IN_TARGET = 2, /* what browsers send in a target: all that is visible, but
                    * for the '#', which begins what is not sent */
    IN_VALUE = 4,  /* visible, space, tab, or above ASCII (section 5.5) */
};

#define V (IN_VALUE)
#define W (IN_TARGET | IN_VALUE)
#define T (TOKEN | IN_TARGET | IN_VALUE)
/* clang-format off */
static const unsigned char kinds[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, V, 0, 0, 0, 0, 0, 0, /* tab */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* */
    V, T, W, TOKEN | V, T, T, T, T, W, W, T, T, W, T, T, W, /*  !"#$%&'()*+,-./ */
    T, T, T, T, T, T, T, T, T, T, W, W, W, W, W, W, /* 0-9 :;<=>? */
    W, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, /* @A-O */
    T, T, T, T, T, T, T, T, T, T, T, W, W, W, T, T, /* P-Z [\]^_ */
    T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, /* `a-o */
    T, T, T, T, T, T, T, T, T, T, T, W, T, W, T, 0, /* p-z {|}~ */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* above ASCII */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
};
/* clang-format on */
#undef V
#undef W
#undef T

bool
http_is_token(char c)
{
    return kinds[(unsigned char)c] & TOKEN;
}

void
http_request_init(struct http_request *r)
{
    memset(r, 0, offsetof(struct http_request, fields)); /* START is 0 */
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

static enum http_method
known_method(struct slice name)
{
    static const char *const names[] = {
        [HTTP_GET] = "GET",         [HTTP_HEAD] = "HEAD",
        [HTTP_POST] = "POST",       [HTTP_PUT] = "PUT",
        [HTTP_DELETE] = "DELETE",   [HTTP_CONNECT] = "CONNECT",
        [HTTP_OPTIONS] = "OPTIONS", [HTTP_TRACE] = "TRACE",
        [HTTP_PATCH] = "PATCH",
    };

    for (size_t i = HTTP_GET; i < sizeof names / sizeof names[0]; i++)
        if (slice_is(name, names[i]))
            return (enum http_method)i;
    return HTTP_UNKNOWN;
}

/* How far a run of one kind of bytes goes. */
static const char *
skip(const char *p, const char *end, unsigned kind)
{
    while (p < end && kinds[(unsigned char)*p] & kind)
        p++;
    return p;
}

/* Reads a run of at most max bytes from buf + r->token up to a space. Returns
 * the space; or end: more is needed; or NULL, with `status` as the failure
 * where the run is too long. The length is judged before the byte is. */
static const char *
read_word(struct http_request *r, const char *buf, const char *p,
          const char *end, unsigned kind, size_t max, int status)
{
    const char *longest = buf + r->token + max;

    p = skip(p, end < longest ? end : longest, kind);
    if (p == end || *p == ' ')
        return p;
    if (p == longest)
        r->failure = status;
    return NULL;
}

static const char *
method_ends(struct http_request *r, const char *buf, const char *p)
{
    r->method_name = (struct slice){buf + r->token, 0};
    r->method_name.len = (size_t)(p - r->method_name.at);
    r->method = known_method(r->method_name);
    r->state = TARGET;
    r->token = (size_t)(p + 1 - buf);
    return r->method_name.len > 0 ? p + 1 : NULL;
}

static const char *
target_ends(struct http_request *r, const char *buf, const char *p)
{
    r->target = (struct slice){buf + r->token, 0};
    r->target.len = (size_t)(p - r->target.at);
    r->state = VERSION;
    r->token = (size_t)(p + 1 - buf);
    return http_target_read(r) ? p + 1 : NULL;
}

/* Reads a byte of "HTTP/1.1"; any digits will do until the head is judged. */
static const char *
read_version(struct http_request *r, const char *buf, const char *p)
{
    static const char form[] = "HTTP/0.0";
    size_t place = (size_t)(p - buf) - r->token;

    if (form[place] == '0' ? (*p < '0' || *p > '9') : *p != form[place])
        return NULL;
    if (place == strlen("HTTP/"))
        r->version = (*p - '0') * 10;
    if (place == strlen("HTTP/1.")) {
        r->version += *p == '0' ? 0 : 1;
        r->state = LINE_END;
    }
    return p + 1;
}

static const char *
name_ends(struct http_request *r, const char *buf, const char *p)
{
    struct http_field *f = &r->fields[r->field_count];

    f->name = (struct slice){buf + r->token, 0};
    f->name.len = (size_t)(p - f->name.at);
    r->state = SPACE;
    return *p == ':' && f->name.len > 0 ? p + 1 : NULL;
}

static void
value_ends(struct http_request *r, const char *buf, const char *p)
{
    struct http_field *f = &r->fields[r->field_count++];

    f->value = (struct slice){buf + r->token, 0};
    f->value.len = (size_t)(p - f->value.at);
    f->value = slice_trim(f->value);
    http_judge_field(r, f);
}

/* At the end of a line: takes CR, or leaves LF to the state behind it. */
static const char *
line_ends(struct http_request *r, const char *p, enum state behind)
{
    r->state = (int)behind;
    return *p == '\r' ? p + 1 : *p == '\n' ? p : NULL;
}

/* One step of the machine: one byte, or a run of them, of p < end. Returns how
 * far it came, or NULL for a byte that must not stand there: 400, unless
 * r->failure says otherwise. */
static const char *
step(struct http_request *r, const char *buf, const char *p, const char *end)
{
    switch ((enum state)r->state) {
    case START:
        r->token = (size_t)(p - buf);
        if (*p != '\r' && *p != '\n')
            r->state = METHOD;
        else if (r->token < HTTP_EMPTY_MAX)
            return line_ends(r, p, START_LF);
        return r->state == METHOD ? p : NULL;
    case METHOD:
        p = read_word(r, buf, p, end, TOKEN, HTTP_METHOD_MAX, 501);
        return p && p < end ? method_ends(r, buf, p) : p;
    case TARGET:
        p = read_word(r, buf, p, end, IN_TARGET, HTTP_TARGET_MAX, 414);
        return p && p < end ? target_ends(r, buf, p) : p;
    case VERSION:
        return read_version(r, buf, p);
    case LINE_END:
        if (*p != '\r' && *p != '\n')
            return NULL;
        r->line = (struct slice){r->method_name.at, 0};
        r->line.len = (size_t)(p - r->line.at);
        return line_ends(r, p, LINE_LF);
    case FIELD:
        r->token = (size_t)(p - buf);
        if (*p == '\r' || *p == '\n')
            return line_ends(r, p, LAST_LF);
        if (r->field_count == HTTP_FIELDS_MAX) {
            r->failure = 431;
            return NULL;
        }
        r->state = NAME;
        return p;
    case NAME:
        p = skip(p, end, TOKEN);
        return p < end ? name_ends(r, buf, p) : p;
    case SPACE:
        r->token = (size_t)(p - buf);
        if (*p == ' ' || *p == '\t')
            return p + 1;
        r->state = VALUE;
        return p;
    case VALUE:
        p = skip(p, end, IN_VALUE);
        if (p == end)
            return p;
        value_ends(r, buf, p);
        return line_ends(r, p, FIELD_LF);
    case START_LF:
        r->state = START;
        break;
    case LINE_LF:
        r->section = (size_t)(p + 1 - buf);
        r->state = FIELD;
        break;
    case FIELD_LF:
        r->state = FIELD;
        break;
    case LAST_LF:
        r->state = DONE;
        break;
    case DONE:
        assert(0 && "a complete head takes no more steps");
    }
    return *p == '\n' ? p + 1 : NULL;
}

/* Fields are read up to here: the end of the input, or of what is allowed. */
static const char *
limit(const struct http_request *r, const char *buf, const char *end)
{
    const char *last = buf + r->section + HTTP_SECTION_MAX;

    return r->state >= FIELD && end > last ? last : end;
}

long
http_request_parse(struct http_request *r, const char *buf, size_t len)
{
    const char *p = buf + r->at;
    const char *end = buf + len;

    while (r->failure == 0 && r->state != DONE && p < limit(r, buf, end)) {
        const char *next = step(r, buf, p, limit(r, buf, end));

        if (next)
            p = next;
        else if (r->failure == 0)
            r->failure = 400;
    }
    r->at = (size_t)(p - buf);
    if (r->failure == 0 && r->state == DONE)
        r->failure = http_judge_head(r);
    else if (r->failure == 0 && p < end)
        r->failure = 431;
    if (r->failure)
        return -r->failure;
    return r->state == DONE ? (long)r->at : 0;
}
