#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "stop.h"

static void
stop_accepting(struct server *server)
{
    server->full = true;
    (void)loop_watch(server->setup.loop, &server->accepting, 0);
}

static void
accept_again(struct server *server)
{
    if (!server->full || server->stopped || server->count >= server->max)
        return;
    server->full = false;
    if (loop_watch(server->setup.loop, &server->accepting, POLLIN) < 0)
        log_error("cannot watch the listening socket: %s", strerror(errno));
}

/* Accepting failed because something is used up. It would fail again at once,
 * so it waits until a connection has gone, or for a moment. */
static void
pause_accepting(struct server *server)
{
    struct loop *loop = server->setup.loop;

    if (!server->complained ||
        loop->now - server->complained >= SERVER_SILENCE_MS) {
        log_error("cannot accept: %s", strerror(errno));
        server->complained = loop->now;
    }
    stop_accepting(server);
    (void)loop_set_timer(loop, &server->retry, loop->now + SERVER_RETRY_MS);
}

static void
on_retry(struct loop_timer *timer)
{
    accept_again(timer->context);
}

/* A transport has ended, so there is a free descriptor. */
static void
on_gone(struct transport *t, void *keeper)
{
    struct server *server = keeper;

    if (t->next)
        t->next->previous = t->previous;
    if (t->previous)
        t->previous->next = t->next;
    else
        server->transports = t->next;
    server->count--;
    accept_again(server);
    if (!server->transports)
        (void)loop_set_timer(server->setup.loop, &server->finish, UINT64_MAX);
}

static int
admit(struct server *server, int fd, const char *address)
{
    struct transport *t = transport_new(&server->setup, fd, address);

    if (!t)
        return -1;
    t->gone = on_gone;
    t->keeper = server;
    t->next = server->transports;
    if (t->next)
        t->next->previous = t;
    server->transports = t;
    server->count++;
    return 0;
}

static void
on_accept(struct loop_watch *watch, short mask)
{
    struct server *server = watch->context;

    (void)mask;
    for (int n = 0; n < SERVER_ACCEPTS && !server->full; n++) {
        char address[NET_ADDRESS_SIZE];
        int fd = net_accept(server->listener, address);

        if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0 || admit(server, fd, address) < 0) {
            pause_accepting(server);
            if (fd >= 0)
                close(fd);
        } else if (server->count >= server->max) {
            stop_accepting(server);
        }
    }
}

/* Time is up for what is still under way. */
static void
on_finish(struct loop_timer *timer)
{
    struct server *server = timer->context;

    while (server->transports)
        transport_drop(server->transports);
}

/* How many clients there may be at once. Of the descriptors, those up to the
 * listening socket's are taken, and a few are left for files. */
static size_t
most_clients(const struct server *server)
{
    size_t all = server->setup.loop->watches_size;
    size_t taken = (size_t)server->listener + 1 + all / SERVER_RESERVE;

    return all > taken ? all - taken : 1;
}

int
server_start(struct server *server)
{
    server->max = most_clients(server);
    server->accepting = (struct loop_watch){
        .fd = server->listener, .ready = on_accept, .context = server};
    server->retry = (struct loop_timer){.due = on_retry, .context = server};
    server->finish = (struct loop_timer){.due = on_finish, .context = server};
    if (fcntl(server->listener, F_SETFL, O_NONBLOCK) < 0)
        return -1;
    return loop_watch(server->setup.loop, &server->accepting, POLLIN);
}

void
server_stop(struct server *server)
{
    struct loop *loop = server->setup.loop;
    struct transport *next;

    stop_accepting(server);
    server->stopped = true;
    close(server->listener);
    (void)loop_set_timer(loop, &server->retry, UINT64_MAX);
    if (server->transports &&
        loop_set_timer(loop, &server->finish, loop->now + SERVER_FINISH_MS) < 0)
        on_finish(&server->finish);
    for (struct transport *t = server->transports; t; t = next) {
        next = t->next;
        transport_stop(t);
    }
}

struct group {
    struct loop *loop;
    struct server *servers;
    size_t count;
};

static void
on_stop(struct loop_watch *watch, short mask)
{
    struct group *group = watch->context;

    (void)mask;
    (void)loop_watch(group->loop, watch, 0);
    for (size_t i = 0; i < group->count; i++)
        server_stop(&group->servers[i]);
}

static int
start_all(struct group *group, struct loop_watch *stopping)
{
    if (loop_init(group->loop) < 0)
        return -1;
    group->loop->before_sleep = log_flush;
    for (size_t i = 0; i < group->count; i++)
        if (server_start(&group->servers[i]) < 0)
            return -1;
    return loop_watch(group->loop, stopping, POLLIN);
}

int
server_run(struct loop *loop, struct server *servers, size_t count)
{
    struct group group = {loop, servers, count};
    struct loop_watch stopping = {
        .fd = stop_fd(), .ready = on_stop, .context = &group};
    int result = start_all(&group, &stopping);

    if (result < 0)
        log_error("cannot start: %s", strerror(errno));
    else
        loop_run(loop);
    loop_free(loop);
    log_flush();
    return result;
}
