#include "piece.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

/* An open file with "0123456789", as a piece of it. */
static struct piece
file_piece(off_t offset, uint64_t len)
{
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fputs("0123456789", file) < 0, 0);
    ck_assert_int_eq(fflush(file), 0);
    return (struct piece){.len = len,
                          .file = dup(fileno(file)),
                          .offset = fclose(file) == 0 ? offset : -1};
}

START_TEST(test_memory)
{
    struct piece p = {.bytes = "hello", .len = 5};
    char to[8] = "";

    ck_assert_int_eq(piece_copy(&p, to, 3), 3);
    ck_assert_str_eq(to, "hel");
    piece_use(&p, 2);
    ck_assert_int_eq(piece_copy(&p, to, sizeof to), 3);
    ck_assert_int_eq(memcmp(to, "llo", 3), 0);
    piece_use(&p, 0);
    piece_use(&p, 3);
    ck_assert_uint_eq(p.len, 0);
    ck_assert_int_eq(piece_copy(&p, to, sizeof to), 0);
    ck_assert_int_eq(piece_copy(&p, to, 0), 0);
}
END_TEST

START_TEST(test_file)
{
    struct piece p = file_piece(2, 5);
    char to[8] = "";

    ck_assert_int_eq(piece_copy(&p, to, 3), 3);
    ck_assert_str_eq(to, "234");
    piece_use(&p, 4);
    ck_assert_int_eq(piece_copy(&p, to, sizeof to), 1);
    ck_assert_int_eq(to[0], '6');
    piece_use(&p, 1);
    ck_assert_int_eq(piece_copy(&p, to, sizeof to), 0);
    close(p.file);
}
END_TEST

/* The descriptor's own position is not used, and not moved: two responses may
 * send one file. */
START_TEST(test_position_is_unused)
{
    struct piece p = file_piece(2, 5);
    char to[8] = "";

    ck_assert_int_eq(lseek(p.file, 7, SEEK_SET), 7);
    ck_assert_int_eq(piece_copy(&p, to, 5), 5);
    ck_assert_str_eq(to, "23456");
    ck_assert_int_eq(lseek(p.file, 0, SEEK_CUR), 7);
    close(p.file);
}
END_TEST

START_TEST(test_file_has_become_shorter)
{
    struct piece p = file_piece(8, 5);
    char to[8] = "";

    ck_assert_int_eq(piece_copy(&p, to, sizeof to), 2); /* there are two */
    piece_use(&p, 2);
    errno = 0;
    ck_assert_int_eq(piece_copy(&p, to, sizeof to), -1);
    ck_assert_int_eq(errno, EIO);
    close(p.file);
}
END_TEST

START_TEST(test_file_cannot_be_read)
{
    struct piece p = {.len = 5, .file = -1};
    char to[8];

    ck_assert_int_eq(piece_copy(&p, to, sizeof to), -1);
    ck_assert_int_eq(errno, EBADF);
}
END_TEST

/* Far beyond what 32 bits can say. */
START_TEST(test_large_offset)
{
    struct piece p = file_piece(0, (uint64_t)6 << 30);
    char to[8];

    ck_assert_int_eq(ftruncate(p.file, (off_t)6 << 30), 0);
    ck_assert_int_eq(pwrite(p.file, "xy", 2, ((off_t)5 << 30) + 1), 2);
    piece_use(&p, ((uint64_t)5 << 30) + 1);
    ck_assert_int_eq(piece_copy(&p, to, 2), 2);
    ck_assert_int_eq(memcmp(to, "xy", 2), 0);
    ck_assert_uint_eq(p.len, ((uint64_t)1 << 30) - 1);
    close(p.file);
}
END_TEST

static void
add(Suite *tests)
{
    unit_add(tests, test_memory);
    unit_add(tests, test_file);
    unit_add(tests, test_position_is_unused);
    unit_add(tests, test_file_has_become_shorter);
    unit_add(tests, test_file_cannot_be_read);
    unit_add(tests, test_large_offset);
}

int
main(void)
{
    return unit_run("piece", add);
}
