#include "echo.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct echo {
    char bytes[2000];
    size_t len;
    bool ended;
};

static void
add(struct echo *e, const char *bytes, size_t n)
{
    if (n > sizeof e->bytes - e->len)
        n = sizeof e->bytes - e->len;
    memcpy(e->bytes + e->len, bytes, n);
    e->len += n;
}

static void
receive(void *state, const char *bytes, size_t n, uint64_t now)
{
    (void)now;
    add(state, n > 0 ? bytes : "!", n > 0 ? n : 1);
    if (n == 0)
        ((struct echo *)state)->ended = true;
}

static unsigned
pieces(const void *state, struct piece p[PROTOCOL_PIECES])
{
    const struct echo *e = state;

    p[0] = (struct piece){.bytes = e->bytes, .len = e->len};
    return 1;
}

static void
sent(void *state, uint64_t n, uint64_t now)
{
    struct echo *e = state;

    (void)now;
    e->len -= (size_t)n;
    memmove(e->bytes, e->bytes + n, e->len);
}

static unsigned
wants(const void *state)
{
    const struct echo *e = state;

    if (e->len > 0)
        return PROTOCOL_WRITE;
    return e->ended ? PROTOCOL_CLOSE : PROTOCOL_READ;
}

static uint64_t
deadline(const void *state)
{
    (void)state;
    return PROTOCOL_NEVER;
}

static void
tick(void *state, uint64_t now)
{
    (void)state;
    (void)now;
}

static void
stop(void *state)
{
    ((struct echo *)state)->ended = true;
}

static const struct protocol_kind echo = {
    .receive = receive,
    .pieces = pieces,
    .sent = sent,
    .wants = wants,
    .deadline = deadline,
    .tick = tick,
    .stop = stop,
    .free = free,
};

struct protocol
echo_new(void)
{
    return (struct protocol){&echo, calloc(1, sizeof(struct echo))};
}
