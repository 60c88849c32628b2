#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "transport.h"

/* Accepts connections and keeps their transports: it knows of running out of
 * descriptors, and of ending in good order. */

enum {
    SERVER_ACCEPTS = 64,     /* connections accepted in a turn */
    SERVER_FINISH_MS = 5000, /* for what is under way at the server's end */
    SERVER_RETRY_MS = 100,   /* before accepting again after it failed */
    SERVER_SILENCE_MS = 60 * 1000, /* between two complaints about that */
    SERVER_RESERVE = 16, /* of so many descriptors, one is not used for a
                          * connection but left for files */
};

/* A server on one listening socket. It must stay in place while the loop
 * runs. */
struct server {
    struct transport_setup setup; /* the caller fills in this, */
    int listener;                 /* and this; closed at the end */

    /* The server's own. */
    struct loop_watch accepting;
    struct loop_timer retry, finish;
    struct transport *transports; /* a list, this long: */
    size_t count, max;            /* and at most that long */
    bool full;           /* does not accept until a descriptor is free */
    bool stopped;        /* does not accept any more */
    uint64_t complained; /* when it last told that it is full */
};

/* Starts accepting. Returns 0, or -1 with errno. */
int server_start(struct server *server);

/* Accepts no more, lets the protocols finish what is under way, and cuts off
 * what has not finished after SERVER_FINISH_MS. */
void server_stop(struct server *server);

/* Prepares a loop, starts servers on it, and runs until a signal asks to stop
 * (stop.h) and all connections are gone. Returns 0, or -1 after one line on
 * stderr when it cannot start. */
int server_run(struct loop *loop, struct server *servers, size_t count);

#endif
