#include "response.h"

#include <stdio.h>
#include <string.h>

#include "date.h"
#include "memory.h"
#include "unit.h"

static int releases;

static void
release(void *owner)
{
    ck_assert_str_eq(owner, "owner");
    releases++;
}

static bool
fields_are(const struct http_response *r, const char *text)
{
    return r->fields.len == strlen(text) &&
           memcmp(r->fields.bytes, text, r->fields.len) == 0;
}

/* A buffer as text. */
static const char *
text_of(struct buffer *b)
{
    buffer_add(b, "", 1);
    return b->bytes;
}

START_TEST(test_add)
{
    struct http_response r = {0};

    http_response_add(&r, "A", "%s", "b");
    http_response_add(&r, "C-D", "%d %s", 5, "e\tf\xc3\xa9");
    http_response_add(&r, "G", "%s", "");
    ck_assert(fields_are(&r, "A: b\r\nC-D: 5 e\tf\xc3\xa9\r\nG: \r\n"));
    http_response_free(&r);
}
END_TEST

/* Else a name that a client chose could end a field and begin another. */
START_TEST(test_controls_are_left_out)
{
    struct http_response r = {0};

    http_response_add(&r, "A", "%s", "b");
    http_response_add(&r, "B", "%s", "c\r\nSet-Cookie: d");
    http_response_add(&r, "C", "%s", "\n");
    http_response_add(&r, "D", "%s", "a\rb");
    http_response_add(&r, "E", "%c", 0);
    http_response_add(&r, "F", "%s", "\x1f");
    http_response_add(&r, "G", "%s", "\x7f");
    http_response_add(&r, "H", "%s", "i");
    ck_assert(fields_are(&r, "A: b\r\nH: i\r\n"));
    http_response_free(&r);
}
END_TEST

START_TEST(test_body)
{
    struct http_response r = {.status = 200};
    struct buffer out = {0};
    char wanted[300];

    http_response_body(&r, "text/plain", "caf\xc3\xa9", 5);
    ck_assert(fields_are(&r, "Content-Type: text/plain\r\n"
                             "Content-Length: 5\r\n"));
    ck_assert_int_eq(http_response_whole(&r, HTTP_GET, &out), 5);
    (void)snprintf(wanted, sizeof wanted,
                   "HTTP/1.1 200 OK\r\nServer: Staircase\r\nDate: %s\r\n"
                   "Content-Type: text/plain\r\nContent-Length: 5\r\n"
                   "Connection: close\r\n\r\ncaf\xc3\xa9",
                   date_now());
    ck_assert_str_eq(text_of(&out), wanted);
    buffer_free(&out);
    http_response_free(&r);
}
END_TEST

START_TEST(test_large_length)
{
    struct http_response r = {.status = 200};

    http_response_body(&r, "a/b", NULL, 5000000000);
    ck_assert(r.body.len == 5000000000);
    ck_assert(fields_are(&r, "Content-Type: a/b\r\n"
                             "Content-Length: 5000000000\r\n"));
    http_response_free(&r);
}
END_TEST

START_TEST(test_no_body_after_head)
{
    struct http_response r = {.status = 200};
    struct buffer out = {0};

    http_response_body(&r, "text/plain", "hello", 5);
    ck_assert_int_eq(http_response_whole(&r, HTTP_HEAD, &out), -1);
    ck_assert_ptr_nonnull(strstr(text_of(&out), "Content-Length: 5\r\n"));
    ck_assert_ptr_null(strstr(out.bytes, "hello"));
    ck_assert_str_eq(strstr(out.bytes, "\r\n\r\n"), "\r\n\r\n");
    buffer_free(&out);
    http_response_free(&r);
}
END_TEST

START_TEST(test_who_has_a_body)
{
    static const int without[] = {100, 101, 103, 199, 204, 304};
    static const int with[] = {200, 201, 206, 301, 400, 404, 500, 599};
    struct http_response r = {0};

    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        r.status = without[i];
        ck_assert_msg(!http_response_has_body(&r, HTTP_GET), "%d has none",
                      r.status);
    }
    for (size_t i = 0; i < sizeof with / sizeof with[0]; i++) {
        r.status = with[i];
        ck_assert_msg(http_response_has_body(&r, HTTP_GET), "%d has one",
                      r.status);
        ck_assert_int_eq(http_response_has_body(&r, HTTP_UNKNOWN), true);
        ck_assert_int_eq(http_response_has_body(&r, HTTP_HEAD), false);
    }
}
END_TEST

