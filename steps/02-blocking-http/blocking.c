#include "blocking.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"

void
blocking_limit(int fd, int which, uint64_t ms)
{
    struct timeval limit = {.tv_sec = (time_t)(ms / 1000),
                            .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

    (void)setsockopt(fd, SOL_SOCKET, which, &limit, sizeof limit);
}

void
blocking_hang_up(int fd)
{
    uint64_t end = clock_now() + BLOCKING_LINGER_MS;
    char unread[4096];

    (void)shutdown(fd, SHUT_WR); /* fails only if the client has gone */
    for (uint64_t now = clock_now(); now < end; now = clock_now()) {
        ssize_t n;

        blocking_limit(fd, SO_RCVTIMEO, end - now);
        n = read(fd, unread, sizeof unread);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
    }
    close(fd);
}
