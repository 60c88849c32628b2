/* The other end: connects, sends, and prints what comes back.
 *
 *   01-tcp-client HOST PORT TEXT    sends TEXT
 *   01-tcp-client HOST PORT         sends standard input, line by line, and
 *                                   waits after each for as many bytes
 *
 * Then it half-closes, which tells the server that no more will come, and
 * prints until the server closes too. */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "net.h"

enum {
    PART_SIZE = 4096,   /* a longer line is sent in parts */
    ANSWER_SECONDS = 1, /* a server that is no echo may stay silent this long */
};

/* Prints what the server sends next. Returns the number of bytes; 0 at the
 * end; -1 with errno. */
static ssize_t
print_some(int fd)
{
    char bytes[PART_SIZE];
    ssize_t n = read(fd, bytes, sizeof bytes);

    if (n > 0) {
        fwrite(bytes, 1, (size_t)n, stdout);
        fflush(stdout);
    }
    return n;
}

/* Has the server sent something, or does it within a second? */
static bool
answers(int fd)
{
    struct timeval limit = {.tv_sec = ANSWER_SECONDS};
    fd_set readable;

    FD_ZERO(&readable);
    FD_SET(fd, &readable);
    return select(fd + 1, &readable, NULL, NULL, &limit) > 0;
}

/* Prints what comes until there are as many bytes as were sent. An answer may
 * arrive in pieces: TCP keeps bytes in order, and no boundaries. */
static int
print_echo(int fd, size_t sent)
{
    size_t got = 0;

    while (got < sent && answers(fd)) {
        ssize_t n = print_some(fd);

        if (n <= 0)
            return (int)n; /* the end: what is still to send may fail */
        got += (size_t)n;
    }
    return 0;
}

/* Sends a line, and waits for its echo part by part: a client that only sends
 * fills the buffers on the way, and then both ends wait for each other. */
static int
send_line(int fd, const char *line, size_t len)
{
    while (len > 0) {
        size_t part = len < PART_SIZE ? len : PART_SIZE;

        if (net_send_all(fd, line, part) < 0 || print_echo(fd, part) < 0)
            return -1;
        line += part;
        len -= part;
    }
    return 0;
}

static int
send_lines(int fd)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    int result = 0;

    while (result == 0 && (len = getline(&line, &size, stdin)) > 0)
        result = send_line(fd, line, (size_t)len);
    free(line);
    return result;
}

int
main(int argc, char **argv)
{
    int fd;
    ssize_t n;

    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: %s HOST PORT [TEXT]\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a server that has gone is an error to tell */
    fd = net_connect(argv[1], argv[2]);
    if (fd < 0)
        return 1;
    if ((argc == 4 ? net_send_all(fd, argv[3], strlen(argv[3]))
                   : send_lines(fd)) < 0 ||
        shutdown(fd, SHUT_WR) < 0)
        log_error("cannot send: %s", strerror(errno));
    do
        n = print_some(fd);
    while (n > 0);
    if (n < 0)
        log_error("cannot receive: %s", strerror(errno));
    close(fd);
    return n < 0;
}
