#include "date.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Not strftime(3) and strptime(3): their names of days and months follow the
 * locale, and strptime takes more than RFC 9110 allows. */
static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

enum { SECONDS_A_DAY = 24 * 60 * 60 };

/* The formats, with a letter for each byte that varies: www is the name of a
 * day, nnn of a month, the others are numbers. Other bytes stand for
 * themselves. */
static const char imf_fixdate[] = "www, dd nnn YYYY hh:mm:ss GMT";
static const char asctime_date[] = "www nnn dd hh:mm:ss YYYY";

/* Not snprintf(3): every answer with a file has a date of its own, and this is
 * much less work. */
static void
put(char *to, int digits, int number)
{
    for (; digits > 0; number /= 10)
        to[--digits] = (char)('0' + number % 10);
}

void
date_write(time_t when, char text[DATE_SIZE])
{
    struct tm tm;

    if (!gmtime_r(&when, &tm) || tm.tm_year > 9999 - 1900 || tm.tm_year < -1900)
        (void)gmtime_r(&(time_t){0}, &tm);
    memcpy(text, imf_fixdate, DATE_SIZE);
    memcpy(text, days + (ptrdiff_t)3 * tm.tm_wday, 3);
    put(text + 5, 2, tm.tm_mday);
    memcpy(text + 8, months + (ptrdiff_t)3 * tm.tm_mon, 3);
    put(text + 12, 4, tm.tm_year + 1900);
    put(text + 17, 2, tm.tm_hour);
    put(text + 20, 2, tm.tm_min);
    put(text + 23, 2, tm.tm_sec);
}

const char *
date_now(void)
{
    static char text[DATE_SIZE];
    static time_t made;
    time_t now = time(NULL);

    if (now != made) {
        date_write(now, text);
        made = now;
    }
    return text;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. Counted from March
 * a year's last day is the leap day, and the months' lengths follow a line. */
static long
days_since_1970(int year, int month, int day)
{
    long y = (month > 2 ? year : year - 1L) + 400; /* for it is never < 0 */
    long from_march = (month + 9) % 12;            /* March is 0 */

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * from_march + 2) / 5 +
           day - 1 - 719468 - 146097; /* days of 400 years */
}

static int
days_in_month(int year, int month)
{
    int december = month == 12;

    return (int)(days_since_1970(year + december, december ? 1 : month + 1, 1) -
                 days_since_1970(year, month, 1));
}

/* The number, from 1, of a name of three letters in a table; 0: not there. */
static int
place(const char *table, const char *name)
{
    for (int i = 0; table[i]; i += 3)
        if (memcmp(table + i, name, 3) == 0)
            return i / 3 + 1;
    return 0;
}

/* Reads a number of two or four digits at the place of its letters. */
static bool
number(const char *format, const char *text, char letter, int *value)
{
    const char *first = strchr(format, letter);

    for (*value = 0; *first == letter; first++) {
        char c = text[first - format];

        if (c < '0' || c > '9')
            return false;
        *value = *value * 10 + (c - '0');
    }
    return true;
}

static bool
read_format(const char *format, const char *text, time_t *when)
{
    int year, day, hour, minute, second;
    int month = place(months, text + (strchr(format, 'n') - format));

    for (int i = 0; format[i]; i++)
        if (!strchr("wndYhms", format[i]) && text[i] != format[i])
            return false;
    if (place(days, text) == 0 || month == 0 ||
        !number(format, text, 'Y', &year) || !number(format, text, 'd', &day) ||
        !number(format, text, 'h', &hour) ||
        !number(format, text, 'm', &minute) ||
        !number(format, text, 's', &second) || day < 1 ||
        day > days_in_month(year, month) || hour > 23 || minute > 59 ||
        second > 60)
        return false;
    *when = (time_t)days_since_1970(year, month, day) * SECONDS_A_DAY +
            hour * 3600 + minute * 60 + second;
    return true;
}

/* Makes "Sunday, 06-Nov-94 08:49:37 GMT" of RFC 850 an IMF-fixdate. Of the two
 * centuries it takes the one that is not more than 50 years ahead. */
static bool
modernize(struct slice text, char fixdate[DATE_SIZE])
{
    static const char rest[] = ", dd-nnn-YY hh:mm:ss GMT";
    const char *comma = memchr(text.at, ',', text.len);
    struct tm tm;
    time_t now = time(NULL);
    int year;

    if (!comma || comma - text.at < (long)strlen("Sunday") ||
        text.len - (size_t)(comma - text.at) != strlen(rest) ||
        comma[4] != '-' || comma[8] != '-' ||
        !number(rest, comma, 'Y', &year) || !gmtime_r(&now, &tm))
        return false;
    year += (tm.tm_year + 1900) / 100 * 100;
    if (year > tm.tm_year + 1900 + 50)
        year -= 100;
    (void)snprintf(fixdate, DATE_SIZE, "%.3s, %.2s %.3s %04u%.13s", text.at,
                   comma + 2, comma + 5, (unsigned)year % 10000, comma + 11);
    return true;
}

bool
date_read(struct slice text, time_t *when)
{
    char copy[DATE_SIZE];

    if (text.len == strlen(imf_fixdate))
        return read_format(imf_fixdate, text.at, when);
    if (text.len == strlen(asctime_date)) {
        memcpy(copy, text.at, text.len);
        if (copy[8] == ' ')
            copy[8] = '0'; /* a day of one digit */
        return read_format(asctime_date, copy, when);
    }
    return modernize(text, copy) && read_format(imf_fixdate, copy, when);
}
