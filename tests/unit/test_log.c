#include "log.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "unit.h"

/* The line of one access, without its address and time, both checked. */
static const char *
logged(struct slice line, int status, int64_t bytes)
{
    static const char start[] = "192.0.2.1 - - [";
    const char *text;

    capture_begin(STDERR_FILENO);
    log_access("192.0.2.1", line, status, bytes);
    log_flush();
    text = capture_end();
    ck_assert_msg(strncmp(text, start, sizeof start - 1) == 0, "%s", text);
    text += sizeof start - 1;
    ck_assert_msg(strncmp(text + 26, "] ", 2) == 0, "%s", text);
    return text + 28;
}

START_TEST(test_line)
{
    ck_assert_str_eq(logged(slice_of("GET / HTTP/1.1"), 200, 312),
                     "\"GET / HTTP/1.1\" 200 312\n");
    ck_assert_str_eq(logged(slice_of("GET / HTTP/1.1"), 200, 0),
                     "\"GET / HTTP/1.1\" 200 0\n");
    ck_assert_str_eq(logged(slice_of("GET / HTTP/1.1"), 200, INT64_MAX),
                     "\"GET / HTTP/1.1\" 200 9223372036854775807\n");
}
END_TEST

START_TEST(test_no_body)
{
    ck_assert_str_eq(logged(slice_of("HEAD / HTTP/1.1"), 304, -1),
                     "\"HEAD / HTTP/1.1\" 304 -\n");
}
END_TEST

START_TEST(test_no_line)
{
    ck_assert_str_eq(logged((struct slice){0}, 400, 12), "\"-\" 400 12\n");
}
END_TEST

/* What a terminal could take for a command, or a reader for another line. */
START_TEST(test_escapes)
{
    ck_assert_str_eq(
        logged(slice_of("a\"b\\c\n\x1b[31m\x7f\xc3\xa9~ "), 400, 0),
        "\"a\\x22b\\x5Cc\\x0A\\x1B[31m\\x7F\\xC3\\xA9~ \" 400 0\n");
    ck_assert_str_eq(logged((struct slice){"a\0b", 3}, 400, 0),
                     "\"a\\x00b\" 400 0\n");
}
END_TEST

START_TEST(test_time)
{
    time_t now = time(NULL);
    char wanted[2][64];
    const char *text;
    struct tm tm;

    ck_assert_int_eq(setenv("TZ", "XYZ-5:30", 1), 0);
    tzset();
    for (int i = 0; i < 2; i++) { /* a second may begin meanwhile */
        time_t then = now + i;

        localtime_r(&then, &tm);
        (void)strftime(wanted[i], sizeof wanted[i],
                       "::1 - - [%d/%b/%Y:%H:%M:%S +0530] \"-\"", &tm);
    }
    capture_begin(STDERR_FILENO);
    log_access("::1", (struct slice){0}, 400, 0);
    log_flush();
    text = capture_end();
    ck_assert_msg(strncmp(text, wanted[0], strlen(wanted[0])) == 0 ||
                      strncmp(text, wanted[1], strlen(wanted[1])) == 0,
                  "%s", text);
}
END_TEST

/* At every length around the one where it no longer fits. */
START_TEST(test_cut)
{
    static char line[6000];
    size_t longest = 0;
    bool was_cut = false;

    memset(line, 'a', sizeof line);
    for (size_t n = 3600; n < 4300; n++) {
        const char *text = logged((struct slice){line, n}, 414, INT64_MAX);
        const char *end = strstr(text, "a...\" 414 9223372036854775807\n");

        ck_assert_uint_le(strlen(text) + 43, PIPE_BUF);
        if (end) {
            was_cut = true;
            longest = strlen(text);
        } else {
            ck_assert(!was_cut);
            ck_assert(text[n + 1] == '"' && text[1] == 'a');
        }
    }
    ck_assert(was_cut);
    ck_assert_uint_gt(longest, 3800);
}
END_TEST

START_TEST(test_cut_among_escapes)
{
    static char line[6000];
    const char *text;

    memset(line, '"', sizeof line);
    text = logged((struct slice){line, sizeof line}, 414, 0);
    ck_assert_uint_le(strlen(text) + 43, PIPE_BUF);
    ck_assert_ptr_nonnull(strstr(text, "\\x22...\" 414 0\n"));
}
END_TEST

