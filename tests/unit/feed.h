#ifndef FEED_H
#define FEED_H

#include <stdbool.h>
#include <stddef.h>

/* Input that a sanitizer guards: a byte behind what has "come" is a report. */

/* Copies len bytes to the heap, where the block ends right behind them. */
char *feed_copy(const char *bytes, size_t len);

/* Of a block of `size` bytes from feed_copy(), only the first `len` may be
 * read from now on; all of them again where both are the same. */
void feed_show(const char *block, size_t size, size_t len);

/* The places where an input is split: every one; but of an input beyond
 * FEED_WHOLE bytes, which repeats itself, those near its ends and every 37th.
 * Returns the next one behind `at`, or `len` when there is none. */
enum { FEED_WHOLE = 2000, FEED_NEAR = 64, FEED_STRIDE = 37 };
size_t feed_next_split(size_t len, size_t at);

#endif
