#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "feed.h"
#include "request.h"
#include "unit.h"

/* Every case is fed whole, byte by byte, and split at every offset, where it
 * lies and moved in between. What comes of it is told as text: it must be the
 * same each time, and say what the case says. */

static void
tell(FILE *out, const char *key, struct slice s)
{
    char *text = case_show(s.at, s.len);

    if (s.len > 0)
        (void)fprintf(out, "%s: %s\n", key, text);
    else
        (void)fprintf(out, "%s %s\n", s.at ? "empty" : "no", key);
    free(text);
}

static void
tell_body(FILE *out, const struct http_request *r)
{
    if (r->chunked)
        (void)fprintf(out, "body: chunked\n");
    else
        (void)fprintf(out, "body: %llu bytes\n",
                      (unsigned long long)r->content_length);
    (void)fprintf(out, "keep-alive: %s\n", r->keep_alive ? "yes" : "no");
    (void)fprintf(out, "expects 100: %s\n", r->expect_continue ? "yes" : "no");
}

static void
tell_fields(FILE *out, const struct http_request *r)
{
    (void)fprintf(out, "fields: %zu\n", r->field_count);
    for (size_t i = 0; i < r->field_count; i++) {
        char *name = case_show(r->fields[i].name.at, r->fields[i].name.len);
        char *value = case_show(r->fields[i].value.at, r->fields[i].value.len);

        (void)fprintf(out, "field %s: %s\n", name, value);
        free(name);
        free(value);
    }
}

