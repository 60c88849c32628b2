/* A body, whole, in pieces, and in pieces of which some are given back. The
 * first byte behind the dice says how it is framed. */

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "framing.h"
#include "fuzz.h"

enum pace { WHOLE, PIECES, GIVEN_BACK, PACES };

struct outcome {
    long status;        /* 1: complete, 0: more is needed, < 0: refused */
    size_t used;        /* bytes of the input */
    struct buffer body; /* owned */
};

/* Feeds one piece; returns how many of its bytes were used up, or < 0. */
static long
feed(struct http_framing *f, const uint8_t *data, size_t n, enum pace pace,
     struct fuzz_dice *dice, struct buffer *body)
{
    char *piece = fuzz_copy(data, n);
    struct slice part;
    long used = http_framing_next(f, piece, n, &part);
    size_t back = 0;

    fuzz_must(used <= (long)n, "no more used up than came");
    if (used >= 0 && part.len > 0) {
        fuzz_must(part.at >= piece && part.at + part.len == piece + used,
                  "the last bytes used up are the body's");
        if (pace == GIVEN_BACK && fuzz_roll(dice, 3) == 1)
            back = fuzz_roll(dice, part.len) - 1;
        buffer_add(body, part.at, part.len - back);
        http_framing_give_back(f, back);
    }
    free(piece);
    return used < 0 ? used : used - (long)back;
}

static void
run(struct outcome *o, struct http_framing f, const uint8_t *data, size_t size,
    enum pace pace, struct fuzz_dice *dice)
{
    size_t come = pace == WHOLE ? size : 0;

    while (f.state != FRAMING_DONE && o->status == 0) {
        long used =
            feed(&f, data + o->used, come - o->used, pace, dice, &o->body);

        if (used < 0) {
            o->status = used;
            return;
        }
        o->used += (size_t)used;
        if (f.state == FRAMING_DONE)
            o->status = 1;
        else if (come < size)
            come += fuzz_part(dice, size - come);
        else if (used == 0)
            return;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome outcomes[PACES] = {{0}};
    struct fuzz_dice dice = fuzz_dice(&data, &size);
    struct http_framing new;
    uint8_t kind = size > 0 ? data[0] : 0;

    if (size == 0)
        return 0;
    http_framing_init(&new, kind % 4 != 0, kind / 4 * UINT64_C(7));
    for (enum pace pace = WHOLE; pace < PACES; pace++)
        run(&outcomes[pace], new, data + 1, size - 1, pace, &dice);
    for (enum pace pace = PIECES; pace < PACES; pace++) {
        struct outcome *a = &outcomes[WHOLE], *b = &outcomes[pace];

        fuzz_must(a->status == b->status, "one result");
        if (a->status >= 0) {
            fuzz_must(a->used == b->used, "as many bytes used up");
            fuzz_must(a->body.len == b->body.len, "a body as long");
            fuzz_must(a->body.len == 0 || memcmp(a->body.bytes, b->body.bytes,
                                                 a->body.len) == 0,
                      "one body");
        }
    }
    for (enum pace pace = WHOLE; pace < PACES; pace++)
        buffer_free(&outcomes[pace].body);
    return 0;
}
