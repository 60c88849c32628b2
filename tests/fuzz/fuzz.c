#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fuzz_dice
fuzz_dice(const uint8_t **data, size_t *size)
{
    struct fuzz_dice dice = {0};

    if (*size >= sizeof dice.state) {
        memcpy(&dice.state, *data, sizeof dice.state);
        *data += sizeof dice.state;
        *size -= sizeof dice.state;
    }
    return dice;
}

size_t
fuzz_roll(struct fuzz_dice *dice, size_t most)
{
    if (most == 0)
        return 0;
    dice->state = dice->state * 1664525u + 1013904223u;
    return 1 + (dice->state >> 8) % most;
}

size_t
fuzz_part(struct fuzz_dice *dice, size_t n)
{
    size_t most = fuzz_roll(dice, 2) == 1 && n > 8 ? 8 : n;

    return fuzz_roll(dice, most);
}

void
fuzz_must(bool so, const char *what)
{
    if (so)
        return;
    fprintf(stderr, "it does not hold: %s\n", what);
    abort();
}

char *
fuzz_copy(const void *bytes, size_t n)
{
    char *copy = malloc(n > 0 ? n : 1);

    fuzz_must(copy != NULL, "there is memory");
    if (n > 0)
        memcpy(copy, bytes, n);
    return copy;
}

char *
fuzz_text(const void *bytes, size_t n)
{
    char *text = malloc(n + 1);

    fuzz_must(text != NULL, "there is memory");
    if (n > 0)
        memcpy(text, bytes, n);
    text[n] = '\0';
    return text;
}

static bool
within(struct slice s, const char *buffer, size_t size)
{
    return (uintptr_t)s.at >= (uintptr_t)buffer &&
           (uintptr_t)s.at <= (uintptr_t)buffer + size;
}

bool
fuzz_same(struct slice a, const char *buffer_a, struct slice b,
          const char *buffer_b, size_t size)
{
    if (a.at == NULL || b.at == NULL)
        return a.at == b.at && a.len == b.len;
    if (!within(a, buffer_a, size) || !within(b, buffer_b, size))
        return a.at == b.at && a.len == b.len;
    return a.len == b.len && a.at - buffer_a == b.at - buffer_b;
}
