#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/select.h>

#include "clock.h"

/* Timers form a heap: timers[1..timer_count], each not due before its parent at
 * half its place, so the next one is timers[1] and any can be moved in
 * logarithmic time. Every timer knows its place. */

static void
put(struct loop *loop, size_t place, struct loop_timer *timer)
{
    loop->timers[place] = timer;
    timer->place = place;
}

static void
sift_up(struct loop *loop, size_t place, struct loop_timer *timer)
{
    for (; place > 1 && loop->timers[place / 2]->at > timer->at; place /= 2)
        put(loop, place, loop->timers[place / 2]);
    put(loop, place, timer);
}

static void
sift_down(struct loop *loop, size_t place, struct loop_timer *timer)
{
    for (;;) {
        size_t child = place * 2;

        if (child > loop->timer_count)
            break;
        if (child < loop->timer_count &&
            loop->timers[child + 1]->at < loop->timers[child]->at)
            child++;
        if (loop->timers[child]->at >= timer->at)
            break;
        put(loop, place, loop->timers[child]);
        place = child;
    }
    put(loop, place, timer);
}

static void
drop_timer(struct loop *loop, struct loop_timer *timer)
{
    struct loop_timer *last = loop->timers[loop->timer_count--];

    if (last != timer) {
        sift_down(loop, timer->place, last);
        sift_up(loop, last->place, last);
    }
    timer->place = 0;
}

/* Makes room for one timer more. */
static int
reserve_timer(struct loop *loop)
{
    size_t size = loop->timers_size ? loop->timers_size * 2 : 64;
    struct loop_timer **timers;

    if (loop->timer_count + 1 < loop->timers_size) /* place 0 is not used */
        return 0;
    timers = realloc(loop->timers, size * sizeof timers[0]);
    if (!timers)
        return -1;
    loop->timers = timers;
    loop->timers_size = size;
    return 0;
}

int
loop_set_timer(struct loop *loop, struct loop_timer *timer, uint64_t at)
{
    if (timer->place && timer->at == at)
        return 0;
    if (timer->place)
        drop_timer(loop, timer);
    timer->at = at;
    if (at == UINT64_MAX)
        return 0;
    if (reserve_timer(loop) < 0)
        return -1;
    sift_up(loop, ++loop->timer_count, timer);
    return 0;
}

/* No more than there are now: a timer may be set anew for at once, and then
 * descriptors have their turn first. */
static void
call_due_timers(struct loop *loop)
{
    for (size_t n = loop->timer_count;
         n > 0 && loop->timer_count > 0 && loop->timers[1]->at <= loop->now;
         n--) {
        struct loop_timer *timer = loop->timers[1];

        drop_timer(loop, timer);
        timer->due(timer);
    }
}

/* Milliseconds until the next timer; -1: there is none. */
static int
time_left(const struct loop *loop)
{
    uint64_t left;

    if (loop->timer_count == 0)
        return -1;
    if (loop->timers[1]->at <= loop->now)
        return 0;
    left = loop->timers[1]->at - loop->now;
    return left < INT_MAX ? (int)left : INT_MAX;
}

int
loop_init(struct loop *loop)
{
    int capacity = loop->poller->capacity();

    loop->now = clock_now();
    loop->watches_size = (size_t)capacity;
    loop->watches = calloc((size_t)capacity, sizeof loop->watches[0]);
    if (!loop->watches || reserve_timer(loop) < 0)
        return -1;
    return loop->poller->init(loop);
}

void
loop_free(struct loop *loop)
{
    if (loop->poller_state)
        loop->poller->free(loop);
    free(loop->watches);
    free(loop->timers);
}

int
loop_watch(struct loop *loop, struct loop_watch *watch, short mask)
{
    if (mask == watch->mask)
        return 0;
    if ((size_t)watch->fd >= loop->watches_size) {
        errno = EMFILE;
        return -1;
    }
    if (loop->poller->change(loop, watch->fd, mask) < 0)
        return -1;
    if (!watch->mask)
        loop->watch_count++;
    if (!mask)
        loop->watch_count--;
    loop->watches[watch->fd] = mask ? watch : NULL;
    watch->mask = mask;
    return 0;
}

/* What was ready when the poller looked may have been forgotten since, by the
 * callback of another: so it is looked up only now. */
void
loop_ready(struct loop *loop, int fd, short mask)
{
    struct loop_watch *watch = loop->watches[fd];

    if (watch && watch->mask & mask)
        watch->ready(watch, watch->mask & mask);
}

void
loop_run(struct loop *loop)
{
    while (loop->watch_count > 0 || loop->timer_count > 0) {
        int left = time_left(loop);

        if (loop->before_sleep && left != 0)
            loop->before_sleep();
        loop->poller->wait(loop, left);
        call_due_timers(loop);
    }
}

/* The poller that is everywhere: select(2). It is told all descriptors at
 * every call, and there are at most FD_SETSIZE of them: FD_SET() of a larger
 * one would write beyond the set. So the process is not allowed a larger one,
 * and accept() says EMFILE before that can happen. */

struct sets {
    fd_set readable, writable;
    int end; /* all descriptors in them are below */
};

static int
select_capacity(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > FD_SETSIZE)
        return FD_SETSIZE;
    return (int)limit.rlim_cur;
}

static int
select_init(struct loop *loop)
{
    struct rlimit limit;
    struct sets *sets;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return -1;
    limit.rlim_cur = (rlim_t)select_capacity();
    sets = calloc(1, sizeof *sets);
    if (!sets || setrlimit(RLIMIT_NOFILE, &limit) < 0) {
        free(sets);
        return -1;
    }
    FD_ZERO(&sets->readable);
    FD_ZERO(&sets->writable);
    loop->poller_state = sets;
    return 0;
}

static void
select_free(struct loop *loop)
{
    free(loop->poller_state);
}

static int
select_change(struct loop *loop, int fd, short mask)
{
    struct sets *sets = loop->poller_state;

    assert(fd < FD_SETSIZE);
    FD_CLR(fd, &sets->readable);
    FD_CLR(fd, &sets->writable);
    if (mask & POLLIN)
        FD_SET(fd, &sets->readable);
    if (mask & POLLOUT)
        FD_SET(fd, &sets->writable);
    if (mask && fd >= sets->end)
        sets->end = fd + 1;
    return 0;
}

/* select() overwrites the sets with what is ready; so it gets copies. */
static void
select_wait(struct loop *loop, int ms)
{
    struct sets ready = *(struct sets *)loop->poller_state;
    struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    int count = select(ready.end, &ready.readable, &ready.writable, NULL,
                       ms < 0 ? NULL : &limit);

    loop->now = clock_now();
    for (int fd = 0; fd < ready.end && count > 0; fd++) {
        short mask = 0;

        if (FD_ISSET(fd, &ready.readable))
            mask |= POLLIN;
        if (FD_ISSET(fd, &ready.writable))
            mask |= POLLOUT;
        if (mask) {
            count -= ((mask & POLLIN) ? 1 : 0) + ((mask & POLLOUT) ? 1 : 0);
            loop_ready(loop, fd, mask);
        }
    }
}

const struct loop_poller loop_select = {
    .init = select_init,
    .free = select_free,
    .capacity = select_capacity,
    .change = select_change,
    .wait = select_wait,
};
