#include "target.h"

#include <arpa/inet.h>
#include <string.h>

const char http_root_path[] = "/";

static bool
is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

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

/* reg-name (RFC 3986, section 3.2.2), not empty: RFC 9110, section 4.2.1. */
static bool
is_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];

        if (c == '%') {
            if (s.len - i < 3 || !is_hex(s.at[i + 1]) || !is_hex(s.at[i + 2]))
                return false;
            i += 2;
        } else if (!is_alpha(c) && !is_digit(c) &&
                   (c == '\0' || !strchr("-._~!$&'()*+,;=", c))) {
            return false;
        }
    }
    return s.len > 0;
}

/* "[" IPv6address "]" */
static bool
is_ipv6(struct slice s)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (s.len < 2 || s.len - 2 >= sizeof text || s.at[s.len - 1] != ']')
        return false;
    memcpy(text, s.at + 1, s.len - 2);
    text[s.len - 2] = '\0';
    return strlen(text) == s.len - 2 &&
           inet_pton(AF_INET6, text, &address) == 1;
}

bool
http_host_valid(struct slice s)
{
    const char *colon = NULL;
    struct slice name = s;
    uint64_t port = 0;

    for (size_t i = s.len; i > 0 && !colon && s.at[i - 1] != ']'; i--)
        if (s.at[i - 1] == ':')
            colon = s.at + i - 1;
    if (colon) {
        struct slice digits = {colon + 1, s.len - (size_t)(colon - s.at) - 1};

        if (digits.len > 0 && (!slice_number(digits, &port) || port > 65535))
            return false;
        name.len = (size_t)(colon - s.at);
    }
    return name.len > 0 && name.at[0] == '[' ? is_ipv6(name) : is_name(name);
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
        split_path(r, r->target);
        return true;
    }
    if (slice_is(r->target, "*"))
        return r->method == HTTP_OPTIONS; /* section 3.2.4 */
    return read_absolute(r);
}
