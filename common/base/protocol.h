#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "piece.h"
#include "slice.h"

/* A protocol without I/O: bytes go in, pieces to send come out, and it says
 * what it wants next and until when. Whoever moves the bytes (io/server, a
 * unit test, a fuzzer) knows nothing of what they mean; the protocol knows
 * nothing of sockets.
 *
 * The owner's side of the bargain, after every call of any of these functions:
 * ask wants() again, and act on it:
 *
 *   PROTOCOL_WRITE   ask pieces(), send what the peer takes, say so by sent()
 *   PROTOCOL_READ    when bytes come, hand them to receive()
 *   PROTOCOL_SWITCH  call next(); another protocol goes on
 *   PROTOCOL_CLOSE   all is said and sent: close
 *   0                somebody thinks, and will call the owner's wake()
 *
 * WRITE goes before SWITCH and CLOSE. Times are milliseconds on a clock that
 * only goes forward. */

enum {
    PROTOCOL_READ = 1,
    PROTOCOL_WRITE = 2,
    PROTOCOL_CLOSE = 4,
    PROTOCOL_SWITCH = 8,
};

#define PROTOCOL_NEVER UINT64_MAX /* a deadline that there is not */

enum { PROTOCOL_PIECES = 2 }; /* pieces at a time, at most */

struct protocol {
    const struct protocol_kind *kind;
    void *state;
};

/* Whom a protocol belongs to. wake() may be called at any time, from inside
 * the protocol's functions too; the owner answers by calling tick(), later and
 * never from inside wake(). */
struct protocol_owner {
    void (*wake)(struct protocol_owner *owner);
};

struct protocol_kind {
    /* n bytes arrived; all are taken, or kept. n == 0: no more will come. The
     * bytes are the caller's again when this returns. */
    void (*receive)(void *state, const char *bytes, size_t n, uint64_t now);

    /* Fills in what is to be sent next and returns how many pieces that is.
     * They hold until the next call of any other function. */
    unsigned (*pieces)(const void *state, struct piece p[PROTOCOL_PIECES]);

    /* The first n bytes of those pieces are on their way. */
    void (*sent)(void *state, uint64_t n, uint64_t now);

    /* PROTOCOL_READ | ... */
    unsigned (*wants)(const void *state);

    /* When tick() is to be called, or PROTOCOL_NEVER. */
    uint64_t (*deadline)(const void *state);

    /* Time has passed: the deadline has come, or wake() has been called, or
     * neither, and then nothing happens. */
    void (*tick)(void *state, uint64_t now);

    /* The server ends: finish what is under way, begin nothing. */
    void (*stop)(void *state);

    /* After PROTOCOL_SWITCH: who goes on, and the bytes that have arrived for
     * it, which hold until this state is freed. NULL: it never switches. */
    struct protocol (*next)(void *state, struct slice *bytes);

    void (*free)(void *state);
};

/* After PROTOCOL_SWITCH: puts the next protocol in the place of p, gives it
 * what has come, and frees the old one. no_more: the peer has said so. Returns
 * 0, or -1 when there is no next one after all; p->state is then NULL. */
int protocol_switch(struct protocol *p, bool no_more, uint64_t now);

#endif
