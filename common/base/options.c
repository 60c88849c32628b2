#include "options.h"

#include <assert.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "slice.h"

enum {
    STATUS_USAGE = 2,
    TIMEOUT_MAX = 1000000000, /* seconds; more overflows nothing, but why */
};

static void
help(const char *program, const struct option_row *rows, const char *summary)
{
    printf("usage: %s [options]\n%s\n\n", program, summary);
    for (const struct option_row *row = rows; row->name; row++)
        printf("  --%-13s%-9s%s\n", row->name,
               row->argument ? row->argument : "", row->help);
    printf("  --%-13s%-9s%s\n", "help", "", "print this and end");
}

static bool
read_whole(const char *text, long least, long most, long *value)
{
    uint64_t n;

    if (!slice_number(slice_of(text), &n) || n > (uint64_t)most ||
        (long)n < least)
        return false;
    *value = (long)n;
    return true;
}

/* Digits with at most one point among them: what strtod(3) takes besides,
 * spaces, signs, exponents, "inf", is not a number of seconds. */
static bool
read_seconds(const char *text, uint64_t *ms)
{
    char *end;
    double seconds;

    for (const char *c = text; *c; c++)
        if ((*c < '0' || *c > '9') && *c != '.')
            return false;
    seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds > 0) || seconds > TIMEOUT_MAX)
        return false;
    *ms = (uint64_t)(seconds * 1000);
    if (*ms == 0)
        *ms = 1;
    return true;
}

/* Stores what was given. False: it is not what the row asks for. */
static bool
store(const struct option_row *row, const char *text)
{
    long port;

    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)row->value = true;
        return true;
    case OPTION_PORT:
        if (!read_whole(text, 0, 65535, &port))
            return false;
        *(const char **)row->value = text;
        return true;
    case OPTION_TEXT:
        *(const char **)row->value = text;
        return true;
    case OPTION_COUNT:
        return read_whole(text, 1, INT_MAX, row->value);
    case OPTION_AGE:
        return read_whole(text, 0, INT_MAX, row->value);
    case OPTION_SECONDS:
        return read_seconds(text, row->value);
    }
    return false;
}

int
options_read(int argc, char **argv, const struct option_row *rows,
             const char *summary)
{
    struct option known[OPTIONS_MAX + 2] = {{0}};
    int count = 0;
    int found;

    for (; rows[count].name; count++) {
        assert(count < OPTIONS_MAX);
        known[count].name = rows[count].name;
        known[count].has_arg =
            rows[count].argument ? required_argument : no_argument;
        known[count].val = count;
    }
    known[count] = (struct option){"help", no_argument, NULL, count};
    optind = 0; /* from the start, even if called before; all libcs agree */
    while ((found = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (found == count) {
            help(argv[0], rows, summary);
            return 0;
        }
        if (found == '?')
            return STATUS_USAGE; /* getopt_long has said what is wrong */
        if (!store(&rows[found], optarg)) {
            fprintf(stderr, "%s: '%s' is no value for --%s\n", argv[0], optarg,
                    rows[found].name);
            return STATUS_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "%s: unexpected word '%s'\n", argv[0], argv[optind]);
        return STATUS_USAGE;
    }
    return -1;
}
