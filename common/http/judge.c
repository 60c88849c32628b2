#include "judge.h"

#include "target.h"

/* What the fields have told so far. */
enum {
    SEEN_HOST = 1,
    SEEN_HOST_BAD = 2, /* or a second one */
    SEEN_LENGTH = 4,
    SEEN_LENGTH_TWICE = 8,
    SEEN_CODING = 16,          /* Transfer-Encoding */
    SEEN_CODING_UNKNOWN = 32,  /* one that is not chunked */
    SEEN_CHUNKED = 64,         /* as the last coding so far */
    SEEN_BEHIND_CHUNKED = 128, /* another coding, or chunked again, behind it */
    SEEN_CLOSE = 256,
    SEEN_KEEP_ALIVE = 512,
    SEEN_EXPECT_OTHER = 1024,
};

/* Transfer-Encoding: a list, which may go on in a second field (section 6.1,
 * RFC 9110, section 5.3). */
static void
read_coding(struct http_request *r, struct slice list)
{
    struct slice coding;

    r->seen |= SEEN_CODING;
    while (slice_next_element(&list, &coding)) {
        if (r->seen & SEEN_CHUNKED)
            r->seen |= SEEN_BEHIND_CHUNKED;
        if (slice_is_nocase(coding, "chunked"))
            r->seen |= SEEN_CHUNKED;
        else
            r->seen |= SEEN_CODING_UNKNOWN;
    }
}

static void
read_connection(struct http_request *r, struct slice list)
{
    struct slice option;

    while (slice_next_element(&list, &option))
        if (slice_is_nocase(option, "close"))
            r->seen |= SEEN_CLOSE;
        else if (slice_is_nocase(option, "keep-alive"))
            r->seen |= SEEN_KEEP_ALIVE;
}

static void
read_expect(struct http_request *r, struct slice list)
{
    struct slice expectation;

    while (slice_next_element(&list, &expectation))
        if (slice_is_nocase(expectation, "100-continue"))
            r->expect_continue = true;
        else
            r->seen |= SEEN_EXPECT_OTHER;
}

static void
read_host(struct http_request *r, struct slice host)
{
    if (r->seen & SEEN_HOST || !http_host_valid(host))
        r->seen |= SEEN_HOST_BAD;
    r->seen |= SEEN_HOST;
    if (!r->host.at)
        r->host = host; /* else the target has named it */
}

static void
read_length(struct http_request *r, struct slice text)
{
    r->seen |= r->seen & SEEN_LENGTH ? SEEN_LENGTH_TWICE : SEEN_LENGTH;
    r->length_text = text;
}

/* The fields that are judged, in the places of their lengths. */
static const struct {
    const char *name; /* in small letters */
    void (*read)(struct http_request *r, struct slice value);
} judged[] = {
    [4] = {"host", read_host},
    [6] = {"expect", read_expect},
    [10] = {"connection", read_connection},
    [14] = {"content-length", read_length},
    [17] = {"transfer-encoding", read_coding},
};

void
http_judge_field(struct http_request *r, const struct http_field *f)
{
    const char *at = f->name.at;
    size_t len = f->name.len;
    const char *name;

    if (len >= sizeof judged / sizeof judged[0] || !judged[len].name)
        return;
    name = judged[len].name;
    for (const char *end = at + len; at < end; at++, name++)
        if ((*at | 0x20) != *name) /* makes letters of letters only */
            return;
    judged[len].read(r, f->value);
}

/* Where does the body end? Whatever two servers on the way could read
 * differently is refused: RFC 9112, sections 6.1, 6.3 and 11.2. Returns 0 or
 * a status. */
static int
judge_framing(struct http_request *r)
{
    unsigned seen = r->seen;

    if (seen & SEEN_LENGTH_TWICE ||
        (seen & SEEN_LENGTH &&
         !slice_number(r->length_text, &r->content_length)))
        return 400;
    if (!(seen & SEEN_CODING))
        return 0;
    if (seen & SEEN_LENGTH || r->version < 11 || !(seen & SEEN_CHUNKED) ||
        seen & SEEN_BEHIND_CHUNKED)
        return 400;
    if (seen & SEEN_CODING_UNKNOWN)
        return 501;
    r->chunked = true;
    return 0;
}

int
http_judge_head(struct http_request *r)
{
    int status;

    if (r->version / 10 != 1)
        return 505;
    if (r->seen & SEEN_HOST_BAD || (r->version >= 11 && !(r->seen & SEEN_HOST)))
        return 400; /* RFC 9112, section 3.2 */
    status = judge_framing(r);
    if (status)
        return status;
    if (r->method == HTTP_UNKNOWN)
        return 501;
    if (r->seen & SEEN_EXPECT_OTHER)
        return 417;
    if (r->version < 11)
        r->expect_continue = false; /* RFC 9110, section 10.1.1 */
    r->keep_alive = !(r->seen & SEEN_CLOSE) &&
                    (r->version >= 11 || r->seen & SEEN_KEEP_ALIVE);
    return 0;
}
