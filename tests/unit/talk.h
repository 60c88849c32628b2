#ifndef TALK_H
#define TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cases.h"
#include "connection.h"

/* A conversation with an HTTP connection, as a case tells it. There is no
 * socket: the case says what comes, takes what is to be sent, and moves the
 * clock. What it may say besides bytes:
 *
 *   timeout N         before anything else: the setting, in ms (1000)
 *   fields LINES      before anything else: the setting
 *   clock N           it is now N ms after the connection began
 *   expire            it is now the deadline
 *   tick              the owner looks, though nobody called it
 *   end               the client says that no more will come
 *   stop              the server ends
 *   stuck, unstuck    the client takes nothing, or all, of what is sent
 *   takes N           the stuck client takes so many bytes
 *   wants WORDS       what the connection wants must be this: read, write,
 *                     close, switch, or nothing
 *   deadline N        must be N ms after the beginning, or: never
 *   told WORDS        must be the next thing that the handler was told
 *   told no more      it was told nothing else
 *   counts N          so many bytes have been sent; they are not looked at
 *   holds N           bytes of memory, at most
 *   log LINE          is logged, but for the time; one line of several
 *   switch            another protocol, an echo, goes on
 *   do ...            is for the handler: see talker.c
 *
 * Of what is sent, the fields Server and Date are checked and left out.
 */

struct talk {
    const struct test_case *c;
    size_t line;                 /* of the case, that is being taken */
    struct protocol_owner owner; /* where wake() is called */
    struct http_settings settings;
    struct protocol protocol;
    bool begun, stuck, woken;
    bool ended, no_more; /* the client has said it; the connection knows */
    bool lenient;        /* memory runs out: nothing need be as expected */
    uint64_t now;
    char *input_block, *input; /* what has come and waits to be wanted */
    size_t waiting;
    FILE *sent; /* what the client has got, since it was looked at */
    char *bytes;
    size_t len;
    size_t split, fed; /* where the input is split, and how much has come */
    bool bytewise;     /* it is split everywhere */
};

enum { TALK_BEGIN = 1000000 }; /* the clock's zero is anywhere */

/* Runs a case with its input split at one place; SIZE_MAX: at each. `fail` is
 * memory_fail()'s. Returns whether memory ran out. */
bool talk(const struct test_case *c, size_t split, size_t fail);

/* Fails the test, at the line that is being taken. */
void talk_differs(const struct talk *t, const char *expected, const char *got)
    __attribute__((noreturn));

/* Bytes of input in a case. */
size_t talk_input(const struct test_case *c);

/* Who answers, and the part of the case that is for it (talker.c). */
extern const struct http_handler talker;
void talker_begin(struct talk *t);
void talker_do(struct talk *t, const char *words);
const char *talker_told(void); /* the next thing that it was told, or NULL */

#endif
