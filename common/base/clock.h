#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Milliseconds on a clock that only goes forward, whatever happens to the date
 * (CLOCK_MONOTONIC, clock_gettime(2)). Its zero is anywhere. */
uint64_t clock_now(void);

#endif
