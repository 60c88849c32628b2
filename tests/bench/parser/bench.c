#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cycles.h"
#include "parsers.h"
#include "samples.h"

/* Parsers side by side, on one request at a time:
 *
 *   bench [ROUNDS [MILLISECONDS]]
 *
 * In a round each has its turn, of so many milliseconds; the next round begins
 * with the next parser. Printed are medians over the rounds, the middle half of
 * the rounds as the spread, and the ratio to http-parser, taken in each round.
 * Whatever a parser says is compared with what is right. */

enum { ROUNDS_MAX = 1000, PARSERS_MAX = 8 };

struct work {
    const char *title;
    const struct sample *sample;
    bool bytewise;
};

struct rounds {
    double ns[ROUNDS_MAX], cycles[ROUNDS_MAX], ratio[ROUNDS_MAX];
};

static const struct parser *const parsers[] = {
    &parser_http_parser,
#ifdef WITH_LLHTTP
    &parser_llhttp,
#endif
    &parser_request,
    &parser_floor,
};
enum { PARSERS = sizeof parsers / sizeof parsers[0], BASE = 0 };

static void
wrong(const struct parser *p, const struct work *w, const char *what)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "bench: %s, %s: %s\n", p->name, w->title, what);
    exit(1);
}

static void
check(const struct parser *p, const struct work *w)
{
    const struct found *f = p->found ? p->found() : NULL;
    const char *at = w->sample->head;

    if (!f)
        return;
    if (!slice_is(f->target, w->sample->target))
        wrong(p, w, "another target");
    if (f->count != w->sample->fields)
        wrong(p, w, "another number of fields");
    for (size_t i = 0; i < f->count; i++) {
        const struct found_field *field = &f->fields[i];

        at = strstr(at, "\r\n") + 2;
        if (field->name.at != at || at[field->name.len] != ':' ||
            field->value.at != at + field->name.len + 2 ||
            field->value.at + field->value.len != strstr(at, "\r\n"))
            wrong(p, w, "a field of other bytes");
    }
}

/* Parses the head so often. */
static void
repeat(const struct parser *p, const struct work *w, size_t times)
{
    bool (*parse)(const char *, size_t) = w->bytewise ? p->bytewise : p->whole;
    size_t len = strlen(w->sample->head);

    for (size_t i = 0; i < times; i++)
        if (!parse(w->sample->head, len))
            wrong(p, w, "is not taken for a head");
    check(p, w);
}

static double
now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* How often to parse, so that a turn lasts about so long. */
static size_t
calibrate(const struct parser *p, const struct work *w, double ns)
{
    size_t times = 1;
    double took = 0;

    while (took < ns / 4) {
        double start = now();

        times *= 2;
        repeat(p, w, times);
        took = now() - start;
    }
    times = (size_t)((double)times * ns / took);
    return times > 0 ? times : 1;
}

static void
take_turn(const struct parser *p, const struct work *w, size_t times,
          double *ns, double *cycles)
{
    uint64_t before = cycles_now();
    double start = now();

    repeat(p, w, times);
    *ns = (now() - start) / (double)times;
    *cycles = (double)(cycles_now() - before) / (double)times;
}

static int
order(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* The value that the given part of the rounds is below: 0.5 is the median. */
static double
quantile(double *values, size_t count, double part)
{
    qsort(values, count, sizeof *values, order);
    return values[(size_t)((double)(count - 1) * part + 0.5)];
}

static void
report(const struct work *w, struct rounds of[], size_t rounds)
{
    (void)printf("%s, %zu bytes, %zu field%s\n", w->title,
                 strlen(w->sample->head), w->sample->fields,
                 w->sample->fields == 1 ? "" : "s");
    for (size_t i = 0; i < PARSERS; i++) {
        double low = quantile(of[i].ns, rounds, 0.25);
        double high = quantile(of[i].ns, rounds, 0.75);

        (void)printf("  %-12s %9.1f ns  %8.1f to %-8.1f", parsers[i]->name,
                     quantile(of[i].ns, rounds, 0.5), low, high);
        if (cycles_counted())
            (void)printf(" %7.0f cycles", quantile(of[i].cycles, rounds, 0.5));
        (void)printf(" %6.2f times", quantile(of[i].ratio, rounds, 0.5));
        (void)printf(" (%.2f to %.2f)\n", quantile(of[i].ratio, rounds, 0.25),
                     quantile(of[i].ratio, rounds, 0.75));
    }
}

static void
compare(const struct work *w, size_t rounds, double turn)
{
    static struct rounds of[PARSERS];
    size_t times[PARSERS];

    for (size_t i = 0; i < PARSERS; i++)
        times[i] = calibrate(parsers[i], w, turn);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t n = 0; n < PARSERS; n++) {
            size_t i = (n + round) % PARSERS;

            take_turn(parsers[i], w, times[i], &of[i].ns[round],
                      &of[i].cycles[round]);
        }
        for (size_t i = 0; i < PARSERS; i++)
            of[i].ratio[round] = of[BASE].ns[round] / of[i].ns[round];
    }
    report(w, of, rounds);
}

/* A number from 1 to max. */
static size_t
number(const char *text, size_t max)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text == '\0' || *end != '\0' || n < 1 || n > max) {
        (void)fprintf(stderr, "bench: %s is no number up to %zu\n", text, max);
        exit(2);
    }
    return n;
}

int
main(int argc, char **argv)
{
    static const struct work works[] = {
        {"A small request", &sample_small, false},
        {"A browser's request", &sample_browser, false},
        {"A small request, byte by byte", &sample_small, true},
        {"A browser's request, byte by byte", &sample_browser, true},
    };
    size_t rounds = argc > 1 ? number(argv[1], ROUNDS_MAX) : 21;
    size_t turn = argc > 2 ? number(argv[2], 1000) : 10;

    cycles_start();
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++)
        compare(&works[i], rounds, (double)turn * 1e6);
    return 0;
}