/* RFC 9110, section 15, and RFC 6585. */
START_TEST(test_reasons)
{
    static const struct {
        int status;
        const char *line;
    } known[] = {
        {101, "HTTP/1.1 101 Switching Protocols\r\n"},
        {200, "HTTP/1.1 200 OK\r\n"},
        {204, "HTTP/1.1 204 No Content\r\n"},
        {301, "HTTP/1.1 301 Moved Permanently\r\n"},
        {304, "HTTP/1.1 304 Not Modified\r\n"},
        {400, "HTTP/1.1 400 Bad Request\r\n"},
        {403, "HTTP/1.1 403 Forbidden\r\n"},
        {404, "HTTP/1.1 404 Not Found\r\n"},
        {405, "HTTP/1.1 405 Method Not Allowed\r\n"},
        {408, "HTTP/1.1 408 Request Timeout\r\n"},
        {413, "HTTP/1.1 413 Content Too Large\r\n"},
        {414, "HTTP/1.1 414 URI Too Long\r\n"},
        {417, "HTTP/1.1 417 Expectation Failed\r\n"},
        {431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
        {500, "HTTP/1.1 500 Internal Server Error\r\n"},
        {501, "HTTP/1.1 501 Not Implemented\r\n"},
        {503, "HTTP/1.1 503 Service Unavailable\r\n"},
        {505, "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
        {299, "HTTP/1.1 299 Unknown\r\n"},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct http_response r = {.status = known[i].status};
        struct buffer out = {0};

        http_response_head(&r, &out);
        ck_assert_msg(
            strncmp(text_of(&out), known[i].line, strlen(known[i].line)) == 0,
            "%s", out.bytes);
        buffer_free(&out);
    }
}
END_TEST

START_TEST(test_error)
{
    struct http_response r = {.status = 200};

    http_response_add(&r, "X", "y");
    r.release = release;
    r.owner = "owner";
    http_response_error(&r, 404);
    ck_assert_int_eq(releases, 1);
    ck_assert_int_eq(r.status, 404);
    ck_assert(!r.release);
    ck_assert(fields_are(&r, "Content-Type: text/html; charset=utf-8\r\n"
                             "Content-Length: 85\r\n"));
    ck_assert_uint_eq(r.body.len, 85);
    ck_assert_int_eq(strncmp(r.body.bytes,
                             "<!doctype html>\n<html lang=\"en\">\n"
                             "<title>404 Not Found</title>\n"
                             "<h1>404 Not Found</h1>\n",
                             85),
                     0);
    http_response_error(&r, 500);
    ck_assert_int_eq(r.status, 500);
    http_response_free(&r);
    ck_assert_int_eq(releases, 1);
}
END_TEST

START_TEST(test_free)
{
    struct http_response r = {
        .status = 200, .release = release, .owner = "owner"};

    http_response_body(&r, "text/plain", "hello", 5);
    http_response_free(&r);
    http_response_free(&r);
    ck_assert_int_eq(releases, 1);
    ck_assert_int_eq(r.status, 0);
    ck_assert_uint_eq(r.body.len, 0);
    ck_assert_uint_eq(r.fields.len, 0);
}
END_TEST

/* A field that is lost must not be sent as if it had never been. */
START_TEST(test_no_memory_for_a_field)
{
    struct http_response r = {.status = 200};
    struct buffer out = {0};

    http_response_add(&r, "A", "b");
    memory_fail(1);
    memory_watch();
    http_response_add(&r, "C", "%*s", 5000, "d");
    memory_ignore();
    ck_assert(fields_are(&r, "A: b\r\n"));
    ck_assert(r.fields.failed);
    http_response_head(&r, &out);
    ck_assert(out.failed);
    buffer_free(&out);
    http_response_free(&r);
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_add);
    unit_add(tests, test_controls_are_left_out);
    unit_add(tests, test_body);
    unit_add(tests, test_large_length);
    unit_add(tests, test_no_body_after_head);
    unit_add(tests, test_who_has_a_body);
    unit_add(tests, test_reasons);
    unit_add(tests, test_error);
    unit_add(tests, test_free);
    unit_add(tests, test_no_memory_for_a_field);
}

int
main(void)
{
    return unit_run("response", add);
}
