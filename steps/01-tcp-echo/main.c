/* Step 01: a TCP echo server. One client after another gets back, byte for
 * byte, what it sends. */

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "net.h"
#include "options.h"
#include "stop.h"

enum {
    ECHO_SIZE = 64 * 1024, /* bytes read at once, at most */
    RETRY_SECONDS = 1,     /* before accepting again after it failed */
};

/* Prints what is printable as it is, and every other byte as \xNN. */
static void
show_bytes(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if (byte == '\r' || byte == '\n' || (byte < 0x80 && isprint(byte)))
            putchar(byte);
        else
            printf("\\x%02X", byte);
    }
    fflush(stdout);
}

/* Sends all of it, unless the client vanishes, or the server is to end while a
 * client does not read. */
static bool
send_back(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = write(fd, bytes, n);

        if (sent < 0 && (errno != EINTR || stop_asked()))
            return false;
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        }
    }
    return true;
}

/* Sends back what comes until the client says that no more will (read()
 * returns 0). A read returns what has arrived so far: a part of what the
 * client sent in one call, or several of its calls together. */
static void
echo(int fd, bool show)
{
    char bytes[ECHO_SIZE];

    while (!stop_asked()) {
        ssize_t n = read(fd, bytes, sizeof bytes);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* the end, or the client has vanished */
        if (show)
            show_bytes(bytes, (size_t)n);
        if (!send_back(fd, bytes, (size_t)n))
            return;
    }
}

int
main(int argc, char **argv)
{
    const char *host = "127.0.0.1";
    const char *port = "8080";
    bool show = false;
    const struct option_row rows[] = {
        {"host", "ADDR", OPTION_TEXT, &host, "where to listen (127.0.0.1)"},
        {"port", "N", OPTION_PORT, &port, "8080 unless given; 0: a free one"},
        {"show", NULL, OPTION_FLAG, &show, "print each byte received"},
        {0},
    };
    int status = options_read(argc, argv, rows, "Echoes what it receives.");
    int listener;

    if (status >= 0)
        return status;
    if (stop_catch() < 0 || (listener = net_listen(host, port)) < 0)
        return 1;
    net_announce(listener, "tcp");
    while (!stop_asked()) {
        char address[NET_ADDRESS_SIZE];
        int fd = net_accept(listener, address);

        if (fd >= 0) {
            log_error("%s connected", address);
            echo(fd, show);
            close(fd);
            log_error("%s is gone", address);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            log_error("cannot accept: %s", strerror(errno));
            sleep(RETRY_SECONDS); /* the system is out of something */
        }
    }
    close(listener);
    return 0;
}
