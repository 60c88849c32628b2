#include "slice.h"

#include <string.h>

struct slice
slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

bool
slice_is(struct slice s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

static int
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

bool
slice_is_nocase(struct slice s, const char *text)
{
    for (size_t i = 0; i < s.len; i++)
        if (text[i] == '\0' ||
            (s.at[i] != text[i] && lower(s.at[i]) != lower(text[i])))
            return false;
    return text[s.len] == '\0';
}

static bool
blank(char c)
{
    return c == ' ' || c == '\t';
}

struct slice
slice_trim(struct slice s)
{
    while (s.len > 0 && blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool
slice_next_element(struct slice *list, struct slice *element)
{
    while (list->len > 0) {
        const char *comma = memchr(list->at, ',', list->len);
        size_t len = comma ? (size_t)(comma - list->at) : list->len;
        size_t used = comma ? len + 1 : len;

        *element = slice_trim((struct slice){list->at, len});
        list->at += used;
        list->len -= used;
        if (element->len > 0)
            return true;
    }
    return false;
}

bool
slice_number(struct slice s, uint64_t *number)
{
    uint64_t n = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(unsigned char)s.at[i] - '0';

        if (digit > 9 || n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *number = n;
    return true;
}