/* A socket of this kind keeps writes apart: each is a message. */
static void
begin_messages(int ends[2], int *saved)
{
    int size = 1 << 20;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    ck_assert_int_eq(
        setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    *saved = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(ends[0], STDERR_FILENO), 0);
}

static void
end_messages(int ends[2], int saved)
{
    ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
    close(saved);
    close(ends[0]);
}

START_TEST(test_lines_are_collected_and_whole)
{
    char message[2 * PIPE_BUF];
    int ends[2], saved;
    int lines = 0;
    int messages = 0;
    ssize_t n;

    begin_messages(ends, &saved);
    for (int i = 0; i < 300; i++)
        log_access("192.0.2.1", slice_of("GET /index.html HTTP/1.1"), 200, i);
    log_flush();
    log_flush(); /* nothing more to write, nothing is written */
    end_messages(ends, saved);
    while ((n = recv(ends[1], message, sizeof message, MSG_DONTWAIT)) > 0) {
        ck_assert_int_le(n, PIPE_BUF);
        ck_assert_int_eq(message[n - 1], '\n');
        ck_assert_int_eq(strncmp(message, "192.0.2.1 ", 10), 0);
        for (ssize_t i = 0; i < n; i++)
            lines += message[i] == '\n';
        messages++;
    }
    close(ends[1]);
    ck_assert_int_eq(lines, 300);
    ck_assert_int_le(messages, 8);
}
END_TEST

START_TEST(test_nothing_before_the_flush)
{
    const char *text;

    capture_begin(STDERR_FILENO);
    log_access("192.0.2.1", slice_of("GET / HTTP/1.1"), 200, 0);
    text = capture_end();
    ck_assert_str_eq(text, "");
    capture_begin(STDERR_FILENO);
    log_flush();
    ck_assert_uint_gt(strlen(capture_end()), 0);
}
END_TEST

START_TEST(test_quiet)
{
    log_quiet = true;
    capture_begin(STDERR_FILENO);
    log_access("192.0.2.1", slice_of("GET / HTTP/1.1"), 200, 0);
    log_flush();
    log_error("but this is told");
    ck_assert_str_eq(capture_end(), "but this is told\n");
}
END_TEST

START_TEST(test_error)
{
    const char *text;

    capture_begin(STDERR_FILENO);
    log_access("192.0.2.1", slice_of("GET / HTTP/1.1"), 200, 0);
    log_error("%s: %d", "no", 5);
    text = capture_end();
    ck_assert_ptr_nonnull(strstr(text, "200 0\nno: 5\n"));
}
END_TEST

START_TEST(test_long_error)
{
    const char *text;

    capture_begin(STDERR_FILENO);
    log_error("%*s", 10000, "x");
    text = capture_end();
    ck_assert_uint_le(strlen(text), PIPE_BUF);
    ck_assert_uint_gt(strlen(text), PIPE_BUF - 10);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
}
END_TEST

/* With nobody to listen a server goes on. */
START_TEST(test_nobody_listens)
{
    int saved = dup(STDERR_FILENO);

    close(STDERR_FILENO);
    log_access("192.0.2.1", slice_of("GET / HTTP/1.1"), 200, 0);
    log_flush();
    log_error("nobody hears this");
    ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
    close(saved);
    capture_begin(STDERR_FILENO);
    log_flush();
    ck_assert_str_eq(capture_end(), "");
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_line);
    unit_add(tests, test_no_body);
    unit_add(tests, test_no_line);
    unit_add(tests, test_escapes);
    unit_add(tests, test_time);
    unit_add(tests, test_cut);
    unit_add(tests, test_cut_among_escapes);
    unit_add(tests, test_lines_are_collected_and_whole);
    unit_add(tests, test_nothing_before_the_flush);
    unit_add(tests, test_quiet);
    unit_add(tests, test_error);
    unit_add(tests, test_long_error);
    unit_add(tests, test_nobody_listens);
}

int
main(void)
{
    return unit_run("log", add);
}
