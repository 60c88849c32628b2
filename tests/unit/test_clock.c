#define _DEFAULT_SOURCE /* syscall() */

#include "clock.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"
#include "unit.h"

/* The clock that deadlines go by, and what becomes of them when a clock jumps:
 * the date, when somebody sets it, and all clocks, when the machine has slept.
 * This program has a clock_gettime(2) of its own. */

enum { SECOND = 1000, DAY = 24 * 3600 * SECOND };

static bool injected;
static struct timespec monotonic, date;
static int asked_for_others; /* calls that were not for CLOCK_MONOTONIC */

int
clock_gettime(clockid_t which, struct timespec *now)
{
    if (!injected)
        return (int)syscall(SYS_clock_gettime, which, now);
    if (which != CLOCK_MONOTONIC)
        asked_for_others++;
    *now = which == CLOCK_MONOTONIC ? monotonic : date;
    return 0;
}

static void
inject(time_t seconds)
{
    injected = true;
    asked_for_others = 0;
    monotonic = (struct timespec){.tv_sec = seconds};
    date = (struct timespec){.tv_sec = 1000000000};
}

static void
pass(uint64_t ms)
{
    uint64_t all = clock_now() + ms;

    monotonic.tv_sec = (time_t)(all / 1000);
    monotonic.tv_nsec = (long)(all % 1000) * 1000000;
}

START_TEST(test_clock_is_monotonic)
{
    inject(5000);
    monotonic.tv_nsec = 999999999;
    ck_assert_uint_eq(clock_now(), 5000999);
    date.tv_sec -= 1000000; /* somebody sets the date back, */
    ck_assert_uint_eq(clock_now(), 5000999);
    date.tv_sec += 9000000; /* and forward */
    ck_assert_uint_eq(clock_now(), 5000999);
    injected = false;
    ck_assert_int_eq(asked_for_others, 0);
}
END_TEST

/* A loop on this clock. Its poller sleeps as long as it is told, and while it
 * does the date jumps, there and back. */
static struct loop loop;
static struct loop_poller poller;
static int sleeps;
static int longest; /* that the poller was told to sleep */
static uint64_t too_long;

static void
sleep_and_jump(struct loop *l, int ms)
{
    ck_assert_int_ge(ms, 0);
    ck_assert_int_lt(++sleeps, 100); /* else the clock stands still */
    longest = ms > longest ? ms : longest;
    pass((uint64_t)ms + too_long);
    date.tv_sec += date.tv_sec % 2 ? 999999 : -999999;
    l->now = clock_now();
}

static void
begin(void)
{
    poller = loop_select;
    poller.wait = sleep_and_jump;
    loop = (struct loop){.poller = &poller};
    longest = 0;
    too_long = 0;
    inject(100);
    ck_assert_int_eq(loop_init(&loop), 0);
}

static void
end(void)
{
    injected = false;
    ck_assert_int_eq(asked_for_others, 0);
    ck_assert_uint_eq(loop.timer_count, 0);
    loop_free(&loop);
}

enum { TIMERS = 5 };
static struct loop_timer timers[TIMERS];
static uint64_t called_at[TIMERS];
static int called;

static void
note(struct loop_timer *timer)
{
    ck_assert_ptr_eq(timer, &timers[called]); /* the next one, once */
    called_at[called++] = loop.now;
}

static void
set_all(uint64_t apart)
{
    called = 0;
    for (int i = 0; i < TIMERS; i++) {
        timers[i] = (struct loop_timer){.due = note};
        ck_assert_int_eq(loop_set_timer(&loop, &timers[i],
                                        loop.now + (uint64_t)(i + 1) * apart),
                         0);
    }
}

START_TEST(test_date_does_not_matter)
{
    uint64_t before;

    begin();
    before = loop.now;
    set_all(10 * SECOND);
    loop_run(&loop);
    ck_assert_int_eq(called, TIMERS);
    for (int i = 0; i < TIMERS; i++)
        ck_assert_uint_eq(called_at[i], before + (uint64_t)(i + 1) * 10000);
    end();
}
END_TEST

/* The process was stopped, or the machine was: more than one is due. Each is
 * called, in order, once, and none before its time. */
START_TEST(test_a_jump_of_all_clocks)
{
    begin();
    set_all(10 * SECOND);
    too_long = 25 * SECOND;
    loop_run(&loop);
    ck_assert_int_eq(called, TIMERS);
    ck_assert_uint_eq(called_at[0], called_at[2]); /* 35 s: three are due */
    ck_assert_uint_eq(called_at[3], called_at[4]);
    end();
}
END_TEST

/* 50 days are more milliseconds than an int has: poll(2) and its kin are not
 * told so many, and a deadline beyond is kept all the same. */
START_TEST(test_a_deadline_far_away)
{
    uint64_t before;

    begin();
    before = loop.now;
    set_all((uint64_t)50 * DAY);
    loop_run(&loop);
    ck_assert_int_eq(called, TIMERS);
    ck_assert_int_eq(longest, INT_MAX);
    ck_assert_uint_eq(called_at[0], before + (uint64_t)50 * DAY);
    end();
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_clock_is_monotonic);
    unit_add(tests, test_date_does_not_matter);
    unit_add(tests, test_a_jump_of_all_clocks);
    unit_add(tests, test_a_deadline_far_away);
}

int
main(void)
{
    return unit_run("clock", add);
}
