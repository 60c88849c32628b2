#include "served.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "obey.h"
#include "server.h"
#include "sockets.h"
#include "stop.h"

struct child served;
uint64_t served_timeout = 60000;
unsigned long served_descriptors;
const struct stream_kind *served_kind = &stream_tcp;

static int
serve(int listener, void *context)
{
    struct loop loop = {.poller = &loop_select};
    struct server server = {.setup = {.loop = &loop,
                                      .kind = served_kind,
                                      .timeout = served_timeout,
                                      .open = obey_new,
                                      .context = &loop}};
    struct rlimit limit;

    (void)context;
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    if (served_descriptors)
        limit.rlim_cur = served_descriptors;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || stop_catch() < 0)
        return 1;
    server.listener = dup(listener); /* the last that a server opens */
    close(listener);
    return server_run(&loop, &server, 1) < 0;
}

void
served_start(void)
{
    child_start(&served, serve, NULL);
}

void
served_end(int signal, const char *told)
{
    ck_assert_str_eq(child_end(&served, signal), told);
}

int
served_client(void)
{
    return socket_connect(served.listener, false);
}

void
served_ask(int fd, const char *command, const char *answer)
{
    socket_write(fd, command);
    socket_expect(fd, answer);
}

void
served_after(int ms, const char *command, const char *answer)
{
    int fd;

    served_start();
    fd = served_client();
    ck_assert(socket_quiet(fd, ms));
    served_ask(fd, command, answer);
    close(fd);
    served_end(SIGTERM, "");
}

int
served_open(int fd)
{
    char text[32];
    size_t n = 0;

    socket_write(fd, "descriptors\n");
    do
        ck_assert_uint_eq(socket_read(fd, text + n, 1), 1);
    while (text[n++] != '\n');
    return atoi(text);
}
