#include "pages.h"

#include <string.h>

#include "unit.h"

/* The status of the answer to a head, which is whole and good. */
static int
ask(struct http_response *response, const char *head)
{
    struct http_request request;

    http_request_init(&request);
    ck_assert_int_eq(http_request_parse(&request, head, strlen(head)),
                     (long)strlen(head));
    *response = (struct http_response){0};
    pages_answer(&request, response);
    return response->status;
}

static bool
has_field(const struct http_response *response, const char *field)
{
    struct buffer all = {0};
    bool found;

    buffer_add(&all, response->fields.bytes, response->fields.len);
    buffer_add(&all, "", 1);
    found = strstr(all.bytes, field) != NULL;
    buffer_free(&all);
    return found;
}

START_TEST(test_hello)
{
    struct http_response r;

    ck_assert_int_eq(ask(&r, "GET /hello HTTP/1.0\r\n\r\n"), 200);
    ck_assert_uint_eq(r.body.len, 22);
    ck_assert_int_eq(memcmp(r.body.bytes, "Hello from the server\n", 22), 0);
    ck_assert(has_field(&r, "Content-Type: text/plain"));
    ck_assert(has_field(&r, "Content-Length: 22\r\n"));
    http_response_free(&r);
}
END_TEST

START_TEST(test_root)
{
    struct http_response r;

    ck_assert_int_eq(ask(&r, "GET / HTTP/1.0\r\n\r\n"), 200);
    ck_assert(has_field(&r, "Content-Type: text/html; charset=utf-8\r\n"));
    ck_assert_int_eq(memcmp(r.body.bytes, "<!doctype html>", 15), 0);
    http_response_free(&r);
}
END_TEST

START_TEST(test_queries_and_forms)
{
    static const char *const heads[] = {
        "GET /hello?a=b HTTP/1.0\r\n\r\n",     "HEAD /hello HTTP/1.0\r\n\r\n",
        "GET http://a/hello HTTP/1.0\r\n\r\n", "GET http://a HTTP/1.0\r\n\r\n",
        "GET http://a?b HTTP/1.0\r\n\r\n",
    };
    struct http_response r;

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (ask(&r, heads[i]) != 200)
            unit_differs(heads[i], "200", "another status");
        http_response_free(&r);
    }
}
END_TEST

/* 404 goes before 405, and that before 413. */
START_TEST(test_errors)
{
    static const struct {
        int status;
        const char *head;
    } asked[] = {
        {404, "GET /hello/ HTTP/1.0\r\n\r\n"},
        {404, "GET //hello HTTP/1.0\r\n\r\n"},
        {404, "GET /Hello HTTP/1.0\r\n\r\n"},
        {404, "GET /hell HTTP/1.0\r\n\r\n"},
        {404, "POST /x HTTP/1.0\r\nContent-Length: 1048577\r\n\r\n"},
        {404, "OPTIONS * HTTP/1.0\r\n\r\n"},
        {404, "CONNECT a:1 HTTP/1.0\r\n\r\n"},
        {405, "POST /hello HTTP/1.0\r\n\r\n"},
        {405, "POST / HTTP/1.0\r\nContent-Length: 1048577\r\n\r\n"},
        {405, "OPTIONS / HTTP/1.0\r\n\r\n"},
        {413, "GET / HTTP/1.0\r\nContent-Length: 1048577\r\n\r\n"},
        {200, "GET / HTTP/1.0\r\nContent-Length: 1048576\r\n\r\n"},
    };
    struct http_response r;

    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        ck_assert_msg(ask(&r, asked[i].head) == asked[i].status, "%d: %s",
                      r.status, asked[i].head);
        ck_assert_int_eq(has_field(&r, "Allow: GET, HEAD\r\n"),
                         r.status == 405);
        http_response_free(&r);
    }
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_hello);
    unit_add(tests, test_root);
    unit_add(tests, test_queries_and_forms);
    unit_add(tests, test_errors);
}

int
main(void)
{
    return unit_run("pages", add);
}
