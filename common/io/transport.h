#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "net.h"
#include "protocol.h"
#include "stream.h"

/* A transport moves bytes between one stream and one protocol, on a loop. It
 * alone knows of waiting, of deadlines, of fairness among clients, and of
 * closing so that the last byte arrives. It knows nothing of what the bytes
 * mean. */

enum {
    TRANSPORT_READ = 32 * 1024, /* bytes read at once, at most */
    TRANSPORT_TURNS = 3, /* things done for a client in its turn, at most */
    TRANSPORT_LINGER_MS = 1000, /* for what a client still sends at the end */
    TRANSPORT_LOOK_MS = 3600 * 1000, /* the longest sleep; then look again */
};

/* What the transports of a server have in common. */
struct transport_setup {
    struct loop *loop;
    const struct stream_kind *kind; /* of the streams */
    void *kind_context;             /* for kind->open() */
    uint64_t timeout;               /* for a handshake, in milliseconds */

    /* Makes the protocol for a connection whose handshake is done. The
     * client's numeric address holds as long as the protocol lives. Its clock
     * began with the handshake's end, or when the connection was accepted. A
     * state of NULL: there is no memory, and the connection is closed. */
    struct protocol (*open)(void *context, struct protocol_owner *owner,
                            const char *address, uint64_t began);
    void *context; /* for open() */
};

enum transport_state {
    TRANSPORT_STARTING,  /* the stream shakes hands; there is no protocol */
    TRANSPORT_OPEN,      /* the protocol says what to do, and bytes move */
    TRANSPORT_LINGERING, /* all is sent; what still comes is thrown away */
};

struct transport {
    struct protocol_owner owner; /* first: its address is the whole's */
    const struct transport_setup *setup;
    struct transport *next, *previous; /* for whoever keeps a list */
    void (*gone)(struct transport *t, void *keeper); /* called at the end */
    void *keeper;

    enum transport_state state;
    bool readable;           /* bytes have come, and are not read yet */
    bool crammed;            /* the system takes no more bytes */
    bool no_more;            /* the client has said that no more will come */
    bool again;              /* its turn goes on when the timer is due: now */
    short to_read, to_write; /* what a read or a send has to wait for */
    struct stream stream;
    struct protocol protocol; /* state == NULL: none */
    struct loop_watch watch;
    struct loop_timer timer;
    uint64_t deadline; /* while there is no protocol */
    char address[NET_ADDRESS_SIZE];
};

/* Takes a connected socket, and closes it at the end, when it calls gone() and
 * frees itself. Returns NULL with errno when there is no room for it; the
 * socket is then still the caller's. */
struct transport *transport_new(const struct transport_setup *setup, int fd,
                                const char *address);

/* Lets the protocol finish what is under way, and begin nothing. */
void transport_stop(struct transport *t);

/* Ends it now. */
void transport_drop(struct transport *t);

#endif
