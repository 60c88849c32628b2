#include "parsers.h"

#include <string.h>

/* What nothing that reads lines can go below: each line end is found, and no
 * byte is judged. */

static bool
whole(const char *head, size_t len)
{
    const char *end = head + len;
    const char *line = head;
    const char *behind;

    for (;;) {
        const char *lf = memchr(line, '\n', (size_t)(end - line));

        if (!lf)
            return false;
        behind = lf + 1;
        if (lf - line == 1)
            return behind == end;
        line = behind;
    }
}

static bool
bytewise(const char *head, size_t len)
{
    size_t lines = 0;

    for (size_t n = 0; n < len; n++)
        lines += memchr(head + n, '\n', 1) != NULL;
    return lines > 1;
}

const struct parser parser_floor = {"memchr", whole, bytewise, NULL};
