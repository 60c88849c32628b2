#include "mime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "unit.h"

/* A descriptor of a file with that text. */
static int
types_file(const char *text)
{
    FILE *file = tmpfile();
    int fd;

    ck_assert_ptr_nonnull(file);
    (void)fputs(text, file);
    rewind(file);
    fd = dup(fileno(file));
    (void)fclose(file);
    return fd;
}

static struct mime
read_types(const char *text)
{
    struct mime mime = {0};
    int fd = types_file(text);

    ck_assert_int_eq(mime_read(&mime, fd), 0);
    ck_assert_int_eq(close(fd), 0); /* it is still the caller's */
    return mime;
}

static void
has_type(const struct mime *mime, const char *name, const char *type)
{
    if (strcmp(mime_type(mime, name), type) != 0)
        unit_differs(name, type, mime_type(mime, name));
}

START_TEST(test_built_in)
{
    static const struct {
        const char *name;
        const char *type;
    } known[] = {
        {"index.html", "text/html; charset=utf-8"},
        {"a.htm", "text/html; charset=utf-8"},
        {"a.css", "text/css; charset=utf-8"},
        {"a.js", "text/javascript; charset=utf-8"},
        {"a.txt", "text/plain; charset=utf-8"},
        {"a.json", "application/json"},
        {"a.svg", "image/svg+xml"},
        {"a.png", "image/png"},
        {"a.jpg", "image/jpeg"},
        {"a.jpeg", "image/jpeg"},
        {"a.gif", "image/gif"},
        {"a.webp", "image/webp"},
        {"a.ico", "image/vnd.microsoft.icon"},
        {"a.pdf", "application/pdf"},
        {"a.mp4", "video/mp4"},
        {"a.webm", "video/webm"},
        {"a.mp3", "audio/mpeg"},
        {"a.wasm", "application/wasm"},
        {"a.woff2", "font/woff2"},
        {"a.zip", "application/zip"},
        {"A.HTML", "text/html; charset=utf-8"},
        {"a.b.PnG", "image/png"},
        {"/a.b/c.css", "text/css; charset=utf-8"},
        {".html", "text/html; charset=utf-8"},
    };
    static const char *const unknown[] = {
        "",        "a",      "html",      "a.",       "a.xyz",
        "a.htmlx", "a.htm ", "/a.html/b", "a.html.x",
    };
    struct mime mime = {0};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        has_type(&mime, known[i].name, known[i].type);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        has_type(&mime, unknown[i], "application/octet-stream");
    mime_free(&mime);
}
END_TEST

START_TEST(test_file)
{
    struct mime mime = read_types("# a comment\n"
                                  "\n"
                                  "application/x-one one ONE2\n"
                                  "text/x-two\ttwo\t# three\r\n"
                                  "  image/x-four   four;\n"
                                  "application/x-none\n"
                                  "text/css html\n"
                                  "application/x-last last");

    has_type(&mime, "a.one", "application/x-one");
    has_type(&mime, "a.OnE", "application/x-one");
    has_type(&mime, "a.one2", "application/x-one");
    has_type(&mime, "a.two", "text/x-two; charset=utf-8");
    has_type(&mime, "a.three", "application/octet-stream");
    has_type(&mime, "a.four", "image/x-four");
    has_type(&mime, "a.last", "application/x-last");
    has_type(&mime, "a.html", "text/css; charset=utf-8");
    has_type(&mime, "a.htm", "text/html; charset=utf-8");
    mime_free(&mime);
    has_type(&mime, "a.html", "text/html; charset=utf-8");
}
END_TEST

START_TEST(test_the_last_one_counts)
{
    struct mime mime = read_types("a/one x y\na/two x\n");

    has_type(&mime, "a.x", "a/two");
    has_type(&mime, "a.y", "a/one");
    mime_free(&mime);
}
END_TEST

/* Reading another file replaces what was read before. */
START_TEST(test_read_again)
{
    struct mime mime = read_types("a/one x\n");
    int fd = types_file("a/two y\n");

    ck_assert_int_eq(mime_read(&mime, fd), 0);
    has_type(&mime, "a.x", "application/octet-stream");
    has_type(&mime, "a.y", "a/two");
    mime_free(&mime);
    close(fd);
}
END_TEST

START_TEST(test_long_words)
{
    char text[700];
    struct mime mime;

    (void)snprintf(text, sizeof text,
                   "a/%0125d one\nb/%0126d two\nc/c %031d\n"
                   "d/d %032d\ntext/%0122d five\n",
                   1, 2, 3, 4, 5);
    mime = read_types(text);
    ck_assert_uint_eq(strlen(mime_type(&mime, "a.one")), 127);
    has_type(&mime, "a.two", "application/octet-stream");
    (void)snprintf(text, sizeof text, "a.%031d", 3);
    ck_assert_str_eq(mime_type(&mime, text), "c/c");
    (void)snprintf(text, sizeof text, "a.%032d", 4);
    ck_assert_str_eq(mime_type(&mime, text), "application/octet-stream");
    ck_assert_uint_eq(strlen(mime_type(&mime, "a.five")),
                      127 + strlen("; charset=utf-8"));
    mime_free(&mime);
}
END_TEST

START_TEST(test_cannot_be_read)
{
    struct mime mime = read_types("a/one x\n");
    int fd = open("/", O_RDONLY);

    errno = 0;
    ck_assert_int_eq(mime_read(&mime, -1), -1);
    ck_assert_int_eq(errno, EBADF);
    ck_assert_int_eq(mime_read(&mime, fd), -1);
    ck_assert_int_eq(errno, EISDIR);
    has_type(&mime, "a.x", "a/one");
    close(fd);
    mime_free(&mime);
}
END_TEST

START_TEST(test_no_memory)
{
    struct mime mime = read_types("a/one x\n");
    int fd = types_file("a/two x y z\n");

    for (size_t n = 1;; n++) {
        int result;

        ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
        memory_fail(n);
        memory_watch();
        result = mime_read(&mime, fd);
        memory_ignore();
        if (result == 0)
            break;
        ck_assert(memory_failed());
        has_type(&mime, "a.x", "a/one");
        has_type(&mime, "a.y", "application/octet-stream");
    }
    has_type(&mime, "a.x", "a/two");
    close(fd);
    mime_free(&mime);
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_built_in);
    unit_add(tests, test_file);
    unit_add(tests, test_the_last_one_counts);
    unit_add(tests, test_read_again);
    unit_add(tests, test_long_words);
    unit_add(tests, test_cannot_be_read);
    unit_add(tests, test_no_memory);
}

int
main(void)
{
    return unit_run("mime", add);
}
