#ifndef UNIT_H
#define UNIT_H

#include <check.h>

#include "cases.h"

/* Every test program has one suite and one main(), which returns unit_run().
 *
 * A test is a test case of libcheck's own, named like its function; a case of
 * a file is named like its place. So CK_RUN_CASE=test_field, or
 * CK_RUN_CASE=request-line.txt:53, in the environment runs that one alone.
 *
 * A grader names the tests to run, each behind a line end, in UNIT_TESTS, and
 * in UNIT_RESULTS the descriptor that the results are written to: the code
 * under test does not have it. For each test, when it has ended, there is
 *
 *   result NAME STATUS OUTPUT FILE:LINE SIZE
 *   what libcheck says: SIZE bytes, and a line end
 *
 * STATUS is passed, failed, died, late or cut (it ended in its middle, as if
 * nothing were wrong); OUTPUT where stderr, if it is a file, then ends.
 * Nothing is run behind a test that neither passed nor failed. */

/* Adds a test; and one that is run for each _i from 0 to count - 1. */
#define unit_add(tests, test) tcase_add_test(unit_case(tests, #test), test)
#define unit_add_loop(tests, test, count)                                      \
    tcase_add_loop_test(unit_case(tests, #test), test, 0, count)

/* A new test case of that name. */
TCase *unit_case(Suite *tests, const char *name);

/* Runs the tests that add() adds. */
int unit_run(const char *name, void (*add)(Suite *tests));

/* Runs those, and judge() on each case of the files, a list ended by NULL. */
int unit_run_cases(const char *name, void (*add)(Suite *tests),
                   const char *const files[],
                   void (*judge)(const struct test_case *));

/* Fails the test, and shows what went in, what was expected, and what came. */
void unit_differs(const char *fed, const char *expected, const char *got)
    __attribute__((noreturn));

#endif
