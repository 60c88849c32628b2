/* Load for what wrk and h2load cannot ask for: a new connection for each
 * request, with what connecting costs in the latency, and TLS handshakes that
 * are new, or resumed. Every byte of every answer is compared.
 *
 *     load [options] PORT TARGET FILE     FILE has the body of the answers
 *
 *     -c N   connections at the same time (16)
 *     -s N   seconds (1)
 *     -n N   requests of a connection (1); 0: it is kept until the end
 *     -p N   requests sent at once (1)
 *     -m N   stops after so many requests
 *     -t     over TLS;  -r  where sessions are resumed
 *
 * It prints a JSON object. A latency is counted from the beginning of what the
 * request needs, the connection too, until the last byte of its answer. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CLIENTS = 1024,
    HEAD = 4096,       /* bytes of an answer's head, at most */
    SAMPLES = 1 << 22, /* latencies kept */
};
#define WRONG SIZE_MAX

enum state { BEGINNING, ASKING, READING, ENDING };

struct client {
    enum state state;
    int fd;
    SSL *ssl; /* NULL: TCP as it is */
    short events;
    uint64_t began;    /* nanoseconds */
    size_t sent, got;  /* bytes of the requests, of the answers */
    unsigned answered; /* of the requests sent at once */
    unsigned long left;
    bool offers; /* a session to resume */
    char *in;
};

static struct sockaddr_in address = {.sin_family = AF_INET};
static char *request, *body;
static size_t request_len, body_len, in_size;
static unsigned long clients = 16, a_connection = 1, pipelined = 1, most;
static double seconds = 1;
static bool tls, resumes;
static SSL_CTX *context;
static SSL_SESSION *latest;
static unsigned long requests, connections, offered, resumed, failed;
static uint32_t *samples; /* microseconds */

static _Noreturn void
fail(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

static uint64_t
nanoseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static void
complain(const char *what)
{
    if (failed++ == 0)
        fprintf(stderr, "load: %s\n", what);
}

/* ---- One answer ---- */

static const char *
find(const char *in, size_t len, const char *what, size_t what_len)
{
    for (size_t i = 0; i + what_len <= len; i++)
        if (strncasecmp(in + i, what, what_len) == 0)
            return in + i;
    return NULL;
}

/* Returns the length of the answer that in[0..len) begins with; 0 where it is
 * not complete, WRONG where it is not what it should be. */
static size_t
judge(const char *in, size_t len)
{
    static const char ok[] = "HTTP/1.1 200", field[] = "\r\ncontent-length:";
    size_t most_head = len < HEAD ? len : HEAD;
    const char *end = find(in, most_head, "\r\n\r\n", 4);
    const char *length;
    size_t head;

    if (!end)
        return len < HEAD ? 0 : WRONG;
    head = (size_t)(end - in) + 4;
    length = find(in, head, field, sizeof field - 1);
    if (memcmp(in, ok, sizeof ok - 1) != 0 || !length ||
        strtoul(length + sizeof field - 1, NULL, 10) != body_len)
        return WRONG;
    if (len < head + body_len)
        return 0;
    return memcmp(in + head, body, body_len) == 0 ? head + body_len : WRONG;
}

static void
note(uint64_t began)
{
    uint64_t us = (nanoseconds() - began) / 1000;

    if (requests < SAMPLES)
        samples[requests] = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
    requests++;
}

/* ---- One client ---- */

static int
keep_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(latest);
    latest = session;
    return 1; /* it is ours now */
}

static void
begin(struct client *c)
{
    int yes = 1;

    c->began = nanoseconds();
    c->sent = c->got = c->answered = 0;
    c->offers = false;
    c->left = a_connection ? a_connection : UINT32_MAX;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0)
        fail("socket");
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 &&
        errno != EINPROGRESS)
        fail("connect");
    c->state = BEGINNING;
    c->events = POLLOUT;
    if (!tls)
        return;
    c->ssl = SSL_new(context);
    if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1)
        fail("SSL_new");
    if (resumes && latest)
        c->offers = SSL_set_session(c->ssl, latest);
    SSL_set_connect_state(c->ssl);
}

