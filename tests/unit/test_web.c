#include "web.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "net.h"
#include "pages.h"
#include "sockets.h"
#include "unit.h"

static pid_t server;
static char port[8];

/* Is a small answer sent at once, on every connection that is open? */
static bool
no_delay(void)
{
    int count = 0;

    for (int fd = 0; fd < 100; fd++) {
        struct sockaddr_storage peer;
        socklen_t len = sizeof peer;
        int on = 0;

        if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
            continue;
        count++;
        len = sizeof on;
        if (getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len) < 0 || !on)
            return false;
    }
    return count > 0;
}

static void
on_request(struct http_exchange *x)
{
    pages_answer(&x->request, &x->response);
    if (slice_is(x->request.path, "/no-delay") && no_delay())
        http_response_error(&x->response, 204);
    http_exchange_send(x);
}

static const struct http_handler handler = {.request = on_request};

static struct web web = {
    .host = "127.0.0.1",
    .port = "0",
    .kind = &stream_tcp,
    .http = {.handler = &handler, .timeout = 300},
};

/* Starts a server in a child process, and reads where it listens. */
static void
start(void)
{
    int out[2];
    FILE *lines;

    ck_assert_int_eq(pipe(out), 0);
    server = fork();
    ck_assert_int_ge(server, 0);
    if (server == 0) {
        close(out[0]);
        (void)dup2(out[1], STDOUT_FILENO);
        close(out[1]);
        if (!freopen("/dev/null", "w", stderr))
            exit(1);
        exit(web_serve(&web));
    }
    close(out[1]);
    lines = fdopen(out[0], "r");
    ck_assert_int_eq(
        fscanf(lines, "listening on http://127.0.0.1:%7[0-9]/", port), 1);
    (void)fclose(lines);
}

static void
end(void)
{
    int status;

    ck_assert_int_eq(kill(server, SIGTERM), 0);
    ck_assert_int_eq(waitpid(server, &status, 0), server);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}

/* What comes until the end, as text. */
static const char *
answer(const char *request)
{
    static char text[4000];
    int fd = net_connect("127.0.0.1", port);

    ck_assert_int_ge(fd, 0);
    socket_write(fd, request);
    text[socket_read(fd, text, sizeof text - 1)] = '\0';
    close(fd);
    return text;
}

START_TEST(test_serve)
{
    const char *text;

    start();
    text =
        answer("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    ck_assert_msg(strncmp(text, "HTTP/1.1 200 OK\r\n", 17) == 0, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "\r\n\r\nHello from the server\n"));
    end();
}
END_TEST

START_TEST(test_fields)
{
    const char *text;

    web.http.fields = "X-One: 1\r\n";
    start();
    text = answer("GET / HTTP/1.0\r\n\r\n");
    ck_assert_ptr_nonnull(strstr(text, "\r\nX-One: 1\r\n"));
    end();
}
END_TEST

START_TEST(test_no_delay)
{
    const char *text;

    start();
    text = answer("GET /no-delay HTTP/1.0\r\n\r\n");
    ck_assert_msg(strncmp(text, "HTTP/1.1 204 ", 13) == 0, "%s", text);
    end();
}
END_TEST

START_TEST(test_timeout)
{
    const char *text;

    start();
    text = answer("GET / HT");
    ck_assert_msg(strncmp(text, "HTTP/1.1 408 ", 13) == 0, "%s", text);
    ck_assert_str_eq(answer(""), "");
    end();
}
END_TEST

START_TEST(test_port_in_use)
{
    int listener = net_listen("127.0.0.1", "0");
    const char *text;
    int result;

    web.port = socket_port(listener);
    capture_begin(STDERR_FILENO);
    result = web_serve(&web);
    text = capture_end();
    ck_assert_int_eq(result, 1);
    ck_assert_ptr_nonnull(strstr(text, "in use\n"));
    close(listener);
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_serve);
    unit_add(tests, test_fields);
    unit_add(tests, test_no_delay);
    unit_add(tests, test_timeout);
    unit_add(tests, test_port_in_use);
}

int
main(void)
{
    return unit_run("web", add);
}
