/* Says that it listens, and then hears nothing: every signal is blocked, and so
 * it is in ten children. */

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
    sigset_t all;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, len) < 0 ||
        listen(listener, 10) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) < 0)
        return 1;
    printf("listening on tcp://127.0.0.1:%d/\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    for (int i = 0; i < 10; i++)
        if (fork() == 0)
            break;
    for (;;)
        (void)pause();
}
