#include "web.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "loop.h"
#include "net.h"
#include "server.h"
#include "stop.h"

static struct protocol
open_connection(void *context, struct protocol_owner *owner,
                const char *address, uint64_t began)
{
    return http_connection_new(context, owner, address, began);
}

/* Nagle's algorithm keeps back a small segment while an earlier one is not
 * acknowledged; the client's system delays acknowledgments, hoping for data to
 * send them with. On a kept connection the end of an answer then waits for
 * nothing, up to 40 milliseconds (RFC 9293, section 3.7.4). Accepted sockets
 * inherit this from the one that listens. */
static void
send_at_once(int listener)
{
    int on = 1;

    (void)setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int
web_serve(const struct web *web)
{
    struct http_settings http = web->http;
    struct loop loop = {.poller = &loop_select};
    struct server server = {.setup = {&loop, web->kind, web->kind_context,
                                      http.timeout, open_connection, &http}};

    if (stop_catch() < 0)
        return 1;
    server.listener = net_listen(web->host, web->port);
    if (server.listener < 0)
        return 1;
    send_at_once(server.listener);
    net_announce(server.listener, web->kind->scheme);
    return server_run(&loop, &server, 1) < 0;
}