/* What the parser has found, as lines. */
static char *
describe(const struct http_request *r, long result)
{
    static const char *const names[] = {
        "unknown", "GET",     "HEAD",    "POST",  "PUT",
        "DELETE",  "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (result == 0)
        (void)fprintf(out, "incomplete, begun: %s\n",
                      http_request_begun(r) ? "yes" : "no");
    else if (result < 0)
        (void)fprintf(out, "%ld\n", -result);
    else
        (void)fprintf(out, "head: %ld bytes\n", result);
    if (result != 0)
        tell(out, "line", r->line.len > 0 ? r->line : (struct slice){0});
    if (result > 0) {
        tell(out, "method name", r->method_name);
        (void)fprintf(out, "method: %s\n", names[r->method]);
        tell(out, "target", r->target);
        tell(out, "path", r->path.len > 0 ? r->path : slice_of(""));
        tell(out, "query", r->query);
        tell(out, "host", r->host);
        (void)fprintf(out, "version: %d\n", r->version);
        tell_body(out, r);
        tell_fields(out, r);
    }
    (void)fclose(out);
    return text;
}

/* Judges what came of one way to feed, against the way before. */
static void
compare(const struct test_case *c, char **told, const struct http_request *r,
        long result, const char *way, size_t at)
{
    char *text = describe(r, result);

    case_same(c, 0, at, way, *told, text);
    free(*told);
    *told = text;
}

/* How many bytes it takes until the parser knows: fed one by one. */
static size_t
feed_bytes(const struct test_case *c, const struct case_line *in, char **told)
{
    char *block = feed_copy(in->text, in->len);
    struct http_request r;
    long result = 0;
    size_t n = 0;

    http_request_init(&r);
    while (n < in->len && result == 0) {
        feed_show(block, in->len, ++n);
        result = http_request_parse(&r, block, n);
    }
    compare(c, told, &r, result, "byte by byte", n);
    if (result != 0 && http_request_parse(&r, block, n) != result)
        case_differs(c, 0, n - 1, "the same when it is asked again",
                     "something else");
    feed_show(block, in->len, in->len);
    free(block);
    return n;
}

/* All of the bytes at once, from an uninitialized struct. */
static void
feed_whole(const struct test_case *c, const char *bytes, size_t len,
           char **told, const char *way)
{
    char *block = feed_copy(bytes, len);
    struct http_request r;

    memset(&r, 0xee, sizeof r);
    http_request_init(&r);
    compare(c, told, &r, http_request_parse(&r, block, len), way, len);
    free(block);
}

static void
feed_split(const struct test_case *c, const struct case_line *in, size_t at,
           char **told)
{
    char *block = feed_copy(in->text, in->len);
    struct http_request r;
    long result;

    http_request_init(&r);
    feed_show(block, in->len, at);
    result = http_request_parse(&r, block, at);
    feed_show(block, in->len, in->len);
    if (result == 0)
        result = http_request_parse(&r, block, in->len);
    compare(c, told, &r, result, "split", at);
    free(block);
}

/* The first part lies elsewhere, and so does the whole when it is told. */
static void
feed_moved(const struct test_case *c, const struct case_line *in, size_t at,
           char **told)
{
    char *first = feed_copy(in->text, at);
    char *second = feed_copy(in->text, in->len);
    char *third = feed_copy(in->text, in->len);
    struct http_request r;
    long result;

    http_request_init(&r);
    result = http_request_parse(&r, first, at);
    http_request_move(&r, first, second);
    free(first);
    if (result == 0)
        result = http_request_parse(&r, second, in->len);
    http_request_move(&r, second, third);
    free(second);
    compare(c, told, &r, result, "split and moved", at);
    free(third);
}

/* What comes behind a head, or behind what is wrong, changes nothing. */
static void
feed_more(const struct test_case *c, const struct case_line *in, size_t len,
          char **told)
{
    static const char behind[] = "\0\r\n\xff: \r\n\r\nGET";
    char *longer = malloc(len + sizeof behind);

    memcpy(longer, in->text, len);
    memcpy(longer + len, behind, sizeof behind);
    feed_whole(c, longer, len + sizeof behind, told, "with bytes behind");
    free(longer);
}

/* Where a value stands in the input, as far as both agree. */
static size_t
where(const struct case_line *in, const struct case_line *wanted,
      const char *got)
{
    const char *value = strstr(wanted->text, ": ");
    const char *other = strstr(got, ": ");
    size_t len, agreed = 0;

    if (!value || !other)
        return SIZE_MAX;
    len = wanted->len - (size_t)(value + 2 - wanted->text);
    for (size_t at = 0; at + len <= in->len; at++) {
        if (memcmp(in->text + at, value + 2, len) != 0)
            continue;
        while (agreed < len && value[2 + agreed] == other[2 + agreed])
            agreed++;
        return at + agreed;
    }
    return SIZE_MAX;
}

/* The byte that shows the difference: the one that was refused, or that should
 * have been; or where a value is another one. */
static size_t
shows_at(const struct test_case *c, const char *told, size_t needed,
         const struct case_line *missing)
{
    static const char *const values[] = {
        "line", "method name", "target", "path", "query", "host", "field"};
    const char *after = case_word(&c->lines[c->count - 1], "told after");
    size_t wanted = after ? strtoul(after, NULL, 10) : SIZE_MAX;
    bool refused = told[0] >= '1' && told[0] <= '9';
    bool should_be = c->lines[1].text[0] >= '1' && c->lines[1].text[0] <= '9';

    if (refused && (!should_be || needed < wanted))
        return needed - 1;
    if (should_be)
        return after ? wanted - 1 : SIZE_MAX;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (strncmp(missing->text, values[i], strlen(values[i])) == 0)
            return where(&c->lines[0], missing, case_instead(told, missing));
    return SIZE_MAX;
}

/* What the case says against what came of it, fed byte by byte. */
static void
expect(const struct test_case *c, const char *told, size_t needed)
{
    char *all = NULL;
    size_t size, missing;
    FILE *out = open_memstream(&all, &size);

    (void)fprintf(out, "%stold after %zu bytes\n", told, needed);
    (void)fclose(out);
    missing = case_missing(c, 1, all);
    if (missing < c->count)
        case_differs(c, 0, shows_at(c, told, needed, &c->lines[missing]),
                     c->lines[missing].text,
                     case_instead(all, &c->lines[missing]));
    free(all);
}

static void
judge(const struct test_case *c)
{
    const struct case_line *in = &c->lines[0];
    char *told = NULL;
    size_t needed;

    if (c->count < 2 || in->mark != '>')
        case_failed(c, "a case is bytes, and what comes of them");
    needed = feed_bytes(c, in, &told);
    expect(c, told, needed);
    feed_whole(c, in->text, in->len, &told, "whole");
    for (size_t at = 0; at < in->len; at = feed_next_split(in->len, at)) {
        feed_split(c, in, at, &told);
        feed_moved(c, in, at, &told);
    }
    if (strncmp(told, "incomplete", strlen("incomplete")) != 0)
        feed_more(c, in, needed, &told);
    free(told);
}

START_TEST(test_field)
{
    static const char head[] =
        "GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nX-one: 2\r\nEmpty:\r\n\r\n";
    struct slice value = slice_of("before");
    struct http_request r;

    http_request_init(&r);
    ck_assert_int_eq(http_request_parse(&r, head, sizeof head - 1),
                     sizeof head - 1);
    ck_assert_uint_eq(http_request_field(&r, "X-On", &value), 0);
    ck_assert_uint_eq(http_request_field(&r, "X-One-More", &value), 0);
    ck_assert_uint_eq(http_request_field(&r, "x-ONE", &value), 2);
    ck_assert(slice_is(value, "1"));
    ck_assert_uint_eq(http_request_field(&r, "host", &value), 1);
    ck_assert(slice_is(value, "a"));
    ck_assert_uint_eq(http_request_field(&r, "Empty", &value), 1);
    ck_assert(slice_is(value, ""));
}
END_TEST

/* RFC 9110, section 5.6.2. */
START_TEST(test_token)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (int c = 0; c < 256; c++) {
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool digit = c >= '0' && c <= '9';

        ck_assert_msg(http_is_token((char)c) ==
                          (letter || digit || (c && strchr(others, c))),
                      "byte %d", c);
    }
}
END_TEST

/* Not all of the struct is touched: a server has one for each request. */
START_TEST(test_init_leaves_the_fields)
{
    struct http_request r;
    const unsigned char *bytes = (const unsigned char *)r.fields;

    memset(&r, 0xee, sizeof r);
    http_request_init(&r);
    for (size_t i = 0; i < sizeof r.fields; i++)
        ck_assert_uint_eq(bytes[i], 0xee);
    ck_assert(!http_request_begun(&r));
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_field);
    unit_add(tests, test_token);
    unit_add(tests, test_init_leaves_the_fields);
}

int
main(void)
{
    static const char *const files[] = {
        "request-line.txt",    "request-target.txt",
        "request-fields.txt",  "request-host.txt",
        "request-framing.txt", "request-limits.txt",
        "request-order.txt",   NULL};

    return unit_run_cases("request", add, files, judge);
}
