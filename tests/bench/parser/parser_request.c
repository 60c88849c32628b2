#include "parsers.h"

#include "request.h"

static struct http_request r;

static bool
whole(const char *head, size_t len)
{
    http_request_init(&r);
    return http_request_parse(&r, head, len) == (long)len;
}

static bool
bytewise(const char *head, size_t len)
{
    long result = 0;

    http_request_init(&r);
    for (size_t n = 1; n <= len && result == 0; n++)
        result = http_request_parse(&r, head, n);
    return result == (long)len;
}

static const struct found *
found(void)
{
    static struct found f;

    f.target = r.target;
    f.count = r.field_count;
    for (size_t i = 0; i < f.count; i++)
        f.fields[i] = (struct found_field){r.fields[i].name, r.fields[i].value};
    return &f;
}

const struct parser parser_request = {"request.c", whole, bytewise, found};
