#include "tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "net.h"
#include "piece.h"

/* A session needs no states here: OpenSSL has them, and says after every call
 * whether it waits to read or to write. Two things it leaves to its caller: the
 * queue of errors is one for all sessions, so it is emptied before every call;
 * and after a failure a session must not be shut down, only freed. */

enum {
    RECORD_SIZE = 16 * 1024,   /* bytes in a record (RFC 8446, 5.1) */
    RECORDS_MAX = 64,          /* read in one call, without a byte of data */
    HANDSHAKE_MAX = 16 * 1024, /* bytes that a client may send for one */
};

struct tls {
    SSL_CTX *context;
    FILE *secrets; /* of SSLKEYLOGFILE, or NULL */
    void (*plain)(struct buffer *answer);
};

struct session {
    SSL *ssl;
    const struct tls *tls;
    bool known;   /* to be TLS: the first byte has been looked at */
    bool pending; /* the client has said something, and not been answered */
    bool failed;  /* nothing more can be sent */
    int room;     /* for bytes of a handshake, for records of a read */
};

/* What OpenSSL says went wrong first; "success" helps nobody. */
static const char *
reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_error());

    return text ? text : strerror(errno);
}

/* A key that needs a password: nobody is there to type it. */
static int
no_password(char *to, int size, int writing, void *context)
{
    (void)to;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static int
load(SSL_CTX *context, const char *certificate, const char *key)
{
    const char *what = NULL;

    ERR_clear_error();
    SSL_CTX_set_default_passwd_cb(context, no_password);
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        what = certificate;
    else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
             SSL_CTX_check_private_key(context) != 1)
        what = key;
    if (what)
        log_error("cannot use %s: %s", what, reason());
    return what ? -1 : 0;
}