static void
end(struct client *c)
{
    if (c->ssl) { /* else OpenSSL forgets the session */
        SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(c->ssl);
        c->ssl = NULL;
    }
    close(c->fd);
    c->fd = -1;
}

/* What a call of OpenSSL or of the system came to: bytes; 0: the end; -1: it
 * waits, for c->events; -2: it failed. */
static ssize_t
outcome(struct client *c, ssize_t n)
{
    if (n > 0)
        return n;
    if (!c->ssl) {
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -2;
        return n;
    }
    switch (SSL_get_error(c->ssl, (int)n)) {
    case SSL_ERROR_WANT_READ:
        c->events = POLLIN;
        return -1;
    case SSL_ERROR_WANT_WRITE:
        c->events = POLLOUT;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    }
    return -2;
}

static ssize_t
connected(struct client *c)
{
    int error = 0;
    socklen_t len = sizeof error;
    ssize_t n = 1;

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error)
        return -2;
    if (c->ssl)
        n = outcome(c, SSL_do_handshake(c->ssl));
    if (n > 0) {
        connections++;
        offered += c->offers;
        resumed += c->ssl && SSL_session_reused(c->ssl);
        c->state = ASKING;
    }
    return n;
}

static ssize_t
ask(struct client *c)
{
    size_t len = request_len - c->sent;
    const char *from = request + c->sent;
    ssize_t n;

    c->events = POLLOUT;
    n = outcome(c, c->ssl ? SSL_write(c->ssl, from, (int)len)
                          : send(c->fd, from, len, 0));
    if (n > 0 && (c->sent += (size_t)n) == request_len)
        c->state = READING;
    return n;
}

/* Takes the answers that are complete. Returns false where one is wrong. */
static bool
take_answers(struct client *c)
{
    size_t used = 0, len;

    while (c->answered < pipelined &&
           (len = judge(c->in + used, c->got - used)) != 0) {
        if (len == WRONG)
            return false;
        used += len;
        c->answered++;
        note(c->began);
    }
    memmove(c->in, c->in + used, c->got - used);
    c->got -= used;
    if (c->answered < pipelined)
        return true;
    c->answered = 0;
    c->sent = 0;
    c->left -= c->left < pipelined ? c->left : pipelined;
    c->state = c->left ? ASKING : ENDING;
    if (c->left)
        c->began = nanoseconds();
    return c->got == 0; /* nobody asked for more */
}

static ssize_t
hear(struct client *c)
{
    size_t room = in_size - c->got;
    ssize_t n;

    c->events = POLLIN;
    n = outcome(c, c->ssl ? SSL_read(c->ssl, c->in + c->got, (int)room)
                          : read(c->fd, c->in + c->got, room));
    if (n <= 0)
        return n == 0 ? -2 : n;
    c->got += (size_t)n;
    return take_answers(c) ? n : -3;
}

/* The answer is there. The server closes, or asks to be closed. */
static ssize_t
part(struct client *c)
{
    char byte;
    ssize_t n;

    c->events = POLLIN;
    n = outcome(c, c->ssl ? SSL_read(c->ssl, &byte, 1) : read(c->fd, &byte, 1));
    return n == -2 ? 0 : n > 0 ? -3 : n;
}

/* Goes on as far as that needs no waiting. */
static void
go_on(struct client *c)
{
    static ssize_t (*const act[])(struct client *) = {connected, ask, hear,
                                                      part};
    ssize_t n;

    do
        n = act[c->state](c);
    while (n > 0);
    if (n == -1)
        return;
    if (n == -3)
        complain("an answer is not what it should be");
    else if (n == -2)
        complain("a connection ended too early");
    end(c);
    begin(c);
}

/* ---- All of them ---- */

