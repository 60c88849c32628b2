#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "date.h"
#include "memory.h"
#include "site.h"
#include "unit.h"

static struct files files;
static struct http_response r;
static char fields[20000]; /* of r, as text */
static char body[40000];   /* of r */
static ssize_t body_len;

/* Answers a request, "METHOD target" and perhaps fields behind it, each with
 * its line end. Returns the status. */
static int
ask(const char *line, const char *more)
{
    struct http_request request;
    char *head = malloc(20000);
    int len =
        snprintf(head, 20000, "%s HTTP/1.1\r\nHost: a\r\n%s\r\n", line, more);

    http_response_free(&r);
    http_request_init(&request);
    ck_assert_int_eq(http_request_parse(&request, head, (size_t)len), len);
    memory_watch();
    files_answer(&files, &request, &r);
    memory_ignore();
    (void)snprintf(fields, sizeof fields, "%.*s", (int)r.fields.len,
                   r.fields.len ? r.fields.bytes : "");
    body_len = piece_copy(&r.body, body, sizeof body);
    free(head);
    return r.status;
}

static int
get(const char *target)
{
    char line[9000];

    (void)snprintf(line, sizeof line, "GET %s", target);
    return ask(line, "");
}

static bool
body_is(const char *text)
{
    return r.body.len == strlen(text) && body_len == (ssize_t)r.body.len &&
           memcmp(body, text, strlen(text)) == 0;
}

static void
begin(void)
{
    memory_fail(0);
    (void)site_begin();
    site_file("a.txt", "hello\n");
    site_file("empty", "");
    site_directory("d");
    site_file("d/index.html", "index");
    site_file("d/b.css", "css");
    site_directory("d/e");
    site_file("d/e/index.htm", "htm");
    site_directory("none");
    ck_assert_int_eq(files_open(&files, site_path(".")), 0);
}

static void
end(void)
{
    http_response_free(&r);
    files_close(&files);
    site_end();
}

START_TEST(test_files)
{
    begin();
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
    end();
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

    begin();
    for (size_t i = 0; names[i][1]; i++) {
        site_file(names[i][0], names[i][0]);
        ck_assert_int_eq(get(names[i][1]), 200);
        ck_assert(body_is(names[i][0]));
    }
    end();
}
END_TEST

/* A larger file is not read, but sent from its descriptor. */
START_TEST(test_large)
{
    begin();
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
    end();
}
END_TEST

START_TEST(test_index)
{
    begin();
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
    end();
}
END_TEST

/* Never to another host, whatever the path looks like. */
START_TEST(test_redirect)
{
    begin();
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
    end();
}
END_TEST

START_TEST(test_not_found)
{
    static char target[5000] = "/";

    begin();
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
    end();
}
END_TEST

START_TEST(test_no_way_out)
{
    static const char *const out[] = {
        "/..",      "/../",          "/../etc/passwd", "/d/../../a.txt",
        "/%2e%2e/", "/%2E%2e/a.txt", "/a%00",          "/a%2fb",
        "/%",       "/..%2fa.txt",
    };

    begin();
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
        ck_assert_msg(get(out[i]) == 400, "%s: %d", out[i], r.status);
    ck_assert_int_eq(get("/..%5c..%5ca.txt"), 404);
    ck_assert_int_eq(get("/%252e%252e/a.txt"), 404);
    end();
}
END_TEST

START_TEST(test_links_and_the_like)
{
    begin();
    site_link("to-a", "a.txt");
    site_link("to-d", "d");
    site_link("to-nothing", "nothing");
    site_link("to-root", "/");
    ck_assert_int_eq(mkfifo(site_path("fifo"), 0644), 0);
    ck_assert_int_eq(get("/to-a"), 403);
    ck_assert_int_eq(get("/to-d"), 403);
    ck_assert_int_eq(get("/to-d/"), 403);
    ck_assert_int_eq(get("/to-d/index.html"), 403);
    ck_assert_int_eq(get("/to-nothing"), 403);
    ck_assert_int_eq(get("/to-root/etc/passwd"), 403);
    ck_assert_int_eq(get("/fifo"), 403); /* and this does not wait */
    ck_assert_int_eq(get("/fifo/a"), 404);
    end();
}
END_TEST

