/* Echoes, but so slowly that each wait of the grader just does not run out: a
 * byte every two seconds. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int
main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    (void)signal(SIGPIPE, SIG_IGN);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, len) < 0 ||
        listen(listener, 10) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) < 0)
        return 1;
    printf("listening on tcp://127.0.0.1:%d/\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        char byte;

        while (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == 1)
            (void)sleep(2);
        (void)close(fd);
    }
}
