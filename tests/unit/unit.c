#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    FILES_MAX = 16,
    SECONDS = 60,     /* for one test, on a busy machine */
    CPU_SECONDS = 10, /* of computing, on any; an endless loop takes them all */
};

static struct cases pages[FILES_MAX];
static void (*judge_case)(const struct test_case *);

/* How many tests have come to their end; the processes of the tests share it.
 * Whoever calls exit(0) in a test would pass it otherwise. */
static volatile int *ends;
static FILE *results; /* for the grader */

/* Before each test, in its process. */
static void
begin_test(void)
{
    struct rlimit limit = {CPU_SECONDS, CPU_SECONDS};

    (void)setrlimit(RLIMIT_CPU, &limit);
    if (results)
        (void)close(fileno(results));
}

static void
end_test(void)
{
    ++*ends;
}

TCase *
unit_case(Suite *tests, const char *name)
{
    TCase *one = tcase_create(name);

    tcase_set_timeout(one, SECONDS);
    tcase_add_checked_fixture(one, begin_test, end_test);
    suite_add_tcase(tests, one);
    return one;
}

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

static void
add_cases(Suite *tests, const char *const files[])
{
    int count = 0;

    for (int i = 0; files[i] && i < FILES_MAX; i++) {
        pages[i] = cases_read(files[i]);
        for (size_t n = 0; n < pages[i].count; n++, count++)
            tcase_add_loop_test(unit_case(tests, pages[i].all[n].place),
                                test_case, count, count + 1);
    }
}

static const char *
status_of(TestResult *result, bool ended)
{
    const char *said = tr_msg(result);

    switch (tr_rtype(result)) {
    case CK_PASS:
        return ended ? "passed" : "cut";
    case CK_FAILURE:
        return "failed";
    default:
        return strstr(said, "timeout expired") ? "late" : "died";
    }
}

/* Writes down the results behind the first `from`. Returns whether the next
 * test may be run. */
static bool
tell_results(SRunner *runner, int from, bool ended)
{
    TestResult **all = srunner_results(runner);
    int count = srunner_ntests_run(runner);
    bool go_on = true;

    for (int i = from; i < count; i++) {
        const char *status = status_of(all[i], ended);
        const char *said = tr_msg(all[i]);

        go_on = go_on && (*status == 'p' || *status == 'f');
        (void)fprintf(results, "result %s %s %ld %s:%d %zu\n%s\n",
                      tr_tcname(all[i]), status,
                      (long)lseek(STDERR_FILENO, 0, SEEK_CUR), tr_lfile(all[i]),
                      tr_lno(all[i]), strlen(said), said);
    }
    (void)fflush(results);
    free(all);
    return go_on;
}

static void
run_graded(SRunner *runner, const char *names)
{
    bool go_on = true;

    while (go_on && *names) {
        char name[100];
        int run = srunner_ntests_run(runner);
        int failed = srunner_ntests_failed(runner);
        int ended = *ends;

        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(names, "\n"),
                       names);
        names += strcspn(names, "\n");
        names += *names == '\n';
        srunner_run(runner, NULL, name, CK_SILENT);
        run = srunner_ntests_run(runner) - run;
        failed = srunner_ntests_failed(runner) - failed;
        go_on = tell_results(runner, srunner_ntests_run(runner) - run,
                             *ends - ended >= run - failed);
    }
}

static int
run(Suite *tests)
{
    SRunner *runner = srunner_create(tests);
    const char *descriptor = getenv("UNIT_RESULTS");
    const char *names = getenv("UNIT_TESTS");
    int failed;

    if (descriptor && names) {
        results = fdopen(atoi(descriptor), "w");
        (void)unsetenv("UNIT_RESULTS");
    }
    if (results)
        run_graded(runner, names);
    else
        srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    if (srunner_ntests_run(runner) == 0) {
        (void)fprintf(stderr, "there is no such test\n");
        failed = 1;
    }
    if (*ends < srunner_ntests_run(runner) - failed && !results) {
        (void)printf("A test ended in its middle, by exit(0) or the like\n");
        failed++;
    }
    srunner_free(runner);
    return failed > 0;
}

static Suite *
begin(const char *name)
{
    FILE *shared = tmpfile();

    if (!shared || ftruncate(fileno(shared), sizeof *ends) < 0)
        exit(1);
    ends = mmap(NULL, sizeof *ends, PROT_READ | PROT_WRITE, MAP_SHARED,
                fileno(shared), 0);
    if (ends == MAP_FAILED)
        exit(1);
    (void)fclose(shared);
    return suite_create(name);
}

int
unit_run(const char *name, void (*add)(Suite *tests))
{
    Suite *tests = begin(name);

    add(tests);
    return run(tests);
}

int
unit_run_cases(const char *name, void (*add)(Suite *tests),
               const char *const files[],
               void (*judge)(const struct test_case *))
{
    Suite *tests = begin(name);
    int result;

    judge_case = judge;
    add(tests);
    add_cases(tests, files);
    result = run(tests);
    for (int i = 0; files[i] && i < FILES_MAX; i++)
        cases_free(&pages[i]);
    return result;
}
