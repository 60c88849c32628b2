#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An event loop: it sleeps until a descriptor is ready or a time has come, and
 * calls whoever waits for that. Level-triggered: what is ready and not taken
 * is told again.
 *
 * Watches and timers are part of the caller's own structs; a zeroed one with
 * its fd and functions filled in is new and does nothing yet. A callback may
 * change, forget and free anything, itself included.
 *
 * A loop begins zeroed but for its poller: { .poller = &loop_select }. */

struct loop_watch {
    int fd;
    short mask; /* POLLIN | POLLOUT, what is waited for; 0: nothing */
    void (*ready)(struct loop_watch *watch, short mask);
    void *context;
};

struct loop_timer {
    uint64_t at;  /* clock_now() when it is due */
    size_t place; /* in the heap, from 1; 0: not set */
    void (*due)(struct loop_timer *timer);
    void *context;
};

struct loop {
    const struct loop_poller *poller;
    void *poller_state;
    void (*before_sleep)(void);  /* NULL, or called before every sleep */
    uint64_t now;                /* clock_now() of this round */
    struct loop_watch **watches; /* by descriptor */
    size_t watches_size, watch_count;
    struct loop_timer **timers; /* a heap: the next one first */
    size_t timers_size, timer_count;
};

/* Prepares a loop, or gives back what it holds. loop_init() returns 0, or -1
 * with errno. */
int loop_init(struct loop *loop);
void loop_free(struct loop *loop);

/* Waits for `mask` from now on, instead of what was waited for before; 0: for
 * nothing, which must be said before the descriptor is closed. Returns 0, or
 * -1 with errno: ENOMEM, or EMFILE for a descriptor beyond the poller's
 * reach. */
int loop_watch(struct loop *loop, struct loop_watch *watch, short mask);

/* (Re)sets a timer; UINT64_MAX: it will not be due. Returns 0, or -1 with
 * ENOMEM, never for a timer that is set already. */
int loop_set_timer(struct loop *loop, struct loop_timer *timer, uint64_t at);

/* Runs until nothing is watched and no timer is set. */
void loop_run(struct loop *loop);

/* What does the sleeping: select(2) here; poll(2), epoll(7) and kqueue(2) have
 * the same shape. */
struct loop_poller {
    int (*init)(struct loop *loop);
    void (*free)(struct loop *loop);

    /* The descriptors that it can watch are below this number. */
    int (*capacity)(void);

    /* A descriptor's mask changes. Returns 0, or -1 with errno. */
    int (*change)(struct loop *loop, int fd, short mask);

    /* Sleeps for so many milliseconds at most, < 0: for ever, and calls
     * loop_ready() for each descriptor that is ready. */
    void (*wait)(struct loop *loop, int ms);
};

void loop_ready(struct loop *loop, int fd, short mask);

extern const struct loop_poller loop_select;

#endif
