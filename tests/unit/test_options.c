#include "options.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "unit.h"

static struct {
    bool flag;
    const char *text;
    const char *port;
    long count;
    long age;
    uint64_t time;
} given;

static const struct option_row rows[] = {
    {"flag", NULL, OPTION_FLAG, &given.flag, "a flag"},
    {"text", "WORD", OPTION_TEXT, &given.text, "a word"},
    {"port", "N", OPTION_PORT, &given.port, "a port"},
    {"count", "N", OPTION_COUNT, &given.count, "a count"},
    {"age", "SECONDS", OPTION_AGE, &given.age, "an age"},
    {"time", "SECONDS", OPTION_SECONDS, &given.time, "a time"},
    {NULL, NULL, OPTION_FLAG, NULL, NULL},
};

static const char *printed; /* on stdout or stderr, by the last read_words() */

/* Reads a command line of these words, and "prog" before them. */
static int
read_words(int fd, const char *words)
{
    static char line[400];
    static char name[] = "prog";
    char *argv[20] = {name};
    int argc = 1;
    char *rest = NULL;
    int result;

    (void)snprintf(line, sizeof line, "%s", words);
    for (char *word = strtok_r(line, "|", &rest); word;
         word = strtok_r(NULL, "|", &rest))
        argv[argc++] = word;
    given.flag = false;
    given.text = "default";
    given.port = "80";
    given.count = 7;
    given.age = 8;
    given.time = 9;
    capture_begin(fd);
    result = options_read(argc, argv, rows, "It does this and that.");
    printed = capture_end();
    return result;
}

/* Nothing was changed but what was given. */
static bool
goes_on(const char *words)
{
    return read_words(STDERR_FILENO, words) == -1 && *printed == '\0';
}

START_TEST(test_nothing_given)
{
    ck_assert(goes_on(""));
    ck_assert(!given.flag);
    ck_assert_str_eq(given.text, "default");
    ck_assert_str_eq(given.port, "80");
    ck_assert_int_eq(given.count, 7);
    ck_assert_int_eq(given.age, 8);
    ck_assert_uint_eq(given.time, 9);
}
END_TEST

START_TEST(test_all_given)
{
    ck_assert(goes_on("--flag|--text|a b|--port|8080|--count|3|--age|0|--time|"
                      "2"));
    ck_assert(given.flag);
    ck_assert_str_eq(given.text, "a b");
    ck_assert_str_eq(given.port, "8080");
    ck_assert_int_eq(given.count, 3);
    ck_assert_int_eq(given.age, 0);
    ck_assert_uint_eq(given.time, 2000);
}
END_TEST

START_TEST(test_given_with_an_equals_sign)
{
    ck_assert(goes_on("--text=a=b|--port=0|--time=0.5"));
    ck_assert_str_eq(given.text, "a=b");
    ck_assert_str_eq(given.port, "0");
    ck_assert_uint_eq(given.time, 500);
    ck_assert(goes_on("--text="));
    ck_assert_str_eq(given.text, "");
}
END_TEST

/* Twice in one program: getopt(3) remembers where it was. */
START_TEST(test_read_again)
{
    ck_assert(goes_on("--count|3|--flag"));
    ck_assert(goes_on("--count|4"));
    ck_assert_int_eq(given.count, 4);
    ck_assert(!given.flag);
}
END_TEST

START_TEST(test_the_last_one_counts)
{
    ck_assert(goes_on("--count|3|--count|4"));
    ck_assert_int_eq(given.count, 4);
}
END_TEST

START_TEST(test_text_may_look_like_an_option)
{
    ck_assert(goes_on("--text|--flag"));
    ck_assert_str_eq(given.text, "--flag");
    ck_assert(!given.flag);
}
END_TEST

START_TEST(test_seconds)
{
    static const struct {
        const char *words;
        uint64_t ms;
    } good[] = {
        {"--time=1", 1000},
        {"--time=0.001", 1},
        {"--time=0.0001", 1},
        {"--time=1.5", 1500},
        {"--time=.25", 250},
        {"--time=3.", 3000},
        {"--time=0010", 10000},
        {"--time=98.7654", 98765},
        {"--time=1000000000", 1000000000000},
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(goes_on(good[i].words), "%s", good[i].words);
        ck_assert_uint_eq(given.time, good[i].ms);
    }
}
END_TEST

