/* Tries every port of this machine for somebody else's server, and says so when
 * one answers that is not its own submission's. Nobody sends a greeting but the
 * services that a machine has. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const hosts[] = {"127.0.0.1", "10.0.0.1", "192.168.1.1",
                                    "169.254.169.254", "1.1.1.1"};

static int
reaches(const char *host, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int connected;

    (void)inet_pton(AF_INET, host, &address.sin_addr);
    address.sin_port = htons((uint16_t)port);
    connected = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    (void)close(fd);
    return connected;
}

__attribute__((constructor)) static void
attack(void)
{
    if (fork() != 0)
        return;
    for (size_t i = 1; i < sizeof hosts / sizeof hosts[0]; i++)
        if (reaches(hosts[i], 53) || reaches(hosts[i], 80))
            (void)!write(STDERR_FILENO, "FOUND a network\n", 16);
    for (int port = 1; port < 1024; port++)
        if (reaches(hosts[0], port))
            (void)!write(STDERR_FILENO, "FOUND a service\n", 16);
    for (int port = 1024; port < 65536; port++)
        (void)reaches(hosts[0], port);
    _exit(0);
}
