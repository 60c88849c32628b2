#ifndef CASES_H
#define CASES_H

#include <stdbool.h>
#include <stddef.h>

/* Tests that read as text: files in cases/. A file is a page of rules:
 *
 *   # What the file is about
 *
 *   ## A sentence of the rules, which may go on in the next line. It ends with
 *   the place where it stands: RFC 9112, section 3.
 *
 *   ### the name of a case
 *   what is so before
 *   > bytes that go in\r\n
 *   > and more of them
 *   what must be so then
 *
 * A line that begins with a mark and a space, or is the mark alone, is bytes:
 * '>' go in, '<' come out. Lines of one mark in a row are one run of bytes; an
 * empty line between makes them two. Every other line is words to the test.
 * In all of them \r \n \t \0 \\ \{ and \xNN stand for a byte and {ab*3} for
 * ababab; a line's own end stands for nothing. */

struct case_line {
    char mark;        /* '>', '<', or ' ' for words */
    int number;       /* of the line in its file */
    const char *text; /* unescaped, a NUL behind it; each on its own heap */
    size_t len;
};

struct test_case {
    const char *file, *name, *rule;
    const char *place; /* such as request-line.txt:53 */
    int number;        /* of the line with its name */
    struct case_line *lines;
    size_t count;
};

struct cases {
    char *text; /* of the file */
    struct test_case *all;
    size_t count;
};

/* Reads a file of cases/. What is wrong in it ends the test program. */
struct cases cases_read(const char *file);
void cases_free(struct cases *cases);

/* Fails the test, and tells which case and rule it was, and all of the case. */
void case_failed(const struct test_case *c, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* Fails the test: shows the case up to line `last`, with a ^ below byte `at` of
 * that (SIZE_MAX: below none), what was expected, and what came instead. */
void case_differs(const struct test_case *c, size_t last, size_t at,
                  const char *expected, const char *got)
    __attribute__((noreturn));

/* The words of a line begin with `key` and a space, or are it: returns what
 * stands behind, else NULL. */
const char *case_word(const struct case_line *line, const char *key);

/* The same bytes as text that a person can read; to be freed. */
char *case_show(const char *bytes, size_t len);

/* The same, as lines where the bytes have them, with a ^ below byte `at`. */
char *case_show_lines(const char *bytes, size_t len, size_t at);

/* `told` is lines. The first line of words from `first` on that is none of
 * them, as it is; c->count where all are. */
size_t case_missing(const struct test_case *c, size_t first, const char *told);

/* What `told` has in the place of a line that is missing: the line about the
 * same thing, else its first line. Holds until the next call. */
const char *case_instead(const char *told, const struct case_line *missing);

/* `told` must be `before`, or there is none yet. Bytes of line `last` were fed
 * in another way then: now split at `at`, or as `way` says. */
void case_same(const struct test_case *c, size_t last, size_t at,
               const char *way, const char *before, const char *told);

#endif
