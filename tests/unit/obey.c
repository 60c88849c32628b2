#include "obey.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "echo.h"

enum { BIG = 1 << 16, OPEN_MAX_HERE = 1100 };

struct obey {
    struct loop *loop;
    struct protocol_owner *owner;
    struct loop_timer thinking;
    char line[200];
    size_t line_len;
    char out[4000];
    size_t out_len;
    uint64_t big; /* bytes 'x' still to be sent behind that */
    bool flooding, asleep, broken, closing, switching, nobody;
    bool no_more;
    uint64_t began, deadline;
};

static char many[BIG];

static void
say(struct obey *o, const char *text)
{
    o->out_len += (size_t)snprintf(o->out + o->out_len,
                                   sizeof o->out - o->out_len, "%s\n", text);
}

static void
on_thought(struct loop_timer *timer)
{
    struct obey *o = timer->context;

    o->owner->wake(o->owner);
    o->owner->wake(o->owner); /* once more does no harm */
}

static int
count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < OPEN_MAX_HERE; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Allows no descriptor beyond the lowest free one, or as many as before. */
static void
limit_descriptors(bool full)
{
    static struct rlimit before;
    struct rlimit now;
    int fd = 0;

    if (full) {
        (void)getrlimit(RLIMIT_NOFILE, &before);
        while (fcntl(fd, F_GETFD) >= 0)
            fd++;
        now = before;
        now.rlim_cur = (rlim_t)fd;
    } else {
        now = before;
    }
    (void)setrlimit(RLIMIT_NOFILE, &now);
}

static void
obey_time(struct obey *o, const char *word, unsigned long n, uint64_t now)
{
    if (strcmp(word, "think") == 0) {
        o->asleep = true;
        (void)loop_set_timer(o->loop, &o->thinking, now + n);
    } else if (strcmp(word, "sleep") == 0) {
        o->asleep = true;
    } else if (strcmp(word, "soon") == 0) {
        o->deadline = now + n;
    } else if (strcmp(word, "old") == 0) {
        say(o, now - o->began >= n ? "old" : "young");
    }
}

static void
obey(struct obey *o, char *line, uint64_t now)
{
    const char *word = line;
    char *space = strchr(line, ' ');
    const char *rest = space ? space + 1 : "";
    unsigned long n = strtoul(rest, NULL, 10);
    char number[32];

    if (space)
        *space = '\0';
    if (strcmp(word, "echo") == 0) {
        say(o, rest);
    } else if (strcmp(word, "big") == 0) {
        o->big = n;
    } else if (strcmp(word, "flood") == 0) {
        o->flooding = true;
    } else if (strcmp(word, "close") == 0) {
        say(o, "bye");
        o->closing = true;
    } else if (strcmp(word, "switch") == 0 || strcmp(word, "nobody") == 0) {
        o->switching = true;
        o->nobody = *word == 'n';
    } else if (strcmp(word, "broken") == 0) {
        o->broken = true;
    } else if (strcmp(word, "descriptors") == 0) {
        (void)snprintf(number, sizeof number, "%d", count_descriptors());
        say(o, number);
    } else if (strcmp(word, "full") == 0 || strcmp(word, "enough") == 0) {
        limit_descriptors(*word == 'f');
        say(o, word);
    } else {
        obey_time(o, word, n, now);
    }
}

static void
receive(void *state, const char *bytes, size_t n, uint64_t now)
{
    struct obey *o = state;

    if (n == 0) {
        o->no_more = o->closing = true;
        say(o, "end");
    }
    for (size_t i = 0; i < n && !o->closing; i++) {
        if (o->switching || bytes[i] != '\n') {
            o->line[o->line_len++ % (sizeof o->line - 1)] = bytes[i];
            continue;
        }
        o->line[o->line_len] = '\0';
        o->line_len = 0;
        obey(o, o->line, now);
    }
}

static unsigned
pieces(const void *state, struct piece p[PROTOCOL_PIECES])
{
    const struct obey *o = state;
    unsigned count = 0;

    if (o->out_len > 0)
        p[count++] = (struct piece){.bytes = o->out, .len = o->out_len};
    if (o->asleep)
        return count;
    if (o->broken)
        p[count++] = (struct piece){.len = 1, .file = -1};
    else if (o->flooding || o->big > 0)
        p[count++] = (struct piece){
            .bytes = many, .len = o->big && o->big < BIG ? o->big : BIG};
    return count;
}

static void
sent(void *state, uint64_t n, uint64_t now)
{
    struct obey *o = state;
    size_t from_out = n < o->out_len ? (size_t)n : o->out_len;

    (void)now;
    o->out_len -= from_out;
    memmove(o->out, o->out + from_out, o->out_len);
    if (!o->flooding)
        o->big -= n - from_out;
}

static unsigned
wants(const void *state)
{
    const struct obey *o = state;

    if (o->asleep)
        return o->out_len > 0 ? PROTOCOL_WRITE : 0;
    if (o->out_len > 0 || o->big > 0 || o->flooding || o->broken)
        return PROTOCOL_WRITE | (o->closing ? 0 : PROTOCOL_READ);
    if (o->closing)
        return PROTOCOL_CLOSE;
    return o->switching ? PROTOCOL_SWITCH : PROTOCOL_READ;
}

static uint64_t
deadline(const void *state)
{
    return ((const struct obey *)state)->deadline;
}

static void
tick(void *state, uint64_t now)
{
    struct obey *o = state;

    if (o->asleep && o->thinking.due && !o->thinking.place &&
        o->thinking.at <= now && o->thinking.at > 0) {
        o->asleep = false;
        o->thinking.at = 0;
        say(o, "thought");
    }
    if (now >= o->deadline) {
        say(o, "late");
        o->closing = true;
        o->deadline = PROTOCOL_NEVER;
    }
}

static void
stop(void *state)
{
    struct obey *o = state;

    if (!o->asleep) {
        say(o, "stop");
        o->closing = true;
        o->flooding = false;
    }
}

static struct protocol
next(void *state, struct slice *bytes)
{
    struct obey *o = state;

    *bytes = (struct slice){o->line, o->line_len};
    return o->nobody ? (struct protocol){0} : echo_new();
}

static void
free_obey(void *state)
{
    struct obey *o = state;

    (void)loop_set_timer(o->loop, &o->thinking, UINT64_MAX);
    free(o);
}

static const struct protocol_kind kind = {
    .receive = receive,
    .pieces = pieces,
    .sent = sent,
    .wants = wants,
    .deadline = deadline,
    .tick = tick,
    .stop = stop,
    .next = next,
    .free = free_obey,
};

struct protocol
obey_new(void *loop, struct protocol_owner *owner, const char *address,
         uint64_t began)
{
    struct obey *o = calloc(1, sizeof *o);

    memset(many, 'x', sizeof many);
    if (o && strcmp(address, "refuse") != 0) {
        o->loop = loop;
        o->owner = owner;
        o->thinking.due = on_thought;
        o->thinking.context = o;
        o->began = began;
        o->deadline = PROTOCOL_NEVER;
        return (struct protocol){&kind, o};
    }
    free(o);
    return (struct protocol){&kind, NULL};
}
