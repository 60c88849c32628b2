#ifndef TLS_H
#define TLS_H

#include "buffer.h"
#include "stream.h"

/* TLS as a way to move bytes (RFC 8446, RFC 5246), by OpenSSL: versions 1.2
 * and 1.3, forward-secret suites only, no renegotiation; a client that comes
 * again resumes its session by a ticket.
 *
 * The environment variable SSLKEYLOGFILE names a file that gets the secrets of
 * all sessions, for Wireshark to read along. */

struct tls;

/* Reads certificate chain and private key, both PEM. Returns NULL after one
 * line on stderr when they cannot be used.
 *
 * A client may take the port for one without TLS. `plain` then fills in what
 * to answer, in its protocol, before the connection is closed. */
struct tls *tls_new(const char *certificate, const char *key,
                    void (*plain)(struct buffer *answer));

void tls_free(struct tls *tls);

/* Streams over TLS; their context is a struct tls, which outlives them. An end
 * without close_notify, where somebody could have cut the rest off, is an
 * error (EPROTO) and not the end of input. Errors are told on stderr, that one
 * only where nothing has been sent since the client's last bytes. */
extern const struct stream_kind stream_tls;

#endif
