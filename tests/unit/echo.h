#ifndef ECHO_H
#define ECHO_H

#include "protocol.h"

/* A protocol that sends back what it gets, and at the end a "!". State NULL: no
 * memory. */
struct protocol echo_new(void);

#endif
