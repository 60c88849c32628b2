#ifndef PARSERS_H
#define PARSERS_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

/* The parsers that are compared, behind one interface. Each parses one head,
 * and leaves what it has found as slices, as a server would want it. */

struct found_field {
    struct slice name, value;
};

enum { FOUND_MAX = 100 };

struct found {
    struct slice target;
    size_t count;
    struct found_field fields[FOUND_MAX];
};

struct parser {
    const char *name;

    /* Parse the head that is all of head[0..len): at once, or given one byte
     * more at each call. False: it was not taken for one, or not at its end. */
    bool (*whole)(const char *head, size_t len);
    bool (*bytewise)(const char *head, size_t len);

    /* What the last of them found; NULL for one that finds nothing. */
    const struct found *(*found)(void);
};

extern const struct parser parser_request; /* ours */
extern const struct parser parser_http_parser;
extern const struct parser parser_llhttp;
extern const struct parser parser_floor; /* only looks for line ends */

#endif
