#include "conversation.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"

enum {
    TURNS_MAX = 1 << 20, /* of the loop below; more: in circles */
    READ_MAX = 32768,    /* bytes that come at once at most */
    TIME = 1000,         /* milliseconds; it stands still until all is said */
    IDLE_MAX = 3,        /* turns in which nothing happens; more: stuck */
};

struct talk {
    const struct conversation *what;
    struct protocol protocol;
    const uint8_t *data;
    size_t left;
    bool no_more; /* the client has said so */
    bool silent;  /* or is, behind its input */
    uint64_t now;
    int idle;
    struct fuzz_dice *dice; /* NULL: all at once */
    struct buffer said;
};

static bool woken;

static void
wake(struct protocol_owner *owner)
{
    (void)owner;
    woken = true;
}

static size_t
part_of(struct talk *t, size_t n)
{
    return t->dice != NULL ? fuzz_part(t->dice, n) : n;
}

static bool
chance(struct talk *t, size_t one_in)
{
    return t->dice != NULL && fuzz_roll(t->dice, one_in) == 1;
}

/* Takes the first n bytes of a piece, from memory or from its file. */
static void
keep(struct buffer *said, struct piece piece, uint64_t n)
{
    char bytes[4096];

    while (n > 0) {
        size_t size = n < sizeof bytes ? (size_t)n : sizeof bytes;
        ssize_t got = piece_copy(&piece, bytes, size);

        fuzz_must(got > 0, "a piece is as long as it says");
        buffer_add(said, bytes, (size_t)got);
        piece_use(&piece, (uint64_t)got);
        n -= (uint64_t)got;
    }
}

static void
take_answer(struct talk *t)
{
    struct piece pieces[PROTOCOL_PIECES];
    unsigned count = t->protocol.kind->pieces(t->protocol.state, pieces);
    uint64_t total = 0, taken, left;

    for (unsigned i = 0; i < count; i++)
        total += pieces[i].len;
    fuzz_must(total > 0, "who wants to write has something to write");
    t->idle = 0;
    taken = left = part_of(t, total < READ_MAX ? (size_t)total : READ_MAX);
    for (unsigned i = 0; i < count && left > 0; i++) {
        uint64_t n = pieces[i].len < left ? pieces[i].len : left;

        keep(&t->said, pieces[i], n);
        left -= n;
    }
    t->protocol.kind->sent(t->protocol.state, taken, t->now);
}

/* The client has said all: it half-closes, or its time runs out. */
static void
say_no_more(struct talk *t)
{
    const struct protocol *p = &t->protocol;
    uint64_t deadline = p->kind->deadline(p->state);

    if (t->silent && deadline != PROTOCOL_NEVER) {
        t->now = deadline;
        p->kind->tick(p->state, t->now);
        fuzz_must(++t->idle <= IDLE_MAX, "a deadline has a consequence");
    } else {
        t->no_more = true;
        p->kind->receive(p->state, "", 0, t->now);
    }
}

static void
say_more(struct talk *t)
{
    size_t n = part_of(t, t->left < READ_MAX ? t->left : READ_MAX);
    char *bytes = fuzz_copy(t->data, n);

    t->idle = 0;
    t->data += n;
    t->left -= n;
    t->protocol.kind->receive(t->protocol.state, bytes, n, t->now);
    free(bytes);
    if (chance(t, 3) && t->what->later != NULL)
        t->what->later();
    if (chance(t, 5))
        t->protocol.kind->tick(t->protocol.state, t->now);
}

/* Nobody can go on but a handler that thinks. */
static void
let_think(struct talk *t)
{
    bool some = t->what->later != NULL && t->what->later();

    fuzz_must(some || ++t->idle <= IDLE_MAX, "it waits for somebody");
}

/* One turn of what io/server does. False: the connection ends. */
static bool
turn(struct talk *t)
{
    struct protocol *p = &t->protocol;
    unsigned wants = p->kind->wants(p->state);
    bool reads = (wants & PROTOCOL_READ) != 0 && !t->no_more;
    bool skips = reads && t->left > 0 && chance(t, 4); /* what is to be sent */

    if (woken) {
        woken = false;
        p->kind->tick(p->state, t->now);
    } else if ((wants & PROTOCOL_WRITE) != 0 && !skips) {
        take_answer(t);
    } else if (reads) {
        t->left > 0 ? say_more(t) : say_no_more(t);
    } else if ((wants & PROTOCOL_SWITCH) != 0) {
        return protocol_switch(p, t->no_more, t->now) == 0;
    } else if ((wants & PROTOCOL_CLOSE) != 0) {
        return false;
    } else {
        let_think(t);
    }
    return true;
}

static void
hold(struct talk *t)
{
    struct protocol_owner owner = {wake};
    int turns = 0;

    woken = false;
    t->protocol =
        http_connection_new(t->what->settings, &owner, "127.0.0.1", TIME);
    fuzz_must(t->protocol.state != NULL, "there is memory");
    while (turn(t))
        fuzz_must(++turns < TURNS_MAX, "a conversation ends");
    if (t->protocol.state != NULL)
        t->protocol.kind->free(t->protocol.state);
}

/* The second may have changed between the two. */
static void
blank_dates(struct buffer *said)
{
    static const char name[] = "\r\nDate: ";
    size_t len = sizeof name - 1, date = 29;

    for (size_t i = 0; i + len + date <= said->len; i++)
        if (memcmp(said->bytes + i, name, len) == 0)
            memset(said->bytes + i + len, '-', date);
}

void
conversation_hold(const struct conversation *c, const uint8_t *data,
                  size_t size)
{
    struct fuzz_dice dice = fuzz_dice(&data, &size);
    struct talk whole = {.what = c, .data = data, .left = size, .now = TIME};
    struct talk pieces;

    whole.silent = (dice.state & 1) != 0;
    pieces = whole;
    pieces.dice = &dice;
    hold(&whole);
    hold(&pieces);
    blank_dates(&whole.said);
    blank_dates(&pieces.said);
    fuzz_must(whole.said.len == pieces.said.len, "answers as long");
    fuzz_must(whole.said.len == 0 || memcmp(whole.said.bytes, pieces.said.bytes,
                                            whole.said.len) == 0,
              "the same answers");
    buffer_free(&whole.said);
    buffer_free(&pieces.said);
}
