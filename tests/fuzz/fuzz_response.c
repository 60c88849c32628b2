/* A response made of an input: its fields, its body, its status. Whatever a
 * value holds, the head has the lines that it should have and no more. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "fuzz.h"
#include "response.h"

enum { FIXED_LINES = 3, VALUE_MAX = 200 }; /* the status line, Server, Date */

/* Takes what stands before the next NUL off the front, as a string. */
static void
take_text(const uint8_t **data, size_t *size, char text[VALUE_MAX + 1])
{
    size_t len = 0;

    while (len < VALUE_MAX && len < *size && (*data)[len] != '\0')
        len++;
    memcpy(text, *data, len);
    text[len] = '\0';
    len += len < *size && (*data)[len] == '\0';
    *data += len;
    *size -= len;
}

static bool
plain(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == '\x7f')
            return false;
    return true;
}

static size_t
lines_in(const struct buffer *b)
{
    size_t count = 0;

    for (size_t i = 0; i < b->len; i++) {
        unsigned char c = (unsigned char)b->bytes[i];

        if (c == '\n') {
            fuzz_must(i > 0 && b->bytes[i - 1] == '\r', "CR before LF");
            count++;
        } else if (c == '\r') {
            fuzz_must(i + 1 < b->len && b->bytes[i + 1] == '\n', "LF after CR");
        } else {
            fuzz_must((c >= ' ' || c == '\t') && c != 0x7f, "no control byte");
        }
    }
    return count;
}

static const char last_lines[] = "Connection: close\r\n\r\n";

/* The whole answer is the head, its last lines, and the body or none of it. */
static void
check_whole(const struct http_response *r, const struct buffer *head,
            enum http_method method)
{
    struct buffer all = {0};
    int64_t sent = http_response_whole(r, method, &all);
    size_t body = sent < 0 ? 0 : (size_t)sent;
    size_t start = head->len + strlen(last_lines);
    bool has_body = http_response_has_body(r, method);

    fuzz_must(all.len == start + body, "head, last lines, body");
    fuzz_must(memcmp(all.bytes + head->len, last_lines, strlen(last_lines)) ==
                  0,
              "an empty line at the end");
    fuzz_must(has_body || body == 0, "no body where none may be");
    fuzz_must(!has_body || body == r->body.len, "the body as a whole");
    fuzz_must(body == 0 || memcmp(all.bytes + start, r->body.bytes, body) == 0,
              "the body's bytes");
    buffer_free(&all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_response r = {0};
    struct buffer head = {0};
    char value[VALUE_MAX + 1];
    size_t lines = FIXED_LINES;
    enum http_method method;

    if (size < 3)
        return 0;
    r.status = 100 + (data[0] * 256 + data[1]) % 500;
    method = (enum http_method)(data[2] % (HTTP_PATCH + 1));
    data += 3;
    size -= 3;
    for (int i = 0; i < 8 && size > 0; i++) {
        take_text(&data, &size, value);
        http_response_add(&r, "X", "%s", value);
        lines += plain(value);
    }
    if (size > 0 && data[0] % 4 == 0) {
        http_response_error(&r, 400 + data[0] / 4);
        lines = FIXED_LINES + 2;
    } else {
        http_response_body(&r, "text/plain", (const char *)data, size);
        lines += 2; /* Content-Type, Content-Length */
    }
    http_response_head(&r, &head);
    fuzz_must(lines_in(&head) == lines, "as many lines as fields");
    check_whole(&r, &head, method);
    buffer_free(&head);
    http_response_free(&r);
    return 0;
}