START_TEST(test_may_not_be_read)
{
    begin();
    site_file("secret", "secret");
    site_directory("closed");
    site_file("closed/a", "secret");
    ck_assert_int_eq(chmod(site_path("secret"), 0), 0);
    ck_assert_int_eq(chmod(site_path("closed"), 0), 0);
    if (geteuid() == 0) /* who may read everything */
        ck_assert_int_eq(seteuid(65534), 0);
    ck_assert_int_eq(get("/secret"), 403);
    ck_assert_int_eq(get("/closed/a"), 403);
    ck_assert_int_eq(get("/closed/"), 403);
    ck_assert_int_eq(get("/a.txt"), 200);
    if (geteuid() == 65534 && getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(chmod(site_path("closed"), 0755), 0);
    end();
}
END_TEST

START_TEST(test_methods)
{
    static const char *const others[] = {
        "POST /a.txt", "PUT /a.txt", "DELETE /d",   "OPTIONS /d/",
        "PATCH /d/e/", "OPTIONS *",  "CONNECT a:1",
    };

    begin();
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_msg(ask(others[i], "") == 405, "%s: %d", others[i], r.status);
        ck_assert_ptr_nonnull(strstr(fields, "Allow: GET, HEAD\r\n"));
    }
    ck_assert_int_eq(ask("POST /nothing", ""), 404);
    ck_assert_int_eq(ask("POST /..", ""), 400);
    end();
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

    begin();
    set_time("a.txt", 784111777);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        ck_assert_msg(ask("GET /a.txt", asked[i].fields) == asked[i].status,
                      "%d: %s", r.status, asked[i].fields);
        ck_assert_ptr_nonnull(
            strstr(fields, "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
        if (r.status == 304)
            ck_assert_uint_eq(r.body.len, 0);
    }
    end();
}
END_TEST

/* A server does not tell a date in the future (RFC 9110, section 8.8.2.1). */
START_TEST(test_modified_in_the_future)
{
    time_t now = time(NULL);
    const char *told;
    time_t when;

    begin();
    set_time("a.txt", now + 100000);
    ck_assert_int_eq(get("/a.txt"), 200);
    told = strstr(fields, "Last-Modified: ");
    ck_assert_ptr_nonnull(told);
    ck_assert(date_read((struct slice){told + 15, DATE_SIZE - 1}, &when));
    ck_assert_int_ge(when, now);
    ck_assert_int_lt(when, now + 1000);
    end();
}
END_TEST

START_TEST(test_no_descriptor)
{
    struct rlimit limit, none;
    int lowest;

    begin();
    lowest = dup(0);
    close(lowest);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = (rlim_t)lowest;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_eq(get("/a.txt"), 503);
    ck_assert_int_eq(get("/d/b.css"), 503);
    ck_assert_int_eq(get("/d/"), 503);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(get("/a.txt"), 200);
    end();
}
END_TEST

/* No answer, or an error; but never half of one, and nothing leaks. */
START_TEST(test_no_memory)
{
    static const char *const targets[] = {"/a.txt", "/d", "/d/", "/nothing"};

    begin();
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        for (size_t n = 1; n == 1 || memory_failed(); n++) {
            http_response_free(&r);
            memory_fail(n);
            (void)get(targets[i]);
            if (memory_failed() && !r.fields.failed && !r.text.failed)
                ck_assert_int_eq(r.status, 503);
        }
    memory_fail(0);
    end();
}
END_TEST

static const char *told;

static int
open_told(const char *directory)
{
    int result;

    capture_begin(STDERR_FILENO);
    result = files_open(&files, directory);
    told = capture_end();
    return result;
}

START_TEST(test_root)
{
    begin();
    files_close(&files);
    ck_assert_int_eq(open_told(site_path("nothing")), -1);
    ck_assert_ptr_nonnull(strstr(told, "nothing: No such file or directory\n"));
    ck_assert_int_eq(open_told(site_path("a.txt")), -1);
    ck_assert_ptr_nonnull(strstr(told, "a.txt: Not a directory\n"));
    site_link("to-d", "d"); /* the root may be a link */
    ck_assert_int_eq(open_told(site_path("to-d")), 0);
    ck_assert_str_eq(told, "");
    ck_assert_int_eq(get("/"), 200);
    ck_assert(body_is("index"));
    end();
}
END_TEST

START_TEST(test_types)
{
    begin();
    files_close(&files);
    site_file(".mime.types", "text/x-one one txt\n");
    ck_assert_int_eq(open_told(site_path(".")), 0);
    ck_assert_int_eq(get("/a.txt"), 200);
    ck_assert_ptr_nonnull(strstr(fields, "Content-Type: text/x-one; "
                                         "charset=utf-8\r\n"));
    files_close(&files);
    ck_assert_int_eq(unlink(site_path(".mime.types")), 0);
    site_directory(".mime.types");
    ck_assert_int_eq(open_told(site_path(".")), -1);
    ck_assert_ptr_nonnull(strstr(told, ".mime.types: Is a directory\n"));
    ck_assert_int_eq(rmdir(site_path(".mime.types")), 0);
    site_link(".mime.types", ".mime.types"); /* a circle */
    ck_assert_int_eq(open_told(site_path(".")), -1);
    ck_assert_ptr_nonnull(strstr(told, "cannot read "));
    site_end();
}
END_TEST

static void
add(TCase *tests)
{
    tcase_add_test(tests, test_files);
    tcase_add_test(tests, test_names);
    tcase_add_test(tests, test_large);
    tcase_add_test(tests, test_index);
    tcase_add_test(tests, test_redirect);
    tcase_add_test(tests, test_not_found);
    tcase_add_test(tests, test_no_way_out);
    tcase_add_test(tests, test_links_and_the_like);
    tcase_add_test(tests, test_may_not_be_read);
    tcase_add_test(tests, test_methods);
    tcase_add_test(tests, test_if_modified_since);
    tcase_add_test(tests, test_modified_in_the_future);
    tcase_add_test(tests, test_no_descriptor);
    tcase_add_test(tests, test_no_memory);
    tcase_add_test(tests, test_root);
    tcase_add_test(tests, test_types);
}

int
main(void)
{
    return unit_run("files", add);
}
