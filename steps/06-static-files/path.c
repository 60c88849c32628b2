#include "path.h"

#include <string.h>

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes %XX, once: "%252e" is the name "%2e", not a dot. */
static bool
decode(struct slice raw, char *to)
{
    for (size_t i = 0; i < raw.len; i++) {
        int high, low;

        if (raw.at[i] != '%') {
            *to++ = raw.at[i];
            continue;
        }
        if (raw.len - i < 3)
            return false;
        high = hex_digit(raw.at[i + 1]);
        low = hex_digit(raw.at[i + 2]);
        if (high < 0 || low < 0)
            return false;
        *to = (char)(high << 4 | low);
        if (*to == '\0' || *to == '/')
            return false;
        to++;
        i += 2;
    }
    *to = '\0';
    return true;
}

/* Takes out empty segments, "." and "..", the latter with the segment before
 * it. Works in place: what is written is never longer than what was read. */
static bool
normalize(char *path)
{
    char *end = path; /* of what is written; there, a '/' comes next */
    const char *from = path;

    while (*from == '/') {
        const char *segment = from + 1;
        size_t len = strcspn(segment, "/");
        bool is_last = segment[len] == '\0';

        from = segment + len;
        if (len == 2 && memcmp(segment, "..", 2) == 0) {
            if (end == path)
                return false;
            do
                end--;
            while (*end != '/');
        } else if (len > 0 && !(len == 1 && *segment == '.')) {
            *end++ = '/';
            memmove(end, segment, len);
            end += len;
            continue;
        }
        if (is_last)
            *end++ = '/'; /* "/a/.", "/a/b/.." and "/a/" name a directory */
    }
    *end = '\0';
    return true;
}

int
path_read(struct slice raw, char path[PATH_SIZE])
{
    if (raw.len == 0 || raw.len >= PATH_SIZE || raw.at[0] != '/')
        return 400;
    return decode(raw, path) && normalize(path) ? 0 : 400;
}

bool
path_hidden(const char *path)
{
    static const char known[] = ".well-known";

    for (; *path; path += 1 + strcspn(path + 1, "/"))
        if (path[1] == '.' &&
            (strncmp(path + 1, known, strlen(known)) != 0 ||
             (path[1 + strlen(known)] != '/' && path[1 + strlen(known)])))
            return true;
    return false;
}

/* Adds bytes; those that are neither letters, digits nor such marks encoded. */
static void
write_encoded(struct slice s, const char *marks, struct buffer *out)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char byte = (unsigned char)s.at[i];

        if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
            (byte >= 'A' && byte <= 'Z') || (byte && strchr(marks, byte)))
            buffer_add(out, s.at + i, 1);
        else
            buffer_format(out, "%%%02X", byte);
    }
}

void
path_write(const char *path, struct buffer *out)
{
    write_encoded(slice_of(path), "/-._~!$&'()*+,;=:@", out);
}

void
path_write_query(struct slice query, struct buffer *out)
{
    write_encoded(query, "/-._~!$&'()*+,;=:@?%", out);
}
