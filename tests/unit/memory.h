#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Memory that is counted, and that can run out. Every test program's malloc(3)
 * and its kin are these; they do nothing special but while watched. */

/* Counts from now on, or goes on doing so; and stops. */
void memory_watch(void);
void memory_ignore(void);

/* Allocation number n from now on (1: the next), of those watched, fails, and
 * all behind it too; 0: none. Forgets the counts so far. */
void memory_fail(size_t n);

/* Has one failed? */
bool memory_failed(void);

/* Bytes allocated and not freed, while watched, since memory_fail(). */
long memory_live(void);

#endif
