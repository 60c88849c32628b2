#include "path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "unit.h"

/* A path as a URL has it, and the name that it stands for; NULL: 400. A list
 * ends with {0}. */
struct pair {
    const char *raw;
    const char *name;
};

static void
judge(const struct pair *pairs)
{
    for (; pairs->raw; pairs++) {
        const char *name = pairs->name ? pairs->name : "400";
        size_t len = strlen(pairs->raw);
        char *block = feed_copy(pairs->raw, len);
        char *path = malloc(PATH_SIZE);
        int status;

        memset(path, 0xee, PATH_SIZE);
        status = path_read((struct slice){block, len}, path);
        if (status)
            (void)snprintf(path, PATH_SIZE, "%d", status);
        if (strcmp(path, name) != 0)
            unit_differs(pairs->raw, name, path);
        free(path);
        free(block);
    }
}

/* RFC 3986, section 5.2.4. */
START_TEST(test_dot_segments)
{
    static const struct pair pairs[] = {
        {"/", "/"},
        {"/a", "/a"},
        {"/a/", "/a/"},
        {"/a/b", "/a/b"},
        {"/a/b/c/./../../g", "/a/g"},
        {"/./a", "/a"},
        {"/a/.", "/a/"},
        {"/a/./", "/a/"},
        {"/a/..", "/"},
        {"/a/../", "/"},
        {"/a/b/..", "/a/"},
        {"/a/b/../", "/a/"},
        {"/a/b/../c", "/a/c"},
        {"/a/../b", "/b"},
        {"/a/b/../../c", "/c"},
        {"/a/./b/.././c/", "/a/c/"},
        {"/.", "/"},
        {"/./", "/"},
        {0},
    };

    judge(pairs);
}
END_TEST

START_TEST(test_dots_in_names)
{
    static const struct pair pairs[] = {
        {"/...", "/..."},
        {"/a..", "/a.."},
        {"/..a", "/..a"},
        {"/.a", "/.a"},
        {"/a.", "/a."},
        {"/a./b", "/a./b"},
        {0},
    };

    judge(pairs);
}
END_TEST

START_TEST(test_empty_segments)
{
    static const struct pair pairs[] = {
        {"//", "/"},
        {"//a", "/a"},
        {"/a//b", "/a/b"},
        {"/a//", "/a/"},
        {"///a///b///", "/a/b/"},
        {"//..//", NULL},
        {"/a//../b", "/b"},
        {0},
    };

    judge(pairs);
}
END_TEST

START_TEST(test_above_the_root)
{
    static const struct pair pairs[] = {
        {"/..", NULL},
        {"/../", NULL},
        {"/../a", NULL},
        {"/a/../..", NULL},
        {"/a/../../b", NULL},
        {"/a/b/../../../c", NULL},
        {"/./..", NULL},
        {"/%2e%2e", NULL},
        {"/%2E%2E/a", NULL},
        {"/.%2e/a", NULL},
        {"/a/%2e%2e/%2e%2e/b", NULL},
        {0},
    };

    judge(pairs);
}
END_TEST

/* RFC 3986, section 2.4. */
START_TEST(test_decoded_once)
{
    static const struct pair pairs[] = {
        {"/%41%7e", "/A~"},
        {"/a%20b+c", "/a b+c"},
        {"/%C3%a9", "/\xc3\xa9"},
        {"/%252e%252e", "/%2e%2e"},
        {"/%2525", "/%25"},
        {"/a/%2e%2e/b", "/b"},
        {"/a/%2e/b", "/a/b"},
        {"/%5c..%5c", "/\\..\\"},
        {"/..\\", "/..\\"},
        {"/c:\\a", "/c:\\a"},
        {"/a;b=c", "/a;b=c"},
        {"/%c0%ae%c0%ae/",
         "/\xc0\xae\xc0\xae/"}, /* overlong dots are no dots */
        {"/\xff", "/\xff"},
        {0},
    };

    judge(pairs);
}
END_TEST

/* What no file's name can hold. */
START_TEST(test_no_such_name)
{
    static const struct pair pairs[] = {
        {"/%00", NULL},   {"/a%00b", NULL},  {"/a%2Fb", NULL},
        {"/a%2fb", NULL}, {"/..%2fa", NULL}, {0},
    };

    judge(pairs);
}
END_TEST

START_TEST(test_not_hexadecimal)
{
    static const struct pair pairs[] = {
        {"/%", NULL},   {"/%4", NULL},  {"/a%", NULL},
        {"/%4g", NULL}, {"/%g4", NULL}, {"/%%41", NULL},
        {"/%-1", NULL}, {"/% 1", NULL}, {0},
    };

    judge(pairs);
}
END_TEST

START_TEST(test_not_a_path)
{
    static const struct pair pairs[] = {
        {"", NULL},
        {"a", NULL},
        {"%2Fa", NULL},
        {0},
    };

    judge(pairs);
}
END_TEST

