#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

/* The head of an HTTP/1.x request: request line and fields, up to and with the
 * empty line (RFC 9112, sections 2 to 6). The parser allocates nothing, may be
 * stopped and resumed at any byte, and never takes a second look at one. What
 * it finds are slices into the caller's buffer. */

enum {
    HTTP_METHOD_MAX = 32,     /* bytes; a longer one is unknown: 501 */
    HTTP_TARGET_MAX = 8000,   /* bytes; beyond: 414 */
    HTTP_SECTION_MAX = 16384, /* bytes of all field lines; beyond: 431 */
    HTTP_FIELDS_MAX = 100,    /* field lines; beyond: 431 */
    HTTP_EMPTY_MAX = 8,       /* bytes; an empty line that begins behind: 400 */
    HTTP_HEAD_MAX =           /* so a head that may still be good fits here */
    HTTP_EMPTY_MAX + HTTP_METHOD_MAX + HTTP_TARGET_MAX + HTTP_SECTION_MAX +
    16,                      /* two spaces, "HTTP/1.1", two line ends */
    HTTP_BODY_MAX = 1 << 20, /* bytes of a body; beyond: 413 */
};

enum http_method {
    HTTP_UNKNOWN,
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_CONNECT,
    HTTP_OPTIONS,
    HTTP_TRACE,
    HTTP_PATCH,
};

struct http_field {
    struct slice name;
    struct slice value; /* without the white space around it */
};

struct http_request {
    struct slice line; /* the request line; len == 0: it was not readable */
    struct slice method_name;
    enum http_method method;
    struct slice target; /* as it came: in one of four forms (section 3.2) */
    struct slice host;   /* "name" or "name:port", from Host or the target */
    struct slice path;   /* raw, from its '/'; empty for CONNECT and "*" */
    struct slice query;  /* raw, without its '?'; at == NULL: there is none */
    int version;         /* 10 for HTTP/1.0, 11 for HTTP/1.1 and later 1.x */

    bool keep_alive;         /* the connection may go on after this request */
    bool expect_continue;    /* the client waits for 100 (RFC 9110, 10.1.1) */
    bool chunked;            /* the body comes in chunks */
    uint64_t content_length; /* else it has this many bytes, often 0 */

    /* Where the parser is; for request.c only. */
    int state, failure;
    unsigned seen;
    size_t at, token, limit;
    struct slice length_text;

    size_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

/* May this byte stand in a method or a field's name (RFC 9110, 5.6.2)? */
bool http_is_token(char c);

/* Makes r ready for a new head. Does not touch all of its 3 KiB. */
void http_request_init(struct http_request *r);

/* Reads buf[0..len), which begins with what earlier calls were given: the same
 * bytes in the same place, and more. Returns
 *   > 0  the head is complete, and this long; bytes behind it are not looked at
 *     0  more bytes are needed
 *   < 0  minus the status to answer with: 400, 414, 417, 431, 501 or 505.
 * The first violated rule in the order of the bytes decides, then what can be
 * judged only of a whole head, in the order: version, Host, framing, method,
 * expectation. A head that moves must be parsed anew or moved, as follows. */
long http_request_parse(struct http_request *r, const char *buf, size_t len);

/* Has any byte but an empty line's come? */
bool http_request_begun(const struct http_request *r);

/* Makes all slices that point into from[0..) point to the same places in to. */
void http_request_move(struct http_request *r, const char *from,
                       const char *to);

/* How many fields have that name, in any case? *value is the first one's. */
size_t http_request_field(const struct http_request *r, const char *name,
                          struct slice *value);

#endif
