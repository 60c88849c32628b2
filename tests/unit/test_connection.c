#include <stdbool.h>

#include "cases.h"
#include "feed.h"
#include "log.h"
#include "talk.h"
#include "unit.h"

/* Every conversation is held with its input whole, byte by byte, and split at
 * every offset; and with each allocation failing in turn, where nothing is
 * asked but that it ends, and gives everything back. */
static void
judge(const struct test_case *c)
{
    size_t len = talk_input(c);
    size_t n = 1;

    log_quiet = true;
    (void)talk(c, SIZE_MAX, 0);
    for (size_t at = 0; at < len; at = feed_next_split(len, at))
        (void)talk(c, at, 0);
    while (talk(c, 0, n))
        n += 1 + n / 32; /* of very many, not every one */
}

static void
add(TCase *tests)
{
    (void)tests;
}

int
main(void)
{
    static const char *const files[] = {"connection-requests.txt",
                                        "connection-bodies.txt",
                                        "connection-streams.txt",
                                        "connection-time.txt",
                                        "connection-end.txt",
                                        "connection-upgrade.txt",
                                        NULL};

    return unit_run_cases("connection", add, files, judge);
}
