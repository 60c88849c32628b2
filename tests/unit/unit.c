#include "unit.h"

#include <stdlib.h>

enum {
    FILES_MAX = 16,
    SECONDS = 60, /* for one test, on a busy machine */
};

static struct cases pages[FILES_MAX];
static void (*judge_case)(const struct test_case *);

/* Case _i, counted through all files. */
START_TEST(test_case)
{
    size_t n = (size_t)_i;
    size_t page = 0;

    while (n >= pages[page].count)
        n -= pages[page++].count;
    _mark_point(pages[page].all[n].file, pages[page].all[n].number);
    judge_case(&pages[page].all[n]);
}
END_TEST

static int
run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}

static Suite *
begin(const char *name, void (*add)(TCase *))
{
    Suite *suite = suite_create(name);
    TCase *tests = tcase_create("tests");

    tcase_set_timeout(tests, SECONDS);
    add(tests);
    suite_add_tcase(suite, tests);
    return suite;
}

int
unit_run(const char *name, void (*add)(TCase *))
{
    return run(begin(name, add));
}

int
unit_run_cases(const char *name, void (*add)(TCase *),
               const char *const files[],
               void (*judge)(const struct test_case *))
{
    Suite *suite = begin(name, add);
    TCase *table = tcase_create("cases");
    int count = 0;
    int result;

    judge_case = judge;
    for (int i = 0; files[i] && i < FILES_MAX; i++) {
        pages[i] = cases_read(files[i]);
        count += (int)pages[i].count;
    }
    tcase_set_timeout(table, SECONDS);
    tcase_add_loop_test(table, test_case, 0, count);
    suite_add_tcase(suite, table);
    result = run(suite);
    for (int i = 0; files[i] && i < FILES_MAX; i++)
        cases_free(&pages[i]);
    return result;
}
