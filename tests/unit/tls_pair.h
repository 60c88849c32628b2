#ifndef TLS_PAIR_H
#define TLS_PAIR_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "certificate.h"
#include "site.h"
#include "sockets.h"
#include "tls.h"

/* A stream over TLS and a client of it, in one process: neither waits, and each
 * is called in turn. The fixture of two test programs: what every program links
 * must do without OpenSSL. */

static struct tls *tls;
static struct stream s;
static SSL_CTX *context;
static SSL *client;
static int ends[2]; /* the server's, the client's */
static bool small;  /* so are the socket's buffers */

static void
plain(struct buffer *answer)
{
    buffer_add_text(answer, "speak TLS\n");
}

static void
begin(void)
{
    (void)site_begin();
    certificate_make("cert.pem", "key.pem");
    tls = tls_new(site_path("cert.pem"), site_path("key.pem"), plain);
    ck_assert_ptr_nonnull(tls);
    socket_pair(ends, small);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    s = (struct stream){.kind = &stream_tls, .fd = ends[0]};
    ck_assert_int_eq(s.kind->open(&s, tls), 0);
    context = SSL_CTX_new(TLS_client_method());
    client = SSL_new(context);
    ck_assert_int_eq(SSL_set_fd(client, ends[1]), 1);
    SSL_set_connect_state(client);
}

static void
end(void)
{
    s.kind->close(&s);
    SSL_free(client);
    SSL_CTX_free(context);
    close(ends[1]);
    tls_free(tls);
    site_end();
}

/* Both shake hands. Returns 0, or -1 when the stream has failed, with errno. */
static int
shake(void)
{
    for (int i = 0; i < 100; i++) {
        int done = SSL_do_handshake(client);
        int result = s.kind->start(&s);

        if (result == 0 && done == 1)
            return 0;
        if (result < 0 && errno != EAGAIN)
            return -1;
        if (result < 0)
            ck_assert(s.blocked == POLLIN || s.blocked == POLLOUT);
    }
    ck_abort_msg("a handshake without end");
}

/* What the client reads, as far as it has come. */
static int
client_read(char *to, int size)
{
    int done = 0;
    int n;

    while (done < size && (n = SSL_read(client, to + done, size - done)) > 0)
        done += n;
    return done;
}

#endif
