#include "loop.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "clock.h"
#include "memory.h"
#include "unit.h"

/* The loop's timers (loop.h); test_loop.c has its descriptors. */

static struct loop loop;

static void
begin(void)
{
    loop = (struct loop){.poller = &loop_select};
    ck_assert_int_eq(loop_init(&loop), 0);
}

static void
end(void)
{
    ck_assert_uint_eq(loop.timer_count, 0);
    ck_assert_uint_eq(loop.watch_count, 0);
    loop_free(&loop);
}

/* A loop whose poller only moves the clock: to when the next timer is due. */
static void
skip_time(struct loop *l, int ms)
{
    ck_assert_int_ge(ms, 0);
    l->now += (uint64_t)ms;
}

static struct loop_poller without_waiting;

static void
begin_without_waiting(void)
{
    without_waiting = loop_select;
    without_waiting.wait = skip_time;
    loop = (struct loop){.poller = &without_waiting};
    ck_assert_int_eq(loop_init(&loop), 0);
}

enum { MANY = 2000 };
static struct loop_timer timers[MANY];
static size_t called;
static uint64_t last_at;

static void
in_order(struct loop_timer *timer)
{
    ck_assert_uint_ge(timer->at, last_at);
    ck_assert_uint_ge(loop.now, timer->at);
    ck_assert_uint_eq(timer->place, 0);
    last_at = timer->at;
    called++;
}

START_TEST(test_timers_are_due_in_order)
{
    unsigned seed = (unsigned)_i;
    size_t wanted = 0;

    begin_without_waiting();
    srand(seed);
    for (int i = 0; i < MANY; i++) {
        timers[i].due = in_order;
        ck_assert_int_eq(loop_set_timer(&loop, &timers[i],
                                        loop.now + (uint64_t)rand() % 5000),
                         0);
    }
    for (int i = 0; i < 3 * MANY; i++) { /* set anew, or not any more */
        uint64_t at =
            rand() % 4 == 0 ? UINT64_MAX : loop.now + (uint64_t)rand() % 5000;

        ck_assert_int_eq(loop_set_timer(&loop, &timers[rand() % MANY], at), 0);
    }
    for (int i = 0; i < MANY; i++)
        wanted += timers[i].place != 0;
    ck_assert_uint_eq(loop.timer_count, wanted);
    last_at = called = 0;
    loop_run(&loop);
    ck_assert_uint_eq(called, wanted);
    end();
}
END_TEST

/* Callbacks that set, move and forget others at random, and free themselves. */
static size_t living;

static void
at_random(struct loop_timer *timer)
{
    struct loop_timer *other = &timers[rand() % MANY];

    called++;
    if (rand() % 2 && other != timer && other->due)
        ck_assert_int_eq(loop_set_timer(&loop, other,
                                        rand() % 3
                                            ? loop.now + (uint64_t)rand() % 100
                                            : UINT64_MAX),
                         0);
    if (called < 5 * MANY && rand() % 3)
        ck_assert_int_eq(
            loop_set_timer(&loop, timer, loop.now + (uint64_t)rand() % 100), 0);
    if (timer->context && !timer->place) {
        living--;
        free(timer);
    }
}

START_TEST(test_timers_that_change_others)
{
    begin_without_waiting();
    srand((unsigned)_i);
    called = 0;
    for (int i = 0; i < MANY; i++) {
        struct loop_timer *t = i % 2 ? &timers[i] : calloc(1, sizeof *t);

        t->due = at_random;
        t->context = i % 2 ? NULL : &loop;
        living += !(i % 2);
        ck_assert_int_eq(
            loop_set_timer(&loop, t, loop.now + (uint64_t)rand() % 100), 0);
    }
    loop_run(&loop);
    ck_assert_uint_ge(called, MANY / 2);
    ck_assert_uint_eq(living, 0);
    end();
}
END_TEST

static void
count_and_set_anew(struct loop_timer *timer)
{
    if (++called < 10)
        ck_assert_int_eq(loop_set_timer(&loop, timer, loop.now), 0);
}

static int waits;

static void
count_waits(struct loop *l, int ms)
{
    ck_assert_int_eq(ms, 0);
    l->now++;
    waits++;
}

/* Descriptors have their turn between two times of it. */
START_TEST(test_a_timer_for_at_once)
{
    begin_without_waiting();
    without_waiting.wait = count_waits;
    timers[0].due = count_and_set_anew;
    ck_assert_int_eq(loop_set_timer(&loop, &timers[0], loop.now), 0);
    called = 0;
    loop_run(&loop);
    ck_assert_uint_eq(called, 10);
    ck_assert_int_eq(waits, 10);
    end();
}
END_TEST

START_TEST(test_never_is_not_set)
{
    begin();
    ck_assert_int_eq(loop_set_timer(&loop, &timers[0], UINT64_MAX), 0);
    ck_assert_uint_eq(timers[0].place, 0);
    loop_run(&loop); /* ends at once */
    end();
}
END_TEST

START_TEST(test_no_memory_for_a_timer)
{
    size_t set = 0;
    int result;

    begin_without_waiting();
    memory_fail(2);
    memory_watch();
    while (set < MANY && loop_set_timer(&loop, &timers[set], loop.now + 5) == 0)
        timers[set++].due = in_order;
    memory_ignore();
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_gt(set, 10);
    ck_assert_uint_lt(set, MANY);
    ck_assert_uint_eq(timers[set].place, 0);
    memory_watch(); /* one that is set can be moved, always */
    result = loop_set_timer(&loop, &timers[3], loop.now + 1);
    memory_ignore();
    memory_fail(0);
    ck_assert_int_eq(result, 0);
    last_at = called = 0;
    loop_run(&loop);
    ck_assert_uint_eq(called, set);
    end();
}
END_TEST

/* In real time. */
START_TEST(test_it_sleeps_until_then)
{
    uint64_t before = clock_now();

    begin();
    timers[0].due = timers[1].due = in_order;
    last_at = called = 0;
    ck_assert_int_eq(loop_set_timer(&loop, &timers[0], before + 60), 0);
    ck_assert_int_eq(loop_set_timer(&loop, &timers[1], before + 20), 0);
    loop_run(&loop);
    ck_assert_uint_eq(called, 2);
    ck_assert_uint_ge(clock_now() - before, 60);
    ck_assert_uint_lt(clock_now() - before, 9000);
    end();
}
END_TEST

static int sleeps;

static void
before_sleep(void)
{
    sleeps++;
}

/* It is called before every sleep, and not where there is none. */
START_TEST(test_before_sleep)
{
    begin();
    loop.before_sleep = before_sleep;
    timers[0].due = in_order;
    timers[1].due = in_order;
    last_at = 0;
    ck_assert_int_eq(loop_set_timer(&loop, &timers[0], loop.now), 0);
    ck_assert_int_eq(loop_set_timer(&loop, &timers[1], loop.now + 30), 0);
    loop_run(&loop);
    ck_assert_int_ge(sleeps, 1);
    ck_assert_int_le(sleeps, 2);
    end();
}
END_TEST

static void
add(Suite *tests)
{
    unit_add_loop(tests, test_timers_are_due_in_order, 5);
    unit_add_loop(tests, test_timers_that_change_others, 5);
    unit_add(tests, test_a_timer_for_at_once);
    unit_add(tests, test_never_is_not_set);
    unit_add(tests, test_no_memory_for_a_timer);
    unit_add(tests, test_it_sleeps_until_then);
    unit_add(tests, test_before_sleep);
}

int
main(void)
{
    return unit_run("timers", add);
}
