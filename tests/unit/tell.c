#include <check.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "unit.h"

/* How a failure is told, to a person and to the grader:
 *
 *   tests/unit/cases/request-line.txt:75: two spaces behind the method
 *     rule      One space stands between the parts: RFC 9112, section 3.
 *     fed       > GET  / HTTP/1.1\r\n
 *                     ^
 *     expected  400
 *     got       head: 30 bytes
 *
 * Bytes are shown as the cases have them. libcheck cuts a message at BUFSIZ. */

enum {
    LABEL = 12,      /* columns before the text */
    RUN = 20,        /* so many times the same byte are counted */
    LINES_SHOWN = 16 /* of what was fed */
};

/* Text that may have several lines, the first behind a label. */
static void
tell(FILE *out, const char *label, const char *text)
{
    do {
        size_t len = strcspn(text, "\n");

        (void)fprintf(out, "  %-*s%.*s\n", LABEL - 2, label, (int)len, text);
        text += len;
        label = "";
    } while (*text++ && *text);
}

/* A line of bytes; returns the column of byte `at`. */
static int
tell_bytes(FILE *out, const char *bytes, size_t len, size_t at)
{
    int column = -1;
    int written = 0;
    size_t run;

    for (size_t i = 0; i < len; i += run) {
        char *one = case_show(bytes + i, 1);

        for (run = 1; i + run < len && bytes[i + run] == bytes[i];)
            run++;
        run = run < RUN ? 1 : run;
        if (at >= i && at < i + run)
            column = written;
        written += run > 1 ? fprintf(out, "{%s*%zu}", one, run)
                           : fprintf(out, "%s", one);
        free(one);
    }
    (void)fputc('\n', out);
    return column;
}

char *
case_show_lines(const char *bytes, size_t len, size_t at)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    size_t n;

    for (size_t start = 0; start < len; start += n) {
        const char *end = memchr(bytes + start, '\n', len - start);
        int column;

        n = end ? (size_t)(end + 1 - bytes) - start : len - start;
        column = tell_bytes(out, bytes + start, n, at - start);
        if (column >= 0)
            (void)fprintf(out, "%*s^\n", column, "");
    }
    if (len == 0)
        (void)fprintf(out, "nothing\n");
    (void)fclose(out);
    return text;
}

/* Has this line, which is `len` bytes and not its first, come just before? */
static bool
comes_again(const char *bytes, size_t start, size_t len)
{
    return start >= len &&
           memcmp(bytes + start, bytes + start - len, len) == 0 &&
           bytes[start + len - 1] == '\n' &&
           (start == len || bytes[start - len - 1] == '\n');
}

static void
tell_skipped(FILE *out, int *skipped)
{
    if (*skipped > 0)
        (void)fprintf(out, "%*s(%d more such lines)\n", LABEL, "", *skipped);
    *skipped = 0;
}

/* A run of bytes, in lines; one that comes again and again is told once. */
static void
tell_run(FILE *out, const char *label, const struct case_line *line, size_t at)
{
    const char *bytes = line->text;
    size_t len;
    int shown = 0;
    int skipped = 0;

    for (size_t start = 0; start < line->len; start += len) {
        const char *end = memchr(bytes + start, '\n', line->len - start);
        bool marked;
        int column;

        len = end ? (size_t)(end + 1 - bytes) - start : line->len - start;
        marked = at >= start && at - start < len;
        if (!marked && comes_again(bytes, start, len)) {
            skipped++;
            continue;
        }
        tell_skipped(out, &skipped);
        if (!marked && shown++ >= LINES_SHOWN)
            continue;
        (void)fprintf(out, "  %-*s%c ", LABEL - 2, label, line->mark);
        column = tell_bytes(out, bytes + start, len, at - start);
        if (column >= 0)
            (void)fprintf(out, "%*s^\n", LABEL + 2 + column, "");
        label = "";
    }
    tell_skipped(out, &skipped);
}

static void
tell_case(FILE *out, const struct test_case *c, size_t last, size_t at)
{
    const char *label = "fed";

    (void)fprintf(out, "%s:%d: %s\n", c->file, c->number, c->name);
    tell(out, "rule", c->rule);
    for (size_t i = 0; i < c->count && i <= last; i++) {
        const struct case_line *line = &c->lines[i];
        char *text = case_show(line->text, line->len);

        if (line->mark == ' ')
            tell(out, label, text);
        else
            tell_run(out, label, line, i == last ? at : SIZE_MAX);
        free(text);
        label = "";
    }
}

