#ifndef OPTIONS_H
#define OPTIONS_H

/* The command line, read by a table (getopt_long(3) does the work). */

enum option_kind {
    OPTION_FLAG,    /* bool *: true when given */
    OPTION_TEXT,    /* const char **: into argv */
    OPTION_PORT,    /* const char **: a number from 0 to 65535 */
    OPTION_COUNT,   /* long *: a number from 1 up */
    OPTION_AGE,     /* long *: seconds from 0 up, whole */
    OPTION_SECONDS, /* uint64_t *: milliseconds; seconds > 0 are given, with
                     * a fraction if one likes */
};

enum { OPTIONS_MAX = 16 }; /* rows in a table, at most */

struct option_row {
    const char *name;     /* without its dashes */
    const char *argument; /* what --help calls the value; NULL for a flag */
    enum option_kind kind;
    void *value; /* holds the default before, and what was given after */
    const char *help;
};

/* Reads argv by a table that ends with a row whose name is NULL, and --help
 * besides. Returns -1: go on; else the status to exit with: 0 after --help
 * (printed on stdout), 2 after one line on stderr that says what is wrong. */
int options_read(int argc, char **argv, const struct option_row *rows,
                 const char *summary);

#endif