static void
read_body(const char *name)
{
    FILE *file = fopen(name, "rb");
    long size;

    if (!file || fseek(file, 0, SEEK_END) < 0 || (size = ftell(file)) < 0)
        fail(name);
    rewind(file);
    body_len = (size_t)size;
    body = malloc(body_len + 1);
    if (!body || fread(body, 1, body_len, file) != body_len)
        fail(name);
    (void)fclose(file); /* was only read */
    in_size = HEAD + body_len + 16 * (size_t)1024;
}

static void
make_request(const char *target)
{
    char one[HEAD];
    int len = snprintf(one, sizeof one,
                       "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", target,
                       a_connection == 1 ? "Connection: close\r\n" : "");

    if (len < 0 || (size_t)len >= sizeof one)
        fail("the target is too long");
    request_len = (size_t)len * pipelined;
    request = malloc(request_len);
    if (!request)
        fail("no memory");
    for (unsigned long i = 0; i < pipelined; i++)
        memcpy(request + i * (size_t)len, one, (size_t)len);
}

static void
read_options(int argc, char **argv)
{
    for (int c; (c = getopt(argc, argv, "c:s:n:p:m:tr")) != -1;) {
        double value = optarg ? strtod(optarg, NULL) : 1;

        switch (c) {
        case 'c':
            clients = (unsigned long)value;
            break;
        case 's':
            seconds = value;
            break;
        case 'n':
            a_connection = (unsigned long)value;
            break;
        case 'p':
            pipelined = (unsigned long)value;
            break;
        case 'm':
            most = (unsigned long)value;
            break;
        case 'r':
            resumes = true; /* fall through */
        case 't':
            tls = true;
            break;
        default:
            exit(2);
        }
    }
    errno = EINVAL;
    if (argc - optind != 3 || !clients || clients > CLIENTS || !pipelined)
        fail("usage: load [options] PORT TARGET FILE");
    address.sin_port = htons((uint16_t)strtoul(argv[optind], NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    read_body(argv[optind + 2]);
    make_request(argv[optind + 1]);
}

static int
by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void
tell(double took)
{
    unsigned long n = requests < SAMPLES ? requests : SAMPLES;

    qsort(samples, n, sizeof samples[0], by_size);
    printf("{\"requests\": %lu, \"connections\": %lu, \"offered\": %lu, "
           "\"resumed\": %lu, \"failed\": %lu, \"seconds\": %.6f",
           requests, connections, offered, resumed, failed, took);
    if (n)
        printf(", \"p50\": %lu, \"p99\": %lu, \"most\": %lu",
               (unsigned long)samples[n / 2],
               (unsigned long)samples[n * 99 / 100],
               (unsigned long)samples[n - 1]);
    printf("}\n");
}

int
main(int argc, char **argv)
{
    static struct client all[CLIENTS];
    static struct pollfd polled[CLIENTS];
    uint64_t start, until;

    signal(SIGPIPE, SIG_IGN);
    read_options(argc, argv);
    samples = malloc(SAMPLES * sizeof samples[0]);
    context = SSL_CTX_new(TLS_client_method());
    if (!samples || !context)
        fail("no memory");
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT |
                                                SSL_SESS_CACHE_NO_INTERNAL);
    if (resumes)
        SSL_CTX_sess_set_new_cb(context, keep_session);
    start = nanoseconds();
    until = start + (uint64_t)(seconds * 1e9);
    for (unsigned long i = 0; i < clients; i++) {
        all[i].in = malloc(in_size);
        if (!all[i].in)
            fail("no memory");
        begin(&all[i]);
    }
    while (nanoseconds() < until && (!most || requests < most)) {
        for (unsigned long i = 0; i < clients; i++)
            polled[i] =
                (struct pollfd){.fd = all[i].fd, .events = all[i].events};
        if (poll(polled, clients, 100) <= 0)
            continue;
        for (unsigned long i = 0; i < clients; i++)
            if (polled[i].revents)
                go_on(&all[i]);
    }
    tell((double)(nanoseconds() - start) / 1e9);
    return failed ? 1 : 0;
}
