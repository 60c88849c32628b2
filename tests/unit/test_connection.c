#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "cases.h"
#include "feed.h"
#include "log.h"
#include "talk.h"
#include "unit.h"

/* What was logged, without the times. */
static void
expect_log(const struct test_case *c)
{
    char *wanted = NULL;
    char *got = NULL;
    size_t size;
    FILE *out = open_memstream(&wanted, &size);
    const char *text;

    for (size_t i = 0; i < c->count; i++)
        if (case_word(&c->lines[i], "log"))
            (void)fprintf(out, "%s\n", case_word(&c->lines[i], "log"));
    (void)fclose(out);
    log_quiet = *wanted == '\0';
    capture_begin(STDERR_FILENO);
    (void)talk(c, SIZE_MAX, 0);
    log_flush();
    text = capture_end();
    log_quiet = true;
    out = open_memstream(&got, &size);
    for (; *text; text++) {
        if (*text == '[')
            text = strchr(text, ']') + 2;
        (void)fputc(*text, out);
    }
    (void)fclose(out);
    if (strcmp(wanted, got) != 0)
        case_differs(c, c->count, SIZE_MAX,
                     *wanted ? wanted : "nothing is logged",
                     *got ? got : "nothing");
    free(wanted);
    free(got);
}

/* Every conversation is held with its input whole, byte by byte, and split at
 * every offset; and with each allocation failing in turn, where nothing is
 * asked but that it ends, and gives everything back. */
static void
judge(const struct test_case *c)
{
    size_t len = talk_input(c);
    size_t n = 1;

    expect_log(c);
    for (size_t at = 0; at < len; at = feed_next_split(len, at))
        (void)talk(c, at, 0);
    while (talk(c, 0, n))
        n += 1 + n / 32; /* of very many, not every one */
}

static void
add(Suite *tests)
{
    (void)tests;
}

int
main(void)
{
    static const char *const files[] = {
        "connection-requests.txt", "connection-bodies.txt",
        "connection-streams.txt",  "connection-time.txt",
        "connection-end.txt",      "connection-upgrade.txt",
        "connection-log.txt",      NULL};

    return unit_run_cases("connection", add, files, judge);
}
