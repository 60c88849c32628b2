#include "parsers.h"

#include <http_parser.h>

#include "gather.h"

static struct gather g;

static int
begin(http_parser *p)
{
    (void)p;
    gather_begin(&g);
    return 0;
}

static int
target(http_parser *p, const char *at, size_t len)
{
    (void)p;
    gather_piece(&g.found.target, at, len);
    return 0;
}

static int
name(http_parser *p, const char *at, size_t len)
{
    (void)p;
    return gather_name(&g, at, len);
}

static int
value(http_parser *p, const char *at, size_t len)
{
    (void)p;
    gather_value(&g, at, len);
    return 0;
}

static int
end(http_parser *p)
{
    (void)p;
    g.complete = true;
    return 0;
}

static const http_parser_settings settings = {
    .on_message_begin = begin,
    .on_url = target,
    .on_header_field = name,
    .on_header_value = value,
    .on_message_complete = end,
};

static bool
whole(const char *head, size_t len)
{
    http_parser p;

    http_parser_init(&p, HTTP_REQUEST);
    return http_parser_execute(&p, &settings, head, len) == len && g.complete;
}

static bool
bytewise(const char *head, size_t len)
{
    http_parser p;

    http_parser_init(&p, HTTP_REQUEST);
    for (size_t n = 0; n < len; n++)
        if (http_parser_execute(&p, &settings, head + n, 1) != 1)
            return false;
    return g.complete;
}

static const struct found *
found(void)
{
    return &g.found;
}

const struct parser parser_http_parser = {"http-parser", whole, bytewise,
                                          found};
