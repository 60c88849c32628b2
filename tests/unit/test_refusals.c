#include "files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asked.h"
#include "capture.h"
#include "memory.h"
#include "site.h"
#include "unit.h"

/* What is not served, and what a site cannot be; see test_files.c for what is
 * served. */

START_TEST(test_no_way_out)
{
    static const char *const out[] = {
        "/..",      "/../",          "/../etc/passwd", "/d/../../a.txt",
        "/%2e%2e/", "/%2E%2e/a.txt", "/a%00",          "/a%2fb",
        "/%",       "/..%2fa.txt",
    };

    asked_begin();
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
        ck_assert_msg(get(out[i]) == 400, "%s: %d", out[i], r.status);
    ck_assert_int_eq(get("/..%5c..%5ca.txt"), 404);
    ck_assert_int_eq(get("/%252e%252e/a.txt"), 404);
    asked_end();
}
END_TEST

START_TEST(test_links_and_the_like)
{
    asked_begin();
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
    asked_end();
}
END_TEST

START_TEST(test_may_not_be_read)
{
    asked_begin();
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
    asked_end();
}
END_TEST

START_TEST(test_no_descriptor)
{
    struct rlimit limit, none;
    int lowest;

    asked_begin();
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
    asked_end();
}
END_TEST

/* No answer, or an error; but never half of one, and nothing leaks. */
START_TEST(test_no_memory)
{
    static const char *const targets[] = {"/a.txt", "/d", "/d/", "/nothing"};

    asked_begin();
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        for (size_t n = 1; n == 1 || memory_failed(); n++) {
            http_response_free(&r);
            memory_fail(n);
            (void)get(targets[i]);
            if (memory_failed() && !r.fields.failed && !r.text.failed)
                ck_assert_int_eq(r.status, 503);
        }
    memory_fail(0);
    asked_end();
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
    asked_begin();
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
    asked_end();
}
END_TEST

START_TEST(test_types)
{
    asked_begin();
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
add(Suite *tests)
{
    unit_add(tests, test_no_way_out);
    unit_add(tests, test_links_and_the_like);
    unit_add(tests, test_may_not_be_read);
    unit_add(tests, test_no_descriptor);
    unit_add(tests, test_no_memory);
    unit_add(tests, test_root);
    unit_add(tests, test_types);
}

int
main(void)
{
    return unit_run("refusals", add);
}