/* The longest target, in the forms that are longest and shortest then. */
START_TEST(test_longest)
{
    static const char *const parts[] = {"a", "/", "/.", "/a/..", "/a"};
    char *raw = malloc(HTTP_TARGET_MAX + 1);
    char *path = malloc(PATH_SIZE);

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t len = strlen(parts[i]);

        raw[0] = '/';
        for (size_t at = 1; at <= HTTP_TARGET_MAX; at++)
            raw[at] = parts[i][at % len];
        (void)path_read((struct slice){raw, HTTP_TARGET_MAX}, path);
        ck_assert_uint_lt(strlen(path), PATH_SIZE);
        ck_assert_int_eq(
            path_read((struct slice){raw, HTTP_TARGET_MAX + 1}, path), 400);
    }
    memset(raw + 1, 'a', HTTP_TARGET_MAX);
    ck_assert_int_eq(path_read((struct slice){raw, HTTP_TARGET_MAX}, path), 0);
    ck_assert_uint_eq(strlen(path), HTTP_TARGET_MAX);
    free(path);
    free(raw);
}
END_TEST

START_TEST(test_hidden)
{
    static const char *const hidden[] = {
        "/.a",
        "/.a/b",
        "/a/.b",
        "/a/.b/c",
        "/.git/",
        "/a/b/.htaccess",
        "/.well-known/.a",
        "/.well-knownx",
        "/.well-k",
        "/.Well-Known/a",
        "/...",
        "/.well-known.txt",
    };
    static const char *const seen[] = {
        "/",
        "/a",
        "/a.b",
        "/a./b",
        "/a/b.",
        "/.well-known",
        "/.well-known/",
        "/.well-known/a",
        "/a/.well-known/b",
        "/a..b/c",
    };

    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (!path_hidden(hidden[i]))
            unit_differs(hidden[i], "hidden", "not hidden");
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++)
        if (path_hidden(seen[i]))
            unit_differs(seen[i], "not hidden", "hidden");
}
END_TEST

START_TEST(test_write)
{
    static const struct {
        const char *path;
        const char *url;
    } written[] = {
        {"/", "/"},
        {"/a/b-c.d_e~f", "/a/b-c.d_e~f"},
        {"/azAZ09!$&'()*+,;=:@", "/azAZ09!$&'()*+,;=:@"},
        {"/a b", "/a%20b"},
        {"/a?b#c", "/a%3Fb%23c"},
        {"/100%", "/100%25"},
        {"/\xc3\xa9", "/%C3%A9"},
        {"/a\r\nb", "/a%0D%0Ab"},
        {"/\x01\x7f\xff\"<>\\^`{|}[]", "/%01%7F%FF%22%3C%3E%5C%5E%60%7B%7C%7D"
                                       "%5B%5D"},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        struct buffer out = {0};

        path_write(written[i].path, &out);
        buffer_add(&out, "", 1);
        if (strcmp(out.bytes, written[i].url) != 0)
            unit_differs(written[i].path, written[i].url, out.bytes);
        buffer_free(&out);
    }
}
END_TEST

/* What came encoded stays so; what a URL cannot hold is encoded. */
START_TEST(test_write_query)
{
    static const char raw[] = "a=b/?&c=%2f%20+d\xc3\xbc\"<>\\^`{|}#[]\0";
    struct buffer out = {0};

    path_write_query((struct slice){raw, sizeof raw - 1}, &out);
    buffer_add(&out, "", 1);
    ck_assert_str_eq(out.bytes, "a=b/?&c=%2f%20+d%C3%BC%22%3C%3E%5C%5E%60"
                                "%7B%7C%7D%23%5B%5D%00");
    buffer_free(&out);
}
END_TEST

/* Each byte that a name can hold comes back as it was. */
START_TEST(test_there_and_back)
{
    for (int c = 1; c < 256; c++) {
        char name[] = {'/', 'a', (char)c, 'b', '\0'};
        char path[PATH_SIZE];
        struct buffer out = {0};

        if (c == '/')
            continue;
        path_write(name, &out);
        ck_assert_int_eq(path_read((struct slice){out.bytes, out.len}, path),
                         0);
        ck_assert_str_eq(path, name);
        buffer_free(&out);
    }
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_dot_segments);
    unit_add(tests, test_dots_in_names);
    unit_add(tests, test_empty_segments);
    unit_add(tests, test_above_the_root);
    unit_add(tests, test_decoded_once);
    unit_add(tests, test_no_such_name);
    unit_add(tests, test_not_hexadecimal);
    unit_add(tests, test_not_a_path);
    unit_add(tests, test_longest);
    unit_add(tests, test_hidden);
    unit_add(tests, test_write);
    unit_add(tests, test_there_and_back);
    unit_add(tests, test_write_query);
}

int
main(void)
{
    return unit_run("path", add);
}
