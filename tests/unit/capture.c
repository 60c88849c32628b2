#include "capture.h"

#include <check.h>
#include <stdio.h>
#include <unistd.h>

static char text[1 << 16];
static FILE *file;
static int captured, saved;

void
capture_begin(int fd)
{
    (void)fflush(NULL);
    file = tmpfile();
    ck_assert_ptr_nonnull(file);
    captured = fd;
    saved = dup(fd);
    ck_assert_int_ge(dup2(fileno(file), fd), 0);
}

const char *
capture_end(void)
{
    size_t n;

    (void)fflush(NULL);
    ck_assert_int_ge(dup2(saved, captured), 0);
    (void)close(saved);
    rewind(file);
    n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    (void)fclose(file);
    return text;
}
