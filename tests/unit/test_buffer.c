#include "buffer.h"

#include <string.h>

#include "memory.h"
#include "unit.h"

static void
holds(const struct buffer *b, const char *text)
{
    ck_assert_uint_eq(b->len, strlen(text));
    ck_assert(b->len <= b->size);
    ck_assert(!b->failed);
    ck_assert(b->len == 0 || memcmp(b->bytes, text, b->len) == 0);
}

START_TEST(test_bytes_are_added_at_the_end)
{
    struct buffer b = {0};

    buffer_add(&b, "ab", 2);
    buffer_add(&b, "cd", 1);
    buffer_add_text(&b, "ef");
    holds(&b, "abcef");
    buffer_free(&b);
}
END_TEST

START_TEST(test_a_nul_is_a_byte)
{
    struct buffer b = {0};

    buffer_add(&b, "a\0b", 3);
    ck_assert_uint_eq(b.len, 3);
    ck_assert_int_eq(memcmp(b.bytes, "a\0b", 3), 0);
    buffer_free(&b);
}
END_TEST

/* An empty one holds no memory, and adding nothing needs none. */
START_TEST(test_nothing_needs_no_memory)
{
    struct buffer b = {0};

    memory_fail(1);
    memory_watch();
    buffer_add(&b, NULL, 0);
    buffer_add_text(&b, "");
    memory_ignore();
    ck_assert_ptr_null(b.bytes);
    holds(&b, "");
    buffer_use(&b, 0);
    buffer_free(&b);
    holds(&b, "");
}
END_TEST

START_TEST(test_it_grows_to_any_size)
{
    struct buffer b = {0};

    for (int i = 0; i < 100000; i++)
        buffer_add(&b, &"0123456789"[i % 10], 1);
    ck_assert_uint_eq(b.len, 100000);
    for (int i = 0; i < 100000; i++)
        ck_assert_int_eq(b.bytes[i], '0' + i % 10);
    ck_assert_uint_lt(b.size, 2 * 100000 + 1);
    buffer_free(&b);
}
END_TEST

START_TEST(test_text_is_formatted_at_any_length)
{
    struct buffer b = {0};

    buffer_format(&b, "%s %d", "abc", -5);
    holds(&b, "abc -5");
    buffer_format(&b, "%*s", 5000, "x");
    ck_assert_uint_eq(b.len, 5006);
    ck_assert_int_eq(b.bytes[5004], ' ');
    ck_assert_int_eq(b.bytes[5005], 'x');
    buffer_free(&b);
}
END_TEST

/* vsnprintf(3) writes a NUL, which has its place inside the buffer. */
START_TEST(test_text_that_just_fits)
{
    for (int len = 250; len < 260; len++) {
        struct buffer b = {0};

        buffer_format(&b, "%*s", len, "x");
        ck_assert_int_eq((int)b.len, len);
        buffer_format(&b, "%s", "");
        ck_assert_int_eq((int)b.len, len);
        buffer_free(&b);
    }
}
END_TEST

START_TEST(test_bytes_are_used_up_from_the_start)
{
    struct buffer b = {0};

    buffer_add_text(&b, "abcdef");
    buffer_use(&b, 0);
    holds(&b, "abcdef");
    buffer_use(&b, 2);
    holds(&b, "cdef");
    buffer_add_text(&b, "g");
    holds(&b, "cdefg");
    buffer_free(&b);
}
END_TEST

START_TEST(test_an_emptied_one_holds_no_memory)
{
    struct buffer b = {0};
    long full;

    memory_fail(0);
    memory_watch();
    buffer_add_text(&b, "abc");
    full = memory_live();
    buffer_use(&b, 3);
    memory_ignore();
    ck_assert_int_gt(full, 0);
    ck_assert_int_eq(memory_live(), 0);
    ck_assert_ptr_null(b.bytes);
    buffer_add_text(&b, "d");
    holds(&b, "d");
    buffer_free(&b);
}
END_TEST

/* What was there stays, what was to be added is left out, and so is all that
 * comes behind it: otherwise a gap in the middle would be sent. */
START_TEST(test_out_of_memory_is_remembered)
{
    struct buffer b = {0};

    buffer_add_text(&b, "abc");
    memory_fail(1);
    memory_watch();
    buffer_format(&b, "%*s", 1000, "x");
    memory_ignore();
    ck_assert(memory_failed());
    ck_assert(b.failed);
    buffer_add_text(&b, "d");
    buffer_format(&b, "%d", 5);
    ck_assert(b.failed);
    ck_assert_uint_eq(b.len, 3);
    ck_assert_int_eq(memcmp(b.bytes, "abc", 3), 0);
    buffer_free(&b);
    ck_assert(!b.failed);
    buffer_add_text(&b, "d");
    holds(&b, "d");
    buffer_free(&b);
}
END_TEST

START_TEST(test_no_memory_at_all)
{
    struct buffer b = {0};

    memory_fail(1);
    memory_watch();
    buffer_add(&b, "abc", 3);
    memory_ignore();
    ck_assert(b.failed);
    ck_assert_uint_eq(b.len, 0);
    buffer_free(&b);
}
END_TEST

START_TEST(test_more_than_there_can_be)
{
    struct buffer b = {0};

    buffer_add_text(&b, "abc");
    buffer_add(&b, "abc",
               SIZE_MAX - 2); /* with the three, more than SIZE_MAX */
    ck_assert(b.failed);
    ck_assert_uint_eq(b.len, 3);
    buffer_free(&b);
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_bytes_are_added_at_the_end);
    unit_add(tests, test_a_nul_is_a_byte);
    unit_add(tests, test_nothing_needs_no_memory);
    unit_add(tests, test_it_grows_to_any_size);
    unit_add(tests, test_text_is_formatted_at_any_length);
    unit_add(tests, test_text_that_just_fits);
    unit_add(tests, test_bytes_are_used_up_from_the_start);
    unit_add(tests, test_an_emptied_one_holds_no_memory);
    unit_add(tests, test_out_of_memory_is_remembered);
    unit_add(tests, test_no_memory_at_all);
    unit_add(tests, test_more_than_there_can_be);
}

int
main(void)
{
    return unit_run("buffer", add);
}
