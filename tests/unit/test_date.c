#include "date.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed.h"
#include "unit.h"

/* Moments, and how RFC 9110, section 5.6.7 writes them. */
static const struct {
    int64_t when;
    const char *text;
} moments[] = {
    {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"}, /* the RFC's own */
    {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
    {-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
    {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
    {951868800, "Wed, 01 Mar 2000 00:00:00 GMT"},
    {1709164800, "Thu, 29 Feb 2024 00:00:00 GMT"},
    {2147483647, "Tue, 19 Jan 2038 03:14:07 GMT"}, /* 2^31 - 1 */
    {2147483648, "Tue, 19 Jan 2038 03:14:08 GMT"},
    {4107542399, "Sun, 28 Feb 2100 23:59:59 GMT"}, /* no leap year */
    {4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
    {4294967296, "Sun, 07 Feb 2106 06:28:16 GMT"}, /* 2^32 */
    {-2203891200, "Thu, 01 Mar 1900 00:00:00 GMT"},
    {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
    {-62167219200, "Sat, 01 Jan 0000 00:00:00 GMT"},
};

enum { MOMENTS = sizeof moments / sizeof moments[0] };

/* Reads from a block that ends right behind the text. */
static bool
reads(const char *text, time_t *when)
{
    size_t len = strlen(text);
    char *block = feed_copy(text, len);
    bool good = date_read((struct slice){block, len}, when);

    free(block);
    return good;
}

START_TEST(test_write)
{
    char text[DATE_SIZE];

    for (int i = 0; i < MOMENTS; i++) {
        date_write((time_t)moments[i].when, text);
        ck_assert_str_eq(text, moments[i].text);
    }
}
END_TEST

/* Whatever a file's time may be, what is written is a date. */
START_TEST(test_write_beyond)
{
    static const int64_t beyond[] = {INT64_MAX, INT64_MIN, 253402300800,
                                     -62167219201, (int64_t)1 << 55};
    char text[DATE_SIZE];
    time_t when;

    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        date_write((time_t)beyond[i], text);
        ck_assert_uint_eq(strlen(text), DATE_SIZE - 1);
        ck_assert(reads(text, &when));
    }
}
END_TEST

START_TEST(test_read_back)
{
    time_t when;

    for (int i = 0; i < MOMENTS; i++) {
        ck_assert_msg(reads(moments[i].text, &when), "%s", moments[i].text);
        ck_assert_int_eq(when, moments[i].when);
    }
}
END_TEST

/* Every day of eight hundred years, at a time that varies. */
START_TEST(test_every_day)
{
    for (int64_t day = -150000; day < 150000; day++) {
        int64_t when = day * 86400 + (day & 0xffff) + 7;
        char text[DATE_SIZE];
        time_t again;

        date_write((time_t)when, text);
        if (!date_read(slice_of(text), &again) || again != when)
            ck_abort_msg("%s", text);
    }
}
END_TEST

START_TEST(test_asctime)
{
    static const struct {
        const char *text;
        int64_t when;
    } good[] = {
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Sun Nov 06 08:49:37 1994", 784111777},
        {"Thu Feb 29 00:00:00 2024", 1709164800},
        {"Tue Jan 19 03:14:08 2038", 2147483648},
    };
    time_t when;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(reads(good[i].text, &when), "%s", good[i].text);
        ck_assert_int_eq(when, good[i].when);
    }
}
END_TEST

START_TEST(test_rfc_850)
{
    static const struct {
        const char *text;
        int64_t when;
    } good[] = {
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Wednesday, 01-Mar-00 00:00:00 GMT", 951868800},
        {"Thursday, 01-Jan-70 00:00:00 GMT", -1}, /* below */
    };
    time_t when;

    for (size_t i = 0; i < 2; i++) {
        ck_assert_msg(reads(good[i].text, &when), "%s", good[i].text);
        ck_assert_int_eq(when, good[i].when);
    }
    ck_assert(reads(good[2].text, &when));
}
END_TEST

/* A year of two digits that seems more than 50 years ahead is the last one in
 * the past with these digits. */
START_TEST(test_century)
{
    time_t now = time(NULL);
    struct tm tm;
    int this_year;

    gmtime_r(&now, &tm);
    this_year = tm.tm_year + 1900;
    for (int year = this_year - 49; year <= this_year + 49; year++) {
        char text[64], again[DATE_SIZE], wanted[32];
        time_t when;

        (void)snprintf(text, sizeof text, "Monday, 15-Jun-%02d 12:00:00 GMT",
                       year % 100);
        ck_assert_msg(reads(text, &when), "%s", text);
        date_write(when, again);
        (void)snprintf(wanted, sizeof wanted, "15 Jun %04d", year);
        ck_assert_msg(strstr(again, wanted) != NULL, "%s is %s, not %s", text,
                      again, wanted);
    }
}
END_TEST

/* The leap second of RFC 9110's grammar. */
START_TEST(test_leap_second)
{
    time_t when;

    ck_assert(reads("Sat, 31 Dec 2016 23:59:60 GMT", &when));
    ck_assert_int_eq(when, 1483228800);
}
END_TEST

START_TEST(test_bad)
{
    static const char *const bad[] = {
        "",
        "0",
        "784111777",
        "now",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun 06 Nov 1994 08:49:37 GMT",
        "Sun; 06 Nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "unM, 06 Nov 1994 08:49:37 GMT", /* across two names of the table */
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Now 1994 08:49:37 GMT",
        "Sun, 06 ovD 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 32 Dec 1994 08:49:37 GMT",
        "Sun, 30 Feb 2024 08:49:37 GMT",
        "Sun, 29 Feb 2023 08:49:37 GMT",
        "Sun, 29 Feb 2100 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08-49-37 GMT",
        "Sun, 06 Nov 1994 -8:49:37 GMT",
        "Sun, 06 Nov 19x4 08:49:37 GMT",
        "Sun, 0x Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov 11994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  0 08:49:37 1994",
        "Sun Nov 31 08:49:37 1994",
        "Sun Nov 6  08:49:37 1994",
        "Sun Nov    08:49:37 1994",
        "Sun, Nov 6 08:49:37 1994",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sunday, 06 Nov 94 08:49:37 GMT",
        "Sunday, 06-Nov-9x 08:49:37 GMT",
        "Sunday, 6-Nov-94 08:49:37 GMT",
        "Sunday 06-Nov-94 08:49:37 GMT",
        "Sunday,06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 PST",
        "Sunday, 06-Nov-94 08:49:37",
        "Sunday, 32-Dec-94 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Xyzday, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov/94 08:49:37 GMT",
        "Sunday,  6-Nov-94 08:49:37 GMT",
        ",",
        ", 06-Nov-94 08:49:37 GMT",
    };
    time_t when = 42;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!reads(bad[i], &when), "%s", bad[i]);
    ck_assert_int_eq(when, 42);
}
END_TEST

/* The names do not follow the locale, nor the hours the time zone. */
START_TEST(test_zone)
{
    char text[DATE_SIZE];
    time_t when;

    ck_assert_int_eq(setenv("TZ", "XYZ-5:30", 1), 0);
    tzset();
    date_write(784111777, text);
    ck_assert_str_eq(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    ck_assert(reads(text, &when));
    ck_assert_int_eq(when, 784111777);
}
END_TEST

START_TEST(test_now)
{
    time_t before = time(NULL);
    const char *text = date_now();
    time_t when;

    ck_assert(reads(text, &when));
    ck_assert_int_ge(when, before);
    ck_assert_int_le(when, time(NULL));
    ck_assert_ptr_eq(date_now(), text);
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_write);
    unit_add(tests, test_write_beyond);
    unit_add(tests, test_read_back);
    unit_add(tests, test_every_day);
    unit_add(tests, test_asctime);
    unit_add(tests, test_rfc_850);
    unit_add(tests, test_century);
    unit_add(tests, test_leap_second);
    unit_add(tests, test_bad);
    unit_add(tests, test_zone);
    unit_add(tests, test_now);
}

int
main(void)
{
    return unit_run("date", add);
}
