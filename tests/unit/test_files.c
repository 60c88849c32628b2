#include "files.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "asked.h"
#include "date.h"
#include "site.h"
#include "unit.h"

START_TEST(test_files)
{
    asked_begin();
    ck_assert_int_eq(get("/a.txt"), 200);
    ck_assert(body_is("hello\n"));
    ck_assert_ptr_nonnull(strstr(fields, "Content-Type: text/plain; "
                                         "charset=utf-8\r\n"));
    ck_assert_ptr_nonnull(strstr(fields, "Content-Length: 6\r\n"));
    ck_assert_int_eq(get("/empty"), 200);
    ck_assert(body_is(""));
    ck_assert_ptr_nonnull(strstr(fields, "Content-Length: 0\r\n"));
    ck_assert_ptr_nonnull(
        strstr(fields, "Content-Type: application/octet-stream\r\n"));
    ck_assert_int_eq(get("/d/b.css?query"), 200);
    ck_assert(body_is("css"));
    ck_assert_int_eq(get("/d/../%61.txt"), 200);
    ck_assert_int_eq(get("//d//b.css"), 200);
    ck_assert_int_eq(ask("HEAD /a.txt", ""), 200);
    ck_assert_ptr_nonnull(strstr(fields, "Content-Length: 6\r\n"));
    asked_end();
}
END_TEST

START_TEST(test_names)
{
    static const char *const names[][2] = {
        {"a b.txt", "/a%20b.txt"},
        {"caf\xc3\xa9", "/caf%C3%A9"},
        {"a+b", "/a+b"},
        {"50%", "/50%25"},
        {"a;b", "/a;b"},
        {"%2e%2e", "/%252e%252e"},
        {"back\\slash", "/back\\slash"},
        {"q?", "/q%3F"},
        {"...", NULL},
    };

    asked_begin();
    for (size_t i = 0; names[i][1]; i++) {
        site_file(names[i][0], names[i][0]);
        ck_assert_msg(get(names[i][1]) == 200, "%s: %d", names[i][1], r.status);
        ck_assert_msg(body_is(names[i][0]), "%s", names[i][1]);
    }
    asked_end();
}
END_TEST

/* A larger file is not read, but sent from its descriptor. */
START_TEST(test_large)
{
    asked_begin();
    site_large("just", FILES_COPY_MAX);
    site_large("more", FILES_COPY_MAX + 1);
    ck_assert_int_eq(get("/just"), 200);
    ck_assert_ptr_nonnull(r.body.bytes);
    ck_assert_uint_eq(r.body.len, FILES_COPY_MAX);
    ck_assert_int_eq(body[FILES_COPY_MAX - 1], 'a' + (FILES_COPY_MAX - 1) % 25);
    ck_assert_int_eq(get("/more"), 200);
    ck_assert_ptr_null(r.body.bytes);
    ck_assert_uint_eq(r.body.len, FILES_COPY_MAX + 1);
    ck_assert_int_eq(body_len, FILES_COPY_MAX + 1);
    ck_assert_int_eq(body[FILES_COPY_MAX], 'a' + FILES_COPY_MAX % 25);
    ck_assert_ptr_nonnull(strstr(fields, "Content-Length: 16385\r\n"));
    http_response_free(&r);
    ck_assert_int_eq(fcntl(r.body.file, F_GETFD) >= 0, 1); /* 0, that is */
    asked_end();
}
END_TEST

START_TEST(test_index)
{
    asked_begin();
    ck_assert_int_eq(get("/d/"), 200);
    ck_assert(body_is("index"));
    ck_assert_ptr_nonnull(strstr(fields, "text/html"));
    ck_assert_int_eq(get("/d/e/"), 200);
    ck_assert(body_is("htm"));
    ck_assert_int_eq(get("/d/e/.."), 200);
    ck_assert(body_is("index"));
    ck_assert_int_eq(get("/"), 403);
    ck_assert_int_eq(get("/none/"), 403);
    site_directory("odd");
    site_directory("odd/index.html");
    ck_assert_int_eq(get("/odd/"), 403);
    site_directory("linked");
    site_link("linked/index.html", "../a.txt");
    ck_assert_int_eq(get("/linked/"), 403);
    asked_end();
}
END_TEST

