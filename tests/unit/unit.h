#ifndef UNIT_H
#define UNIT_H

#include <check.h>

#include "cases.h"

/* Every test program has one suite and one main(), which returns this. */

/* Runs the tests that add() adds. */
int unit_run(const char *name, void (*add)(TCase *));

/* Runs those, and judge() on each case of the files, a list ended by NULL. */
int unit_run_cases(const char *name, void (*add)(TCase *),
                   const char *const files[],
                   void (*judge)(const struct test_case *));

#endif
