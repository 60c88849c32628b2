#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "span.h"
#include "unit.h"

/* What is fast and what is plain must say the same, of any bytes, wherever they
 * lie, and without a look behind their end. */

static const unsigned kinds[] = {SPAN_TOKEN, SPAN_TARGET, SPAN_VALUE};

enum { STARTS = 17 }; /* as many as a wide step has places, and one */

/* Both results, from each of the first places, with a sanitizer behind the
 * end. */
static void
compare(const char *bytes, size_t len)
{
    char *block = feed_copy(bytes, len);
    const char *end = block + len;
    const char *last = len < STARTS ? end : block + STARTS;

    for (const char *p = block; p <= last; p++) {
        ck_assert_ptr_eq(span_word(p, end, SPAN_TOKEN),
                         span_plain(p, end, SPAN_TOKEN));
        ck_assert_ptr_eq(span_wide(p, end, SPAN_TARGET),
                         span_plain(p, end, SPAN_TARGET));
        ck_assert_ptr_eq(span_wide(p, end, SPAN_VALUE),
                         span_plain(p, end, SPAN_VALUE));
    }
    free(block);
}

/* Each byte at each place of a run that is otherwise of its kind. */
START_TEST(test_every_byte)
{
    char bytes[40];

    for (size_t place = 0; place < sizeof bytes; place++) {
        memset(bytes, 'a', sizeof bytes);
        for (int c = 0; c < 256; c++) {
            bytes[place] = (char)c;
            compare(bytes, sizeof bytes);
        }
    }
}
END_TEST

/* Random runs, mostly of one kind. The numbers are the same each time. */
START_TEST(test_random)
{
    uint32_t random = 1;
    char bytes[100];

    for (int round = 0; round < 5000; round++) {
        size_t len = (size_t)round % (sizeof bytes + 1);
        unsigned kind = kinds[round % 3];

        for (size_t i = 0; i < len; i++) {
            do {
                random = random * 1664525 + 1013904223; /* Knuth's */
                bytes[i] = (char)(random >> 24);
            } while (!span_has(kind, bytes[i]) && (random >> 8 & 31) != 0);
        }
        compare(bytes, len);
    }
}
END_TEST

/* RFC 9110, sections 5.5 and 5.6.2, RFC 3986, sections 2 and 3.2.2. */
START_TEST(test_kinds)
{
    for (int c = 0; c < 256; c++) {
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool plain = letter || (c >= '0' && c <= '9');
        bool visible = c > ' ' && c != 0x7f;
        bool token = c && strchr("!#$%&'*+-.^_`|~", c);
        bool host = c && strchr("-._~!$&'()*+,;=", c);

        ck_assert_int_eq(span_has(SPAN_TOKEN, (char)c), plain || token);
        ck_assert_int_eq(span_has(SPAN_TARGET, (char)c), visible && c != '#');
        ck_assert_int_eq(span_has(SPAN_VALUE, (char)c),
                         visible || c == ' ' || c == '\t');
        ck_assert_int_eq(span_has(SPAN_HOST, (char)c), plain || host);
    }
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_every_byte);
    unit_add(tests, test_random);
    unit_add(tests, test_kinds);
}

int
main(void)
{
    return unit_run("span", add);
}
