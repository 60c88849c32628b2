#include "parsers.h"

#include <llhttp.h>

#include "gather.h"

static struct gather g;

static int
begin(llhttp_t *p)
{
    (void)p;
    gather_begin(&g);
    return 0;
}

static int
target(llhttp_t *p, const char *at, size_t len)
{
    (void)p;
    gather_piece(&g.found.target, at, len);
    return 0;
}

static int
name(llhttp_t *p, const char *at, size_t len)
{
    (void)p;
    return gather_name(&g, at, len);
}

static int
value(llhttp_t *p, const char *at, size_t len)
{
    (void)p;
    gather_value(&g, at, len);
    return 0;
}

static int
end(llhttp_t *p)
{
    (void)p;
    g.complete = true;
    return 0;
}

static const llhttp_settings_t settings = {
    .on_message_begin = begin,
    .on_url = target,
    .on_header_field = name,
    .on_header_value = value,
    .on_message_complete = end,
};

static bool
whole(const char *head, size_t len)
{
    llhttp_t p;

    llhttp_init(&p, HTTP_REQUEST, &settings);
    return llhttp_execute(&p, head, len) == HPE_OK && g.complete;
}

static bool
bytewise(const char *head, size_t len)
{
    llhttp_t p;

    llhttp_init(&p, HTTP_REQUEST, &settings);
    for (size_t n = 0; n < len; n++)
        if (llhttp_execute(&p, head + n, 1) != HPE_OK)
            return false;
    return g.complete;
}

static const struct found *
found(void)
{
    return &g.found;
}

const struct parser parser_llhttp = {"llhttp", whole, bytewise, found};
