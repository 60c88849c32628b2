#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "feed.h"
#include "framing.h"
#include "unit.h"

/* Every body is read whole, byte by byte, and split at every offset, each part
 * from a heap buffer of exactly its size; by one who takes all, and by one who
 * takes a few bytes at a time and gives the rest back. What comes of it must be
 * the same each time, and what the case says. */

struct reading {
    struct http_framing framing;
    size_t most; /* bytes of the body taken at a time */
    char *body;  /* what was taken */
    size_t body_len;
    size_t used; /* bytes of the input */
    long failed; /* the status, < 0 */
};

static struct reading
begin(const struct test_case *c, size_t most)
{
    struct reading r = {.most = most};
    const char *length = case_word(&c->lines[0], "length");

    if (!length && !case_word(&c->lines[0], "chunked"))
        case_failed(c, "it begins with 'chunked' or 'length N'");
    memset(&r.framing, 0xee, sizeof r.framing);
    http_framing_init(&r.framing, !length,
                      length ? strtoull(length, NULL, 10) : 12345);
    return r;
}

/* Reads a part of the input as far as that goes. */
static void
read_part(struct reading *r, const struct test_case *c, const char *in,
          size_t len)
{
    char *part = feed_copy(in, len);
    size_t at = 0;

    while (r->failed == 0 && at < len) {
        struct slice body;
        long used = http_framing_next(&r->framing, part + at, len - at, &body);
        size_t taken;

        if (used <= 0) {
            r->failed = used;
            break;
        }
        if ((size_t)used > len - at || body.len > (size_t)used ||
            (body.len > 0 && body.at + body.len != part + at + used))
            case_differs(c, 1, SIZE_MAX, "a body at the end of what is used",
                         "one that is elsewhere");
        taken = body.len < r->most ? body.len : r->most;
        http_framing_give_back(&r->framing, body.len - taken);
        r->body = realloc(r->body, r->body_len + taken + 1);
        memcpy(r->body + r->body_len, body.at, taken);
        r->body_len += taken;
        at += (size_t)used - (body.len - taken);
    }
    r->used += at;
    free(part);
}

/* Tells what came of it, and that it is what came of it before. */
static void
end(struct reading *r, const struct test_case *c, char **told, const char *way,
    size_t at)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    char *body = case_show(r->body, r->body_len);

    if (r->failed)
        (void)fprintf(out, "%ld\n", -r->failed);
    else if (r->framing.state == FRAMING_DONE)
        (void)fprintf(out, "done\nused: %zu bytes\n", r->used);
    else
        (void)fprintf(out, "incomplete\n");
    (void)fprintf(out, r->body_len ? "body: %s\n" : "no body\n", body);
    (void)fclose(out);
    case_same(c, 1, at, way, *told, text);
    free(*told);
    free(body);
    free(r->body);
    *told = text;
}

/* How many bytes it takes until what is wrong is told, or all is there. */
static size_t
read_bytes(const struct test_case *c, const struct case_line *in, char **told)
{
    struct reading r = begin(c, 1);
    size_t n = 0;

    while (n < in->len && !r.failed && r.framing.state != FRAMING_DONE)
        read_part(&r, c, in->text + n++, 1);
    end(&r, c, told, "byte by byte", n);
    return n;
}

static void
read_split(const struct test_case *c, const struct case_line *in, size_t at,
           size_t most, char **told)
{
    struct reading r = begin(c, most);

    read_part(&r, c, in->text, at);
    if (r.framing.state != FRAMING_DONE)
        read_part(&r, c, in->text + at, in->len - at);
    end(&r, c, told, most == SIZE_MAX ? "split" : "split and given back", at);
}

/* The byte that shows the difference: the one that was refused, or that should
 * have been, or that the body or its end is missing at. */
static size_t
shows_at(const struct test_case *c, const char *told, size_t needed)
{
    const char *after = case_word(&c->lines[c->count - 1], "told after");
    size_t wanted = after ? strtoul(after, NULL, 10) : SIZE_MAX;

    if (told[0] >= '1' && told[0] <= '9' && needed < wanted)
        return needed - 1;
    return after ? wanted - 1 : SIZE_MAX;
}

/* What the case says against what came of it, read byte by byte. */
static void
expect(const struct test_case *c, const char *told, size_t needed)
{
    char *all = NULL;
    size_t size, missing;
    FILE *out = open_memstream(&all, &size);

    (void)fprintf(out, "%stold after %zu bytes\n", told, needed);
    (void)fclose(out);
    missing = case_missing(c, 2, all);
    if (missing < c->count)
        case_differs(c, 1, shows_at(c, told, needed), c->lines[missing].text,
                     case_instead(all, &c->lines[missing]));
    free(all);
}

static void
judge(const struct test_case *c)
{
    const struct case_line *in = &c->lines[1];
    char *told = NULL;
    size_t needed;

    if (c->count < 3 || in->mark != '>')
        case_failed(c, "a case is a framing, bytes, and what comes of them");
    needed = read_bytes(c, in, &told);
    expect(c, told, needed);
    for (size_t at = 0; at < in->len; at = feed_next_split(in->len, at))
        for (size_t most = 1; most <= 4; most++)
            read_split(c, in, at, most < 4 ? most : SIZE_MAX, &told);
    free(told);
}

START_TEST(test_no_body)
{
    struct http_framing f;
    struct slice body;

    http_framing_init(&f, false, 0);
    ck_assert_int_eq(f.state, FRAMING_DONE);
    ck_assert_int_eq(http_framing_next(&f, "GET", 3, &body), 0);
    ck_assert_uint_eq(body.len, 0);
}
END_TEST

START_TEST(test_nothing_to_read)
{
    struct http_framing f;
    struct slice body;

    http_framing_init(&f, true, 0);
    ck_assert_int_eq(http_framing_next(&f, "", 0, &body), 0);
    ck_assert_uint_eq(body.len, 0);
    ck_assert_int_ne(f.state, FRAMING_DONE);
}
END_TEST

/* A length that no memory holds, without counting to it. */
START_TEST(test_largest_length)
{
    struct http_framing f;
    struct slice body;

    http_framing_init(&f, false, UINT64_MAX);
    ck_assert_int_eq(http_framing_next(&f, "abc", 3, &body), 3);
    ck_assert_uint_eq(body.len, 3);
    ck_assert(f.left == UINT64_MAX - 3);
    http_framing_give_back(&f, 3);
    ck_assert(f.left == UINT64_MAX);
}
END_TEST

START_TEST(test_give_back_nothing)
{
    struct http_framing f;
    struct slice body;

    http_framing_init(&f, false, 3);
    ck_assert_int_eq(http_framing_next(&f, "abc", 3, &body), 3);
    http_framing_give_back(&f, 0);
    ck_assert_int_eq(f.state, FRAMING_DONE);
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_no_body);
    unit_add(tests, test_nothing_to_read);
    unit_add(tests, test_largest_length);
    unit_add(tests, test_give_back_nothing);
}

int
main(void)
{
    static const char *const files[] = {"framing.txt", NULL};

    return unit_run_cases("framing", add, files, judge);
}