START_TEST(test_numbers_at_their_limits)
{
    ck_assert(goes_on("--port=65535|--count=1|--age=0"));
    ck_assert(goes_on("--count=2147483647|--age=2147483647"));
    ck_assert_int_eq(given.count, 2147483647);
    ck_assert_int_eq(given.age, 2147483647);
}
END_TEST

/* Each is refused by one line, which names the program and what is wrong. */
START_TEST(test_bad)
{
    static const struct {
        const char *words;
        const char *named; /* in the line */
    } bad[] = {
        {"--port=65536", "65536"},
        {"--port=-1", "-1"},
        {"--port=http", "http"},
        {"--port=", "port"},
        {"--port=80x", "80x"},
        {"--port= 80", " 80"},
        {"--port=0x50", "0x50"},
        {"--port=99999999999999999999999", "99999999999999999999999"},
        {"--count=0", "count"},
        {"--count=-1", "-1"},
        {"--count=2147483648", "2147483648"},
        {"--count=1.5", "1.5"},
        {"--age=-1", "-1"},
        {"--age=1.5", "1.5"},
        {"--age=", "age"},
        {"--time=0", "time"},
        {"--time=0.0", "0.0"},
        {"--time=", "time"},
        {"--time=.", "time"},
        {"--time=-1", "-1"},
        {"--time=+1", "+1"},
        {"--time=1e3", "1e3"},
        {"--time=1,5", "1,5"},
        {"--time=1.2.3", "1.2.3"},
        {"--time=inf", "inf"},
        {"--time=nan", "nan"},
        {"--time=0x1", "0x1"},
        {"--time= 1", " 1"},
        {"--time=1s", "1s"},
        {"--time=1000000001", "1000000001"},
        {"--time", "time"},
        {"--port", "port"},
        {"--unknown", "unknown"},
        {"--unknown=1", "unknown"},
        {"--flag=1", "flag"},
        {"-x", "x"},
        {"stray", "stray"},
        {"--flag|stray", "stray"},
        {"--|stray", "stray"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *words = bad[i].words;

        ck_assert_msg(read_words(STDERR_FILENO, words) == 2, "%s", words);
        ck_assert_msg(strncmp(printed, "prog: ", 6) == 0, "%s: %s", words,
                      printed);
        ck_assert_msg(strstr(printed, bad[i].named) != NULL, "%s: %s", words,
                      printed);
        ck_assert_msg(strchr(printed, '\n') == printed + strlen(printed) - 1,
                      "%s: %s", words, printed);
    }
}
END_TEST

START_TEST(test_nothing_of_that_on_stdout)
{
    ck_assert_int_eq(read_words(STDOUT_FILENO, "--port=x"), 2);
    ck_assert_str_eq(printed, "");
}
END_TEST

START_TEST(test_help)
{
    ck_assert_int_eq(read_words(STDOUT_FILENO, "--help"), 0);
    ck_assert_str_eq(printed, "usage: prog [options]\n"
                              "It does this and that.\n"
                              "\n"
                              "  --flag                  a flag\n"
                              "  --text         WORD     a word\n"
                              "  --port         N        a port\n"
                              "  --count        N        a count\n"
                              "  --age          SECONDS  an age\n"
                              "  --time         SECONDS  a time\n"
                              "  --help                  print this and end\n");
    ck_assert_int_eq(read_words(STDERR_FILENO, "--help"), 0);
    ck_assert_str_eq(printed, "");
}
END_TEST

START_TEST(test_help_behind_others)
{
    ck_assert_int_eq(read_words(STDOUT_FILENO, "--flag|--help|--nonsense"), 0);
    ck_assert_int_eq(read_words(STDOUT_FILENO, "--help=1"), 2);
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_nothing_given);
    unit_add(tests, test_all_given);
    unit_add(tests, test_given_with_an_equals_sign);
    unit_add(tests, test_read_again);
    unit_add(tests, test_the_last_one_counts);
    unit_add(tests, test_text_may_look_like_an_option);
    unit_add(tests, test_seconds);
    unit_add(tests, test_numbers_at_their_limits);
    unit_add(tests, test_bad);
    unit_add(tests, test_nothing_of_that_on_stdout);
    unit_add(tests, test_help);
    unit_add(tests, test_help_behind_others);
}

int
main(void)
{
    return unit_run("options", add);
}
