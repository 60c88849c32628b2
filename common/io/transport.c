#include "transport.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* A transport waits for its descriptor, for its timer, or for both. Whatever
 * wakes it ends in go_on(), which does what can be done without waiting, and
 * then says what to wait for next. Any of these functions may end the
 * transport, so a caller does not touch it afterwards. */

static void
free_protocol(struct transport *t)
{
    if (t->protocol.state)
        t->protocol.kind->free(t->protocol.state);
    t->protocol.state = NULL;
}

void
transport_drop(struct transport *t)
{
    struct loop *loop = t->setup->loop;

    (void)loop_watch(loop, &t->watch, 0);
    (void)loop_set_timer(loop, &t->timer, UINT64_MAX);
    free_protocol(t);
    t->stream.kind->close(&t->stream);
    t->gone(t, t->keeper);
    free(t);
}

static uint64_t
deadline(const struct transport *t)
{
    return t->state == TRANSPORT_OPEN
               ? t->protocol.kind->deadline(t->protocol.state)
               : t->deadline;
}

/* Says what the connection waits for. A deadline moves away with every byte;
 * the timer stays where it was, and when it is due, looks again. */
static void
wait_for(struct transport *t, short mask)
{
    struct loop *loop = t->setup->loop;
    uint64_t latest = loop->now + TRANSPORT_LOOK_MS;
    uint64_t at = deadline(t) < latest ? deadline(t) : latest;

    if (loop_watch(loop, &t->watch, mask) < 0 ||
        ((!t->timer.place || t->timer.at > at) &&
         loop_set_timer(loop, &t->timer, at) < 0))
        transport_drop(t);
}

/* All is sent. A close() with bytes unread would reset the connection, and
 * the client could lose the end of the answer (RFC 9112, section 9.6). So: say
 * that no more will come, and throw away what the client still sends until it
 * says the same. */
static void
linger(struct transport *t)
{
    if (t->state == TRANSPORT_LINGERING)
        return;
    t->stream.kind->end(&t->stream);
    free_protocol(t);
    if (t->no_more) {
        transport_drop(t);
        return;
    }
    t->state = TRANSPORT_LINGERING;
    t->deadline = t->setup->loop->now + TRANSPORT_LINGER_MS;
    wait_for(t, POLLIN);
}

static char scratch[TRANSPORT_READ]; /* for all: needed only during a read */

/* Throws away what a lingering client sends, TLS records as they are. */
static void
discard(struct transport *t)
{
    ssize_t n = read(t->stream.fd, scratch, sizeof scratch);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        transport_drop(t);
    else
        wait_for(t, POLLIN); /* the timer may have been due too early */
}

/* Reads once. Returns -1 when the connection has broken. */
static int
receive(struct transport *t)
{
    ssize_t n = t->stream.kind->read(&t->stream, scratch, sizeof scratch);

    t->readable = false;
    t->to_read = n < 0 && errno == EAGAIN ? t->stream.blocked : POLLIN;
    if (n < 0)
        return errno == EAGAIN ? 0 : -1;
    t->no_more = n == 0;
    t->protocol.kind->receive(t->protocol.state, scratch, (size_t)n,
                              t->setup->loop->now);
    return 0;
}

/* Sends once. Returns -1 when the connection has broken, or a file. */
static int
send_pieces(struct transport *t)
{
    struct piece pieces[PROTOCOL_PIECES];
    unsigned count = t->protocol.kind->pieces(t->protocol.state, pieces);
    ssize_t n = t->stream.kind->send(&t->stream, pieces, count);

    t->crammed = n < 0 && errno == EAGAIN;
    t->to_write = t->crammed ? t->stream.blocked : POLLOUT;
    if (n < 0)
        return t->crammed ? 0 : -1;
    t->protocol.kind->sent(t->protocol.state, (uint64_t)n, t->setup->loop->now);
    return 0;
}

/* Does what the protocol wants, as far as that goes without waiting and is
 * fair to the other clients; then says what to wait for. It sends once at most:
 * a few bytes of requests make a buffer full of answers, and with hundreds of
 * clients everybody waits for the turns of all. */
