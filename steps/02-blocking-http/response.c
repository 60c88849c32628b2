#include "response.h"

#include <stdarg.h>

#include "date.h"

#define SERVER_NAME "Staircase"

void
http_response_free(struct http_response *r)
{
    if (r->release)
        r->release(r->owner);
    buffer_free(&r->fields);
    buffer_free(&r->text);
    *r = (struct http_response){0};
}

/* Tab aside, control bytes cannot stand in a value (RFC 9110, section 5.5). */
static bool
has_control(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return true;
    }
    return false;
}

void
http_response_add(struct http_response *r, const char *name, const char *format,
                  ...)
{
    size_t before = r->fields.len;
    size_t value;
    va_list args;

    buffer_add_text(&r->fields, name);
    buffer_add_text(&r->fields, ": ");
    value = r->fields.len;
    va_start(args, format);
    buffer_vformat(&r->fields, format, args);
    va_end(args);
    if (r->fields.failed ||
        has_control(r->fields.bytes + value, r->fields.len - value))
        r->fields.len = before;
    else
        buffer_add_text(&r->fields, "\r\n");
}

void
http_response_body(struct http_response *r, const char *type, const char *bytes,
                   uint64_t len)
{
    r->body = (struct piece){.bytes = bytes, .len = len};
    http_response_add(r, "Content-Type", "%s", type);
    http_response_add(r, "Content-Length", "%llu", (unsigned long long)len);
}

/* The reason phrase is for people; programs read the number alone. */
static const char *
reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } table[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {200, "OK"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].status == status)
            return table[i].reason;
    return "Unknown";
}

void
http_response_error(struct http_response *r, int status)
{
    http_response_free(r);
    r->status = status;
    buffer_format(&r->text,
                  "<!doctype html>\n<html lang=\"en\">\n"
                  "<title>%d %s</title>\n<h1>%d %s</h1>\n",
                  status, reason(status), status, reason(status));
    http_response_body(r, "text/html; charset=utf-8", r->text.bytes,
                       r->text.len);
}

bool
http_response_has_body(const struct http_response *r, enum http_method method)
{
    return method != HTTP_HEAD && r->status >= 200 && r->status != 204 &&
           r->status != 304;
}

void
http_response_head(const struct http_response *r, struct buffer *out)
{
    buffer_format(out,
                  "HTTP/1.1 %d %s\r\nServer: " SERVER_NAME "\r\nDate: %s\r\n",
                  r->status, reason(r->status), date_now());
    buffer_add(out, r->fields.bytes, r->fields.len);
    if (r->fields.failed)
        out->failed = true;
}

int64_t
http_response_whole(const struct http_response *r, enum http_method method,
                    struct buffer *out)
{
    http_response_head(r, out);
    buffer_add_text(out, "Connection: close\r\n\r\n");
    if (!http_response_has_body(r, method))
        return -1;
    buffer_add(out, r->body.bytes, (size_t)r->body.len);
    return (int64_t)r->body.len;
}
