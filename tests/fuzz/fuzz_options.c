/* A command line: words that end in a NUL. Whatever they are, options_read()
 * says that they are wrong, or every value is one that the table allows. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "options.h"

enum { WORDS_MAX = 12 };

static struct values {
    const char *host, *port;
    long count, age;
    uint64_t timeout;
    bool quiet;
} values;

static const struct option_row rows[] = {
    {"host", "ADDR", OPTION_TEXT, &values.host, "where to listen"},
    {"port", "N", OPTION_PORT, &values.port, "a port"},
    {"count", "N", OPTION_COUNT, &values.count, "how many"},
    {"age", "SECONDS", OPTION_AGE, &values.age, "for so long"},
    {"timeout", "SECONDS", OPTION_SECONDS, &values.timeout, "for each step"},
    {"quiet", NULL, OPTION_FLAG, &values.quiet, "say nothing"},
    {0},
};

static int
words_of(char *text, size_t size, char *words[WORDS_MAX + 2])
{
    int count = 1;

    words[0] = "server";
    for (size_t at = 0; at < size && count <= WORDS_MAX;
         at += strlen(text + at) + 1)
        words[count++] = text + at;
    words[count] = NULL;
    return count;
}

static void
check_values(void)
{
    char *end = NULL;

    if (values.port != NULL) {
        long port = strtol(values.port, &end, 10);

        fuzz_must(*values.port != '\0' && *end == '\0', "a port in digits");
        fuzz_must(port >= 0 && port <= 65535, "a port that there is");
    }
    fuzz_must(values.count >= 1, "a count from 1 up");
    fuzz_must(values.age >= 0, "an age from 0 up");
    fuzz_must(values.timeout >= 1, "a time above 0");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    char *text = fuzz_text(data, size);
    char *words[WORDS_MAX + 2];
    int count, status;

    if (nowhere == NULL &&
        (nowhere = freopen("/dev/null", "w", stdout)) == NULL)
        abort();
    values = (struct values){.count = 1, .timeout = 1};
    count = words_of(text, size, words);
    status = options_read(count, words, rows, "Is read by a fuzzer.");
    fuzz_must(status == -1 || status == 0 || status == 2, "go on, 0 or 2");
    if (status == -1)
        check_values();
    free(text);
    return 0;
}
