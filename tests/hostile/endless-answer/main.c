/* Answers every client with bytes that do not end. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int
main(void)
{
    static char block[1 << 16];
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, len) < 0 ||
        listen(listener, 10) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) < 0)
        return 1;
    printf("listening on tcp://127.0.0.1:%d/\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);

        while (send(fd, block, sizeof block, MSG_NOSIGNAL) > 0)
            continue;
        (void)close(fd);
    }
}