static void
take_turn(struct transport *t)
{
    bool sent = false;
    int result = 0;

    for (int n = 0; n < TRANSPORT_TURNS && result == 0; n++) {
        unsigned wants = t->protocol.kind->wants(t->protocol.state);
        bool read_more = wants & PROTOCOL_READ && !t->no_more;

        if (wants & PROTOCOL_WRITE && !t->crammed && !sent) {
            sent = true;
            result = send_pieces(t);
        } else if (read_more && (t->readable || t->stream.more)) {
            result = receive(t);
        } else if (wants & PROTOCOL_WRITE && !t->crammed) {
            break;
        } else if (wants & PROTOCOL_WRITE) {
            wait_for(t, (short)(t->to_write | (read_more ? t->to_read : 0)));
            return;
        } else if (wants & PROTOCOL_SWITCH) {
            result =
                protocol_switch(&t->protocol, t->no_more, t->setup->loop->now);
        } else if (wants & PROTOCOL_CLOSE) {
            linger(t);
            return;
        } else {
            wait_for(t, read_more ? t->to_read : 0);
            return;
        }
    }
    t->again = true;
    if (result < 0 ||
        loop_set_timer(t->setup->loop, &t->timer, t->setup->loop->now) < 0)
        transport_drop(t);
}

/* Goes on with the handshake; when it is done, the protocol begins. Where there
 * is none, the client's time has run since it was accepted. */
static void
shake_hands(struct transport *t)
{
    const struct transport_setup *setup = t->setup;
    uint64_t began = t->deadline - setup->timeout;
    int result = 0;

    if (t->stream.kind->start) {
        result = t->stream.kind->start(&t->stream);
        began = setup->loop->now;
    }
    if (result < 0 && errno == EAGAIN) {
        wait_for(t, t->stream.blocked);
        return;
    }
    if (result == 0) {
        t->protocol = setup->open(setup->context, &t->owner, t->address, began);
        if (!t->protocol.state)
            log_error("cannot serve %s: out of memory", t->address);
    }
    if (!t->protocol.state) {
        linger(t);
        return;
    }
    t->state = TRANSPORT_OPEN;
    take_turn(t);
}

static void
go_on(struct transport *t)
{
    switch (t->state) {
    case TRANSPORT_STARTING:
        shake_hands(t);
        return;
    case TRANSPORT_OPEN:
        take_turn(t);
        return;
    case TRANSPORT_LINGERING:
        discard(t);
        return;
    }
}

static void
on_ready(struct loop_watch *watch, short mask)
{
    struct transport *t = watch->context;

    if (mask & t->to_read)
        t->readable = true;
    if (mask & t->to_write)
        t->crammed = false;
    if (!t->again)
        go_on(t);
}

static void
on_timer(struct loop_timer *timer)
{
    struct transport *t = timer->context;
    uint64_t now = t->setup->loop->now;

    t->again = false;
    if (t->state != TRANSPORT_OPEN && now >= t->deadline) {
        transport_drop(t);
        return;
    }
    if (t->state == TRANSPORT_OPEN)
        t->protocol.kind->tick(t->protocol.state, now);
    go_on(t);
}

/* Its turn comes again when the others have had theirs. */
static void
on_wake(struct protocol_owner *owner)
{
    struct transport *t = (struct transport *)owner;
    struct loop *loop = t->setup->loop;

    (void)loop_set_timer(loop, &t->timer, loop->now); /* it is always set */
}

struct transport *
transport_new(const struct transport_setup *setup, int fd, const char *address)
{
    struct transport *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->owner.wake = on_wake;
    t->setup = setup;
    t->to_read = POLLIN;
    t->to_write = POLLOUT;
    t->stream = (struct stream){.kind = setup->kind, .fd = fd};
    t->watch = (struct loop_watch){.fd = fd, .ready = on_ready, .context = t};
    t->timer = (struct loop_timer){.due = on_timer, .context = t};
    t->deadline = setup->loop->now + setup->timeout;
    strcpy(t->address, address);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
        loop_set_timer(setup->loop, &t->timer, t->deadline) == 0 &&
        loop_watch(setup->loop, &t->watch, POLLIN) == 0 &&
        setup->kind->open(&t->stream, setup->kind_context) == 0)
        return t;
    (void)loop_watch(setup->loop, &t->watch, 0);
    (void)loop_set_timer(setup->loop, &t->timer, UINT64_MAX);
    free(t);
    return NULL;
}

void
transport_stop(struct transport *t)
{
    if (t->state == TRANSPORT_STARTING) {
        transport_drop(t);
    } else if (t->state == TRANSPORT_OPEN) {
        t->protocol.kind->stop(t->protocol.state);
        on_wake(&t->owner);
    }
}
