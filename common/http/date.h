#ifndef DATE_H
#define DATE_H

#include <stdbool.h>
#include <time.h>

#include "slice.h"

/* Dates in HTTP are in GMT (RFC 9110, section 5.6.7), sent in one format and
 * understood in three. */

enum { DATE_SIZE = 30 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" and its NUL */

/* Writes a time down, years 0 to 9999. */
void date_write(time_t when, char text[DATE_SIZE]);

/* The time of day as text; the same memory each time, new every second. */
const char *date_now(void);

/* Reads a date in any of the three formats. False: it is in none of them. */
bool date_read(struct slice text, time_t *when);

#endif