/* The one protocol that is spoken here (RFC 7301). */
static int
select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                const unsigned char *in, unsigned in_len, void *context)
{
    static const unsigned char known[] = "\x08http/1.1";
    unsigned char *found;

    (void)ssl;
    (void)context;
    if (SSL_select_next_proto(&found, out_len, known, sizeof known - 1, in,
                              in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = found;
    return SSL_TLSEXT_ERR_OK;
}

static void
write_secret(const SSL *ssl, const char *line)
{
    struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    fprintf(tls->secrets, "%s\n", line);
    fflush(tls->secrets);
}

static int
open_secrets(struct tls *tls)
{
    const char *name = getenv("SSLKEYLOGFILE");

    if (!name || !*name)
        return 0;
    tls->secrets = fopen(name, "a");
    if (!tls->secrets) {
        log_error("cannot write %s: %s", name, strerror(errno));
        return -1;
    }
    SSL_CTX_set_keylog_callback(tls->context, write_secret);
    return 0;
}

/* OpenSSL takes records until it has what it was called for. A handshake may be
 * long, a read may meet nothing but changes of keys (RFC 8446, 4.6.3), and all
 * others wait: so whoever sends too much is taken as one that has ended. */
static void
count_record(int sent, int version, int type, const void *bytes, size_t len,
             SSL *ssl, void *context)
{
    struct session *session = SSL_get_app_data(ssl);
    const unsigned char *head = bytes; /* type, version, length */
    int cost =
        len < 5 || SSL_is_init_finished(ssl) ? 1 : head[3] << 8 | head[4];

    (void)version;
    (void)context;
    if (sent || type != SSL3_RT_HEADER)
        return;
    session->room = session->room > cost ? session->room - cost : 0;
    if (session->room == 0)
        SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
}

static int
configure(struct tls *tls)
{
    static const unsigned char name[] = "staircase";
    SSL_CTX *c = tls->context;

    SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(c, 1); /* a record by one call and not by two */
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF); /* but tickets */
    SSL_CTX_set_msg_callback(c, count_record);
    SSL_CTX_set_alpn_select_cb(c, select_protocol, NULL);
    if (SSL_CTX_set_app_data(c, tls) == 1 &&
        SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
        SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
        SSL_CTX_set1_groups_list(c, "X25519:P-256:P-384") == 1 &&
        SSL_CTX_set_session_id_context(c, name, sizeof name - 1) == 1)
        return 0;
    log_error("cannot configure TLS: %s", reason());
    return -1;
}

struct tls *
tls_new(const char *certificate, const char *key,
        void (*plain)(struct buffer *answer))
{
    struct tls *tls = calloc(1, sizeof *tls);

    if (tls) {
        tls->plain = plain;
        tls->context = SSL_CTX_new(TLS_server_method());
    }
    if (!tls || !tls->context) {
        log_error("cannot set up TLS: %s", reason());
        free(tls);
        return NULL;
    }
    if (configure(tls) == 0 && load(tls->context, certificate, key) == 0 &&
        open_secrets(tls) == 0)
        return tls;
    tls_free(tls);
    return NULL;
}

void
tls_free(struct tls *tls)
{
    if (tls->secrets)
        (void)fclose(tls->secrets); /* every line has been flushed */
    SSL_CTX_free(tls->context);
    free(tls);
}

/* Has the connection ended without close_notify? Many browsers end idle ones
 * so, which harms nobody; told where their last bytes were not answered. */
static bool
is_cut_off(void)
{
    return ERR_GET_REASON(ERR_peek_error()) ==
           SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

/* What a call of OpenSSL came to, for the caller of a stream: its result, or
 * -1 with errno; 0, with errno, where the peer has ended with close_notify. */
static int
outcome(struct stream *s, int result)
{
    struct session *session = s->state;
    int error = SSL_get_error(session->ssl, result);

    switch (session->room > 0 ? error : SSL_ERROR_SSL) {
    case SSL_ERROR_NONE:
        return result;
    case SSL_ERROR_ZERO_RETURN:
        errno = EPIPE;
        return 0;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        s->blocked = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_SSL:
        if (session->room == 0)
            log_error("TLS: too much without data");
        else if (session->pending || !is_cut_off())
            log_error("TLS: %s", reason());
        errno = EPROTO;
        break;
    }
    session->failed = true; /* else it was the socket: errno is set */
    return -1;
}

static int
tls_open(struct stream *s, void *context)
{
    const struct tls *tls = context;
    struct session *session = calloc(1, sizeof *session);

    if (!session)
        return -1;
    ERR_clear_error();
    session->tls = tls;
    session->room = HANDSHAKE_MAX;
    session->ssl = SSL_new(tls->context);
    if (!session->ssl || SSL_set_fd(session->ssl, s->fd) != 1 ||
        SSL_set_app_data(session->ssl, session) != 1) {
        SSL_free(session->ssl);
        free(session);
        errno = ENOMEM;
        return -1;
    }
    SSL_set_accept_state(session->ssl);
    s->state = session;
    return 0;
}

/* A record begins with its type, 22 for a handshake; a request without TLS
 * with the letter of a method. */
static int
refuse_plain(struct stream *s)
{
    struct session *session = s->state;
    struct buffer answer = {0};
    char first;
    ssize_t n = recv(s->fd, &first, 1, MSG_PEEK);

    s->blocked = POLLIN;
    if (n < 0 && errno == EINTR)
        errno = EAGAIN; /* both mean: call again */
    if (n < 0)
        return -1;
    session->known = true;
    session->pending = n > 0;
    if (n == 0 || first < 'A' || first > 'Z')
        return 0;
    session->tls->plain(&answer);
    if (answer.failed || net_send_all(s->fd, answer.bytes, answer.len) < 0)
        log_error("cannot answer without TLS: %s", strerror(errno));
    buffer_free(&answer);
    session->failed = true;
    errno = EPROTO;
    return -1;
}

static int
tls_start(struct stream *s)
{
    struct session *session = s->state;

    if (!session->known && refuse_plain(s) < 0)
        return -1;
    ERR_clear_error();
    if (outcome(s, SSL_do_handshake(session->ssl)) != 1)
        return -1;
    session->pending = false;
    s->more = SSL_has_pending(session->ssl); /* a request may have come along */
    return 0;
}

static ssize_t
tls_read(struct stream *s, char *to, size_t size)
{
    struct session *session = s->state;
    ssize_t n;

    ERR_clear_error();
    session->room = RECORDS_MAX;
    n = outcome(s, SSL_read(session->ssl, to, (int)size));
    s->more = n > 0 && SSL_has_pending(session->ssl);
    session->pending = session->pending || n > 0;
    return n;
}

/* All pieces go into one record, as far as they fit. OpenSSL keeps a record
 * that could not be sent, and asks to be called with the same bytes again: the
 * same pieces give the same bytes. */
static ssize_t
tls_send(struct stream *s, const struct piece *p, unsigned n)
{
    static char record[RECORD_SIZE];
    struct session *session = s->state;
    size_t len = 0;
    int result;

    for (unsigned i = 0; i < n && len < sizeof record; i++) {
        ssize_t copied = piece_copy(&p[i], record + len, sizeof record - len);

        if (copied < 0)
            return -1;
        len += (size_t)copied;
        if ((uint64_t)copied < p[i].len)
            break;
    }
    ERR_clear_error();
    session->pending = false;
    result = outcome(s, SSL_write(session->ssl, record, (int)len));
    return result > 0 ? result : -1; /* 0: it said goodbye, and has gone */
}

static void
tls_end(struct stream *s)
{
    struct session *session = s->state;

    ERR_clear_error();
    if (!session->failed && SSL_is_init_finished(session->ssl))
        (void)SSL_shutdown(session->ssl); /* close_notify; never waits */
    (void)shutdown(s->fd, SHUT_WR);
}

static void
tls_close(struct stream *s)
{
    struct session *session = s->state;

    SSL_free(session->ssl);
    free(session);
    close(s->fd);
}

const struct stream_kind stream_tls = {
    .scheme = "https",
    .open = tls_open,
    .start = tls_start,
    .read = tls_read,
    .send = tls_send,
    .end = tls_end,
    .close = tls_close,
};
