/* The floor: what a server on this machine costs that does not look at what it
 * is asked. For every SIZE bytes that come it sends the bytes of a file, and
 * no more. Nothing that reads its requests can be faster with the same calls.
 *
 *     floor PORT SIZE FILE [close]
 *
 * It says where it listens as a step does; with `close`, it closes after its
 * answer. Its sockets block: only a client that reads what it asked for may
 * come. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h> /* Linux */
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, CLIENTS = 4096, READ = 32 * 1024, AT_ONCE = 16 };

static char *answer; /* AT_ONCE times, one behind the other */
static size_t answer_len, request_len;
static bool closes;
static size_t seen[CLIENTS]; /* bytes of an unfinished request */

static _Noreturn void
fail(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void
load_answer(const char *name)
{
    FILE *file = fopen(name, "rb");
    long size;

    if (!file || fseek(file, 0, SEEK_END) < 0 || (size = ftell(file)) <= 0)
        fail(name);
    rewind(file);
    answer_len = (size_t)size;
    answer = malloc(answer_len * AT_ONCE);
    if (!answer || fread(answer, 1, answer_len, file) != answer_len)
        fail(name);
    for (size_t i = 1; i < AT_ONCE; i++)
        memcpy(answer + i * answer_len, answer, answer_len);
    (void)fclose(file); /* was only read */
}

static int
listen_on(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port)};
    socklen_t len = sizeof address;
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
        bind(fd, (struct sockaddr *)&address, len) < 0 ||
        listen(fd, 1024) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        fail("cannot listen");
    printf("listening on http://127.0.0.1:%u/\n",
           (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void
take_client(int queue, int listener)
{
    struct epoll_event event = {.events = EPOLLIN};
    int yes = 1;
    int fd = accept(listener, NULL, NULL);

    if (fd < 0)
        return;
    event.data.fd = fd;
    if (fd >= CLIENTS || epoll_ctl(queue, EPOLL_CTL_ADD, fd, &event) < 0) {
        close(fd);
        return;
    }
    seen[fd] = 0;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/* Sends `count` answers with as few calls as can be. */
static int
send_answers(int fd, size_t count)
{
    size_t len = answer_len * (count < AT_ONCE ? count : AT_ONCE);

    for (size_t left = answer_len * count; left > 0;) {
        size_t from = answer_len * count - left;
        ssize_t n;

        from %= answer_len * AT_ONCE;
        n = send(fd, answer + from, left < len - from ? left : len - from, 0);
        if (n < 0)
            return -1;
        left -= (size_t)n;
    }
    return 0;
}

static void
serve(int fd)
{
    static char in[READ];
    ssize_t n = read(fd, in, sizeof in);
    size_t due;

    if (n > 0) {
        seen[fd] += (size_t)n;
        due = seen[fd] / request_len;
        seen[fd] %= request_len;
        if (due == 0 || (send_answers(fd, due) == 0 && !closes))
            return;
    }
    close(fd);
}

int
main(int argc, char **argv)
{
    struct epoll_event event = {.events = EPOLLIN}, events[EVENTS];
    int queue = epoll_create1(EPOLL_CLOEXEC);
    int listener;

    if (argc < 4 || queue < 0) {
        fprintf(stderr, "usage: floor PORT SIZE FILE [close]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    request_len = strtoul(argv[2], NULL, 10);
    load_answer(argv[3]);
    closes = argc > 4;
    listener = listen_on((uint16_t)strtoul(argv[1], NULL, 10));
    event.data.fd = listener;
    if (request_len == 0 ||
        epoll_ctl(queue, EPOLL_CTL_ADD, listener, &event) < 0)
        fail("cannot begin");
    for (;;) {
        int n = epoll_wait(queue, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener)
                take_client(queue, listener);
            else
                serve(events[i].data.fd);
        }
    }
}
