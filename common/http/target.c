#include "target.h"

#include <arpa/inet.h>
#include <string.h>

#include "span.h"

const char http_root_path[] = "/";

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* How long the reg-name (RFC 3986, section 3.2.2) is that s begins with. */
static size_t
name_length(struct slice s)
{
    size_t i = 0;

    for (;;) {
        while (i < s.len && span_kinds[(unsigned char)s.at[i]] & SPAN_HOST)
            i++;
        if (s.len - i < 3 || s.at[i] != '%' || !is_hex(s.at[i + 1]) ||
            !is_hex(s.at[i + 2]))
            return i;
        i += 3;
    }
}

/* How long the "[" IPv6address "]" is; 0: it is none. */
static size_t
literal_length(struct slice s)
{
    const char *last = memchr(s.at, ']', s.len);
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    size_t len;

    if (!last || (size_t)(last - s.at) > sizeof text)
        return 0;
    len = (size_t)(last - s.at) - 1;
    memcpy(text, s.at + 1, len);
    text[len] = '\0';
    return strlen(text) == len && inet_pton(AF_INET6, text, &address) == 1
               ? len + 2
               : 0;
}

/* Is the rest a port, or nothing? */
static bool
is_port(struct slice s)
{
    uint64_t port;

    if (s.len <= 1)
        return s.len == 0 || s.at[0] == ':';
    return s.at[0] == ':' &&
           slice_number((struct slice){s.at + 1, s.len - 1}, &port) &&
           port <= 65535;
}

/* Not a name alone, though it may begin with one of that length. Kept apart, so
 * that the usual host does not pay for the buffers of the others. */
static __attribute__((noinline)) bool
is_other_host(struct slice s, size_t len)
{
    if (s.at[0] == '[')
        len = literal_length(s);
    return len > 0 && is_port((struct slice){s.at + len, s.len - len});
}

bool
http_host_valid(struct slice s)
{
    size_t len = name_length(s);

    return len == s.len ? len > 0 : is_other_host(s, len);
}

/* Splits what follows the authority into path and query. */
static void
split_path(struct http_request *r, struct slice rest)
{
    const char *mark = memchr(rest.at, '?', rest.len);

    r->path = rest;
    if (mark) {
        r->path.len = (size_t)(mark - rest.at);
        r->query = (struct slice){mark + 1, rest.len - r->path.len - 1};
    }
    if (r->path.len == 0)
        r->path = slice_of(http_root_path);
}

/* absolute-form: http://host:port/path?query (RFC 9112, section 3.2.2). */
static bool
read_absolute(struct http_request *r)
{
    struct slice s = r->target;
    size_t scheme = 0;
    size_t host = 0;

    while (scheme < s.len && s.at[scheme] != ':')
        scheme++;
    if (s.len - scheme < 3 || memcmp(s.at + scheme, "://", 3) != 0 ||
        !(slice_is_nocase((struct slice){s.at, scheme}, "http") ||
          slice_is_nocase((struct slice){s.at, scheme}, "https")))
        return false;
    s.at += scheme + 3;
    s.len -= scheme + 3;
    while (host < s.len && s.at[host] != '/' && s.at[host] != '?')
        host++;
    r->host = (struct slice){s.at, host};
    split_path(r, (struct slice){s.at + host, s.len - host});
    return http_host_valid(r->host);
}

/* authority-form: host:port, for CONNECT alone (section 3.2.3). */
static bool
read_authority(struct http_request *r)
{
    size_t len = r->target.len;

    r->host = r->target;
    return http_host_valid(r->host) && is_digit(r->target.at[len - 1]) &&
           memchr(r->target.at, ':', len) != NULL;
}

bool
http_target_read(struct http_request *r)
{
    if (r->method == HTTP_CONNECT)
        return read_authority(r);
    if (r->target.len == 0)
        return false;
    if (r->target.at[0] == '/') {
        if (r->target.len > 1)
            split_path(r, r->target);
        else /* the root, which is asked for most */
            r->path = (struct slice){r->target.at, 1};
        return true;
    }
    if (slice_is(r->target, "*"))
        return r->method == HTTP_OPTIONS; /* section 3.2.4 */
    return read_absolute(r);
}