/* Never to another host, whatever the path looks like. */
START_TEST(test_redirect)
{
    asked_begin();
    site_directory("a b");
    ck_assert_int_eq(get("/d"), 301);
    ck_assert_ptr_nonnull(strstr(fields, "Location: /d/\r\n"));
    ck_assert_int_eq(get("/d/e?x=y&z"), 301);
    ck_assert_ptr_nonnull(strstr(fields, "Location: /d/e/?x=y&z\r\n"));
    ck_assert_int_eq(get("/d?"), 301);
    ck_assert_ptr_nonnull(strstr(fields, "Location: /d/?\r\n"));
    ck_assert_int_eq(get("//d"), 301);
    ck_assert_ptr_nonnull(strstr(fields, "Location: /d/\r\n"));
    ck_assert_int_eq(get("http://evil//d"), 301);
    ck_assert_ptr_nonnull(strstr(fields, "Location: /d/\r\n"));
    ck_assert_int_eq(get("/a%20b"), 301);
    ck_assert_ptr_nonnull(strstr(fields, "Location: /a%20b/\r\n"));
    asked_end();
}
END_TEST

START_TEST(test_not_found)
{
    static char target[5000] = "/";

    asked_begin();
    site_file(".hidden", "secret");
    site_directory(".git");
    site_file(".git/config", "secret");
    site_directory(".well-known");
    site_file(".well-known/a", "known");
    ck_assert_int_eq(get("/nothing"), 404);
    ck_assert_int_eq(get("/nothing/"), 404);
    ck_assert_int_eq(get("/nothing/a"), 404);
    ck_assert_int_eq(get("/a.txt/"), 404);
    ck_assert_int_eq(get("/a.txt/b"), 404);
    ck_assert_int_eq(get("/A.TXT"), 404);
    ck_assert_int_eq(get("/.hidden"), 404);
    ck_assert_int_eq(get("/.git/config"), 404);
    ck_assert_int_eq(get("/.git"), 404);
    ck_assert_int_eq(get("/.mime.types"), 404);
    ck_assert_int_eq(get("/.well-known/a"), 200);
    memset(target + 1, 'a', sizeof target - 2);
    ck_assert_int_eq(get(target), 404); /* too long for a name */
    asked_end();
}
END_TEST

START_TEST(test_methods)
{
    static const char *const others[] = {
        "POST /a.txt", "PUT /a.txt", "DELETE /d",   "OPTIONS /d/",
        "PATCH /d/e/", "OPTIONS *",  "CONNECT a:1",
    };

    asked_begin();
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_msg(ask(others[i], "") == 405, "%s: %d", others[i], r.status);
        ck_assert_ptr_nonnull(strstr(fields, "Allow: GET, HEAD\r\n"));
    }
    ck_assert_int_eq(ask("POST /nothing", ""), 404);
    ck_assert_int_eq(ask("POST /..", ""), 400);
    asked_end();
}
END_TEST

static void
set_time(const char *name, time_t when)
{
    struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};

    ck_assert_int_eq(utimensat(AT_FDCWD, site_path(name), times, 0), 0);
}

/* RFC 9110, section 13.1.3. */
START_TEST(test_if_modified_since)
{
    static const struct {
        int status;
        const char *fields;
    } asked[] = {
        {304, "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"},
        {304, "If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT\r\n"},
        {304, "if-modified-since: Sunday, 06-Nov-94 08:49:37 GMT\r\n"},
        {304, "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n"},
        {200, "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n"},
        {200, "If-Modified-Since: yesterday\r\n"},
        {200, "If-Modified-Since:\r\n"},
        {200, "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "If-None-Match: \"a\"\r\n"},
        {200, "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"},
    };

    asked_begin();
    set_time("a.txt", 784111777);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        ck_assert_msg(ask("GET /a.txt", asked[i].fields) == asked[i].status,
                      "%d: %s", r.status, asked[i].fields);
        ck_assert_ptr_nonnull(
            strstr(fields, "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
        if (r.status == 304)
            ck_assert_uint_eq(r.body.len, 0);
    }
    asked_end();
}
END_TEST

/* A server does not tell a date in the future (RFC 9110, section 8.8.2.1). */
START_TEST(test_modified_in_the_future)
{
    time_t now = time(NULL);
    const char *told;
    time_t when;

    asked_begin();
    set_time("a.txt", now + 100000);
    ck_assert_int_eq(get("/a.txt"), 200);
    told = strstr(fields, "Last-Modified: ");
    ck_assert_ptr_nonnull(told);
    ck_assert(date_read((struct slice){told + 15, DATE_SIZE - 1}, &when));
    ck_assert_int_ge(when, now);
    ck_assert_int_lt(when, now + 1000);
    asked_end();
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_files);
    unit_add(tests, test_names);
    unit_add(tests, test_large);
    unit_add(tests, test_index);
    unit_add(tests, test_redirect);
    unit_add(tests, test_not_found);
    unit_add(tests, test_methods);
    unit_add(tests, test_if_modified_since);
    unit_add(tests, test_modified_in_the_future);
}

int
main(void)
{
    return unit_run("files", add);
}