void
case_differs(const struct test_case *c, size_t last, size_t at,
             const char *expected, const char *got)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    tell_case(out, c, last, at);
    tell(out, "expected", expected);
    tell(out, "got", got);
    (void)fclose(out);
    ck_abort_msg("%s", text);
}

void
case_failed(const struct test_case *c, const char *format, ...)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    va_list args;

    va_start(args, format);
    (void)vfprintf(out, format, args);
    va_end(args);
    (void)fclose(out);
    case_differs(c, c->count, SIZE_MAX, c->rule, text);
}

void
unit_differs(const char *fed, const char *expected, const char *got)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)fputc('\n', out);
    tell(out, "fed", case_show(fed, strlen(fed)));
    tell(out, "expected", case_show(expected, strlen(expected)));
    tell(out, "got", case_show(got, strlen(got)));
    (void)fclose(out);
    ck_abort_msg("%s", text);
}

char *
case_show(const char *bytes, size_t len)
{
    static const char marked[] = "\r\n\t\\";
    static const char letters[] = "rnt\\";
    char *text = malloc(4 * len + 1);
    char *to = text;

    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        const char *found =
            byte < ' ' || byte == '\\' ? strchr(marked, byte) : NULL;

        if (byte && found) {
            *to++ = '\\';
            *to++ = letters[found - marked];
        } else if (byte < ' ' || byte > '~') {
            to += sprintf(to, "\\x%02X", byte);
        } else {
            *to++ = (char)byte;
        }
    }
    *to = '\0';
    return text;
}

const char *
case_word(const struct case_line *line, const char *key)
{
    size_t len = strlen(key);

    if (line->mark != ' ' || strncmp(line->text, key, len) != 0 ||
        (line->text[len] && line->text[len] != ' '))
        return NULL;
    return line->text[len] ? line->text + len + 1 : line->text + len;
}

size_t
case_missing(const struct test_case *c, size_t first, const char *told)
{
    for (size_t i = first; i < c->count; i++) {
        char *wanted = case_show(c->lines[i].text, c->lines[i].len);
        size_t len = strlen(wanted);
        const char *at = told;

        while (*at && (strncmp(at, wanted, len) != 0 || at[len] != '\n'))
            at = strchr(at, '\n') + 1;
        free(wanted);
        if (!*at)
            return i;
    }
    return c->count;
}

/* What a line is about: its text up to a colon, or behind "no" or "empty". */
static size_t
topic(const char **line)
{
    static const char after[] = "told after";

    if (strncmp(*line, after, strlen(after)) == 0)
        return strlen(after);
    if (strncmp(*line, "no ", 3) == 0)
        *line += 3;
    else if (strncmp(*line, "empty ", 6) == 0)
        *line += 6;
    return strcspn(*line, ":\n");
}

const char *
case_instead(const char *told, const struct case_line *missing)
{
    static char text[1000];
    const char *wanted = missing->text;
    size_t len = topic(&wanted);
    const char *found = told;

    for (const char *at = told; *at; at = strchr(at, '\n') + 1) {
        const char *about = at;

        if (topic(&about) == len && strncmp(about, wanted, len) == 0)
            found = at;
    }
    (void)snprintf(text, sizeof text, "%.*s", (int)strcspn(found, "\n"), found);
    return text;
}

void
case_same(const struct test_case *c, size_t last, size_t at, const char *way,
          const char *before, const char *told)
{
    char expected[1000], got[1000];
    size_t start = 0;

    if (!before || strcmp(before, told) == 0)
        return;
    for (size_t i = 0; before[i] == told[i]; i++)
        if (before[i] == '\n')
            start = i + 1;
    (void)snprintf(expected, sizeof expected, "%.*s, however it is fed",
                   (int)strcspn(before + start, "\n"), before + start);
    (void)snprintf(got, sizeof got, "%.*s, where it is fed %s%s",
                   (int)strcspn(told + start, "\n"), told + start, way,
                   at < c->lines[last].len ? " before this byte" : "");
    case_differs(c, last, at, expected, got);
}
