#include "slice.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "unit.h"

START_TEST(test_of)
{
    ck_assert_uint_eq(slice_of("abc").len, 3);
    ck_assert_uint_eq(slice_of("").len, 0);
    ck_assert_ptr_nonnull(slice_of("").at);
}
END_TEST

START_TEST(test_is)
{
    ck_assert(slice_is(slice_of("abc"), "abc"));
    ck_assert(slice_is(slice_of(""), ""));
    ck_assert(slice_is((struct slice){"abcd", 3}, "abc"));
    ck_assert(!slice_is(slice_of("abc"), "abd"));
    ck_assert(!slice_is(slice_of("abc"), "ab"));
    ck_assert(!slice_is(slice_of("abc"), "abcd"));
    ck_assert(!slice_is(slice_of("abc"), "ABC"));
    ck_assert(!slice_is((struct slice){"ab\0c", 4}, "ab"));
    ck_assert(!slice_is(slice_of(""), "a"));
}
END_TEST

START_TEST(test_is_nocase)
{
    ck_assert(slice_is_nocase(slice_of("Content-Length"), "content-LENGTH"));
    ck_assert(slice_is_nocase(slice_of("azAZ09"), "AZaz09"));
    ck_assert(slice_is_nocase(slice_of(""), ""));
    ck_assert(!slice_is_nocase(slice_of("abc"), "ab"));
    ck_assert(!slice_is_nocase(slice_of("ab"), "abc"));
    ck_assert(!slice_is_nocase(slice_of("abc"), "abd"));
    ck_assert(!slice_is_nocase((struct slice){"ab\0", 3}, "ab"));
    ck_assert(!slice_is_nocase((struct slice){"ab\0c", 4}, "ab\0c"));
    /* bytes that differ by the bit of the case, and are no letters */
    ck_assert(!slice_is_nocase(slice_of("["), "{"));
    ck_assert(!slice_is_nocase(slice_of("@"), "`"));
    ck_assert(!slice_is_nocase(slice_of("\xc4"), "\xe4"));
}
END_TEST

/* In the locale of Turkey, where there is one, i and I are no pair. */
START_TEST(test_no_locale)
{
    (void)setlocale(LC_ALL, "tr_TR.UTF-8");
    ck_assert(slice_is_nocase(slice_of("IF-MODIFIED"), "if-modified"));
}
END_TEST

START_TEST(test_reads_no_further)
{
    char *block = feed_copy("host", 4);
    struct slice s = {block, 4};
    struct slice element;
    uint64_t n;

    ck_assert(slice_is(s, "host"));
    ck_assert(slice_is_nocase(s, "HOST"));
    ck_assert(!slice_is_nocase(s, "hosts"));
    ck_assert(slice_is(slice_trim(s), "host"));
    ck_assert(!slice_number(s, &n));
    ck_assert(slice_next_element(&s, &element));
    ck_assert(slice_is(element, "host"));
    free(block);
}
END_TEST

START_TEST(test_trim)
{
    ck_assert(slice_is(slice_trim(slice_of(" \t a b \t ")), "a b"));
    ck_assert(slice_is(slice_trim(slice_of("a")), "a"));
    ck_assert(slice_is(slice_trim(slice_of(" ")), ""));
    ck_assert(slice_is(slice_trim(slice_of("")), ""));
    ck_assert(slice_is(slice_trim(slice_of("\r\n\v\f")), "\r\n\v\f"));
    ck_assert(slice_is(slice_trim(slice_of(" a\n")), "a\n"));
}
END_TEST

/* Elements of a list, one behind the other, in brackets. */
static const char *
elements(const char *text)
{
    static char all[200];
    struct slice list = slice_of(text);
    struct slice element;

    all[0] = '\0';
    while (slice_next_element(&list, &element)) {
        strcat(all, "[");
        strncat(all, element.at, element.len);
        strcat(all, "]");
    }
    ck_assert_uint_eq(list.len, 0);
    return all;
}

START_TEST(test_elements)
{
    ck_assert_str_eq(elements("a"), "[a]");
    ck_assert_str_eq(elements("a,b"), "[a][b]");
    ck_assert_str_eq(elements(" a b ,\tc\t"), "[a b][c]");
    ck_assert_str_eq(elements(",,a, ,\t,b,"), "[a][b]");
    ck_assert_str_eq(elements(""), "");
    ck_assert_str_eq(elements(" "), "");
    ck_assert_str_eq(elements(" , ,"), "");
}
END_TEST

START_TEST(test_number)
{
    static const struct {
        const char *text;
        uint64_t number;
    } good[] = {
        {"0", 0},
        {"7", 7},
        {"10", 10},
        {"0000000000000000000000000000000012", 12},
        {"18446744073709551615", UINT64_MAX},
        {"018446744073709551615", UINT64_MAX},
        {"9999999999999999999", 9999999999999999999U},
    };
    static const char *const bad[] = {
        "",
        " 1",
        "1 ",
        "+1",
        "-1",
        "0x1",
        "1a",
        "a",
        "1.0",
        "/",
        ":",
        "18446744073709551616",
        "18446744073709551620",
        "28446744073709551615",
        "100000000000000000000",
        "36893488147419103233",
        "\xb1",
    };
    uint64_t n = 42;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(slice_number(slice_of(good[i].text), &n), "%s",
                      good[i].text);
        ck_assert(n == good[i].number);
    }
    n = 42;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!slice_number(slice_of(bad[i]), &n), "%s", bad[i]);
        ck_assert_uint_eq(n, 42);
    }
    ck_assert(!slice_number((struct slice){"1\0", 2}, &n));
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_of);
    unit_add(tests, test_is);
    unit_add(tests, test_is_nocase);
    unit_add(tests, test_no_locale);
    unit_add(tests, test_reads_no_further);
    unit_add(tests, test_trim);
    unit_add(tests, test_elements);
    unit_add(tests, test_number);
}

int
main(void)
{
    return unit_run("slice", add);
}
