#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include "memory.h"
#include "unit.h"

/* The loop's descriptors (loop.h); test_timers.c has its timers. */

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

static struct loop_watch watches[4];
static size_t called;
static int ends[4][2];
static short got[4];

static void
note(struct loop_watch *watch, short mask)
{
    got[watch - watches] |= mask;
    ck_assert_int_eq(loop_watch(&loop, watch, 0), 0);
    called++;
}

static void
open_pipes(void (*ready)(struct loop_watch *, short))
{
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pipe(ends[i]), 0);
        watches[i] = (struct loop_watch){.fd = ends[i][0], .ready = ready};
    }
    called = 0;
}

static void
close_pipes(void)
{
    for (int i = 0; i < 4; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
}

START_TEST(test_ready_to_read_and_write)
{
    begin();
    open_pipes(note);
    ck_assert_int_eq(write(ends[0][1], "", 1), 1);
    watches[1].fd = ends[1][1];
    watches[2].fd = ends[2][1];
    ck_assert_int_eq(loop_watch(&loop, &watches[0], POLLIN), 0);
    ck_assert_int_eq(loop_watch(&loop, &watches[1], POLLOUT), 0);
    ck_assert_int_eq(loop_watch(&loop, &watches[2], POLLIN | POLLOUT), 0);
    loop_run(&loop);
    ck_assert_int_eq(got[0], POLLIN);
    ck_assert_int_eq(got[1], POLLOUT);
    ck_assert_int_eq(got[2], POLLOUT);
    ck_assert_int_eq(got[3], 0);
    close_pipes();
    end();
}
END_TEST

static void
take_one_byte(struct loop_watch *watch, short mask)
{
    char c;

    ck_assert_int_eq(mask, POLLIN);
    called++;
    if (read(watch->fd, &c, 1) == 0)
        ck_assert_int_eq(loop_watch(&loop, watch, 0), 0);
}

/* What is ready and not taken is told again. */
START_TEST(test_level_triggered)
{
    begin();
    open_pipes(take_one_byte);
    ck_assert_int_eq(write(ends[0][1], "hello", 5), 5);
    close(ends[0][1]);
    ck_assert_int_eq(loop_watch(&loop, &watches[0], POLLIN), 0);
    loop_run(&loop);
    ck_assert_uint_eq(called, 6);
    close_pipes();
    end();
}
END_TEST

/* The first one that is called forgets all the others, and frees one. */
static void
forget_all(struct loop_watch *watch, short mask)
{
    (void)mask;
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(loop_watch(&loop, &watches[i], 0), 0);
    if (watch->context) {
        struct loop_watch *other = *(struct loop_watch **)watch->context;

        ck_assert_int_eq(loop_watch(&loop, other, 0), 0);
        free(other);
    }
    called++;
}

START_TEST(test_forgotten_by_another)
{
    struct loop_watch *other = calloc(1, sizeof *other);

    begin();
    open_pipes(forget_all);
    *other = (struct loop_watch){.fd = ends[3][1], .ready = forget_all};
    ck_assert_int_eq(loop_watch(&loop, other, POLLOUT), 0);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(write(ends[i][1], "", 1), 1);
        watches[i].context = &other;
        ck_assert_int_eq(loop_watch(&loop, &watches[i], POLLIN), 0);
    }
    loop_run(&loop);
    ck_assert_uint_eq(called, 1);
    close_pipes();
    end();
}
END_TEST

/* The first one that is called makes way for a new one on its descriptor, as
 * when a connection is closed and the next is accepted. */
static void
replace(struct loop_watch *watch, short mask)
{
    (void)mask;
    ck_assert_int_eq(loop_watch(&loop, watch, 0), 0);
    watches[3] = (struct loop_watch){.fd = watch->fd, .ready = note};
    ck_assert_int_eq(loop_watch(&loop, &watches[3], POLLIN), 0);
    called++;
}

START_TEST(test_replaced)
{
    begin();
    open_pipes(replace);
    ck_assert_int_eq(write(ends[0][1], "", 1), 1);
    ck_assert_int_eq(loop_watch(&loop, &watches[0], POLLIN), 0);
    loop_run(&loop);
    ck_assert_uint_eq(called, 2);
    ck_assert_int_eq(got[3], POLLIN);
    close_pipes();
    end();
}
END_TEST

START_TEST(test_mask_changes)
{
    begin();
    open_pipes(note);
    ck_assert_int_eq(loop_watch(&loop, &watches[0], 0), 0);
    ck_assert_uint_eq(loop.watch_count, 0);
    watches[0].fd = ends[0][1];
    ck_assert_int_eq(loop_watch(&loop, &watches[0], POLLIN), 0);
    ck_assert_int_eq(loop_watch(&loop, &watches[0], POLLIN), 0);
    ck_assert_int_eq(loop_watch(&loop, &watches[0], POLLOUT), 0);
    ck_assert_uint_eq(loop.watch_count, 1);
    loop_run(&loop);
    ck_assert_int_eq(got[0], POLLOUT);
    close_pipes();
    end();
}
END_TEST

/* FD_SET(3) beyond its set would write into other memory. */
START_TEST(test_beyond_the_reach)
{
    begin();
    watches[0] = (struct loop_watch){.fd = FD_SETSIZE, .ready = note};
    ck_assert_int_eq(loop_watch(&loop, &watches[0], POLLIN), -1);
    ck_assert_int_eq(errno, EMFILE);
    watches[0].fd = 1 << 30;
    ck_assert_int_eq(loop_watch(&loop, &watches[0], POLLIN), -1);
    watches[0].fd = -1;
    ck_assert_int_eq(loop_watch(&loop, &watches[0], POLLIN), -1);
    ck_assert_int_eq(watches[0].mask, 0);
    end();
}
END_TEST

START_TEST(test_the_process_gets_no_such_descriptor)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    begin();
    ck_assert_int_le(loop.poller->capacity(), FD_SETSIZE);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_uint_le(limit.rlim_cur, FD_SETSIZE);
    limit.rlim_cur = 20;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(loop.poller->capacity(), 20);
    end();
}
END_TEST

START_TEST(test_no_memory)
{
    for (size_t n = 1; n < 3; n++) {
        int result;

        loop = (struct loop){.poller = &loop_select};
        memory_fail(n);
        memory_watch();
        result = loop_init(&loop);
        loop_free(&loop);
        memory_ignore();
        ck_assert_int_eq(result, -1);
        ck_assert_int_eq(memory_live(), 0);
    }
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_ready_to_read_and_write);
    unit_add(tests, test_level_triggered);
    unit_add(tests, test_forgotten_by_another);
    unit_add(tests, test_replaced);
    unit_add(tests, test_mask_changes);
    unit_add(tests, test_beyond_the_reach);
    unit_add(tests, test_the_process_gets_no_such_descriptor);
    unit_add(tests, test_no_memory);
}

int
main(void)
{
    return unit_run("loop", add);
}
