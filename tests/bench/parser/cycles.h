#ifndef CYCLES_H
#define CYCLES_H

#include <stdbool.h>
#include <stdint.h>

/* The processor's cycles that this process has used, where the system counts
 * them for us: Linux, on a machine or virtual machine with the counters. */

void cycles_start(void);
bool cycles_counted(void);
uint64_t cycles_now(void); /* 0 where nothing is counted */

#endif
