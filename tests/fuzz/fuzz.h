#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

/* What the fuzz targets share. A target is a program that reads one input
 * after the other: libFuzzer makes them up, replay.c reads them from files.
 * Where something does not hold, it ends by abort(3), which both report.
 *
 * Where an input is to come in pieces, its first four bytes say in which: the
 * same input always means the same pieces. */

/* Reads one input; what libFuzzer calls it is its name. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_dice {
    uint32_t state;
};

/* Takes the dice off the front of an input; fewer than four bytes: none. */
struct fuzz_dice fuzz_dice(const uint8_t **data, size_t *size);

/* A number from 1 to most; 0 where most is 0. */
size_t fuzz_roll(struct fuzz_dice *dice, size_t most);

/* How many of the next n bytes come at once, n > 0: often one or a few. */
size_t fuzz_part(struct fuzz_dice *dice, size_t n);

/* Ends the program unless it is so, and says what is not. */
void fuzz_must(bool so, const char *what);

/* A copy of just that size, so that reading beyond it is reported. The
 * caller frees it. */
char *fuzz_copy(const void *bytes, size_t n);

/* The same as a string, its NUL behind. */
char *fuzz_text(const void *bytes, size_t n);

/* Is `a` in one buffer what `b` is in another: the same bytes at the same
 * place, or both not there? What lies in neither (a constant) is itself. */
bool fuzz_same(struct slice a, const char *buffer_a, struct slice b,
               const char *buffer_b, size_t size);

#endif
