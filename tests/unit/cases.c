#include "cases.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file is read once, before the tests begin: libcheck gives each case a
 * process of its own, which inherits them. */

struct reader {
    const char *path;
    int number;
    const char *rule;
    bool in_rule; /* the next line goes on with it */
    bool joined;  /* the next line of bytes goes on with the one before */
    struct cases cases;
};

static void __attribute__((noreturn))
broken(const struct reader *r, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", r->path, r->number, what);
    exit(1);
}

static void *
grown(void *array, size_t count, size_t size)
{
    void *larger = realloc(array, (count + 1) * size);

    if (!larger)
        exit(1);
    return larger;
}

static char *
read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long size;

    if (!file || fseek(file, 0, SEEK_END) < 0 || (size = ftell(file)) < 0) {
        perror(path);
        exit(1);
    }
    rewind(file);
    text = grown(text, (size_t)size, 1);
    if (fread(text, 1, (size_t)size, file) != (size_t)size)
        exit(1);
    text[size] = '\0';
    (void)fclose(file);
    return text;
}

/* Reads what one byte of text, or an escape, stands for. */
static char
unescape(const struct reader *r, const char **at)
{
    static const char letters[] = "rnt0\\{}";
    static const char bytes[] = "\r\n\t\0\\{}";
    const char *letter;
    char digits[3];

    if (**at != '\\')
        return *(*at)++;
    ++*at;
    if (**at == 'x' && isxdigit((unsigned char)(*at)[1]) &&
        isxdigit((unsigned char)(*at)[2])) {
        (void)snprintf(digits, sizeof digits, "%.2s", *at + 1);
        *at += 3;
        return (char)strtol(digits, NULL, 16);
    }
    letter = **at ? strchr(letters, **at) : NULL;
    if (!letter)
        broken(r, "no such escape");
    ++*at;
    return bytes[letter - letters];
}

/* Writes down what text stands for, a repeated part too. */
static void
unescape_all(const struct reader *r, const char *text, FILE *out)
{
    while (*text) {
        char part[256];
        size_t len = 0;
        char *end;
        unsigned long times;

        if (*text != '{') {
            (void)fputc(unescape(r, &text), out);
            continue;
        }
        for (text++; *text && *text != '*'; len++) {
            if (len == sizeof part)
                broken(r, "what is repeated is too long");
            part[len] = unescape(r, &text);
        }
        times = *text ? strtoul(text + 1, &end, 10) : 0;
        if (!*text || end == text + 1 || *end != '}')
            broken(r, "a repeated part is {part*times}");
        for (text = end + 1; times > 0; times--)
            (void)fwrite(part, 1, len, out);
    }
}

/* Adds a line to the last case, or bytes to its last line. */
static void
add_line(struct reader *r, char mark, const char *text)
{
    struct test_case *c;
    struct case_line *line;
    char *bytes;
    size_t len;
    FILE *out = open_memstream(&bytes, &len);

    if (r->cases.count == 0 || !r->rule)
        broken(r, "this belongs to no case");
    c = &r->cases.all[r->cases.count - 1];
    line = r->joined && c->count > 0 ? &c->lines[c->count - 1] : NULL;
    if (line && line->mark == mark && mark != ' ') {
        (void)fwrite(line->text, 1, line->len, out);
        free((char *)line->text);
    } else {
        c->lines = grown(c->lines, c->count, sizeof *line);
        line = &c->lines[c->count++];
        line->mark = mark;
        line->number = r->number;
    }
    unescape_all(r, text, out);
    (void)fclose(out);
    line->text = bytes;
    line->len = len;
    r->joined = true;
}

static void
add_case(struct reader *r, const char *name)
{
    struct cases *cases = &r->cases;
    const char *slash = strrchr(r->path, '/');
    char *place = NULL;
    size_t size;
    FILE *out;

    if (!r->rule || !strstr(r->rule, "section"))
        broken(r, "no rule, with its section, stands above this case");
    out = open_memstream(&place, &size);
    (void)fprintf(out, "%s:%d", slash ? slash + 1 : r->path, r->number);
    (void)fclose(out);
    cases->all = grown(cases->all, cases->count, sizeof cases->all[0]);
    cases->all[cases->count++] = (struct test_case){.file = r->path,
                                                    .name = name,
                                                    .rule = r->rule,
                                                    .place = place,
                                                    .number = r->number};
    r->joined = false;
}

static void
take_line(struct reader *r, char *line)
{
    bool bytes = strchr("<>", line[0]) && (!line[1] || line[1] == ' ');

    if (strncmp(line, "## ", 3) == 0) {
        r->rule = line + 3;
        r->in_rule = true;
    } else if (strncmp(line, "### ", 4) == 0) {
        add_case(r, line + 4);
        r->in_rule = false;
    } else if (line[0] == '\0') {
        r->joined = r->in_rule = false;
    } else if (r->in_rule) {
        line[-1] = ' '; /* it was the end of the line before */
    } else if (line[0] != '#') {
        if (bytes)
            add_line(r, line[0], line[1] ? line + 2 : line + 1);
        else
            add_line(r, ' ', line);
    }
}

struct cases
cases_read(const char *file)
{
    static const char here[] = __FILE__;
    const char *slash = strrchr(here, '/');
    int directory = slash ? (int)(slash + 1 - here) : 0;
    char *path = NULL;
    size_t size;
    struct reader r = {0};
    FILE *out = open_memstream(&path, &size);
    char *next;

    (void)fprintf(out, "%.*scases/%s", directory, here, file);
    (void)fclose(out);
    r.path = path;
    r.cases.text = read_whole(path);
    for (char *line = r.cases.text; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        r.number++;
        take_line(&r, line);
    }
    if (r.cases.count == 0)
        broken(&r, "there is no case in it");
    return r.cases;
}

void
cases_free(struct cases *cases)
{
    free((char *)cases->all[0].file); /* the same for all */
    for (size_t i = 0; i < cases->count; i++) {
        struct test_case *c = &cases->all[i];

        for (size_t j = 0; j < c->count; j++)
            free((char *)c->lines[j].text);
        free((char *)c->place);
        free(c->lines);
    }
    free(cases->all);
    free(cases->text);
}
