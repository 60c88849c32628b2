#include "site.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[200];

const char *
site_begin(void)
{
    const char *where = getenv("TMPDIR");

    (void)snprintf(root, sizeof root, "%s/unit-XXXXXX", where ? where : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(root));
    ck_assert_int_eq(chmod(root, 0755), 0);
    return root;
}

static void
remove_all(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    while (directory && (entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_all(fd, entry->d_name);
    (void)unlinkat(parent, name, directory ? AT_REMOVEDIR : 0);
    if (directory)
        (void)closedir(directory);
}

void
site_end(void)
{
    remove_all(AT_FDCWD, root);
}

const char *
site_path(const char *name)
{
    static char paths[4][600];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

void
site_directory(const char *name)
{
    ck_assert_int_eq(mkdir(site_path(name), 0755), 0);
}

void
site_file(const char *name, const char *text)
{
    FILE *file = fopen(site_path(name), "w");

    ck_assert_ptr_nonnull(file);
    (void)fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

void
site_large(const char *name, size_t size)
{
    FILE *file = fopen(site_path(name), "w");

    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < size; i++)
        (void)fputc('a' + (int)(i % 25), file);
    ck_assert_int_eq(fclose(file), 0);
}

void
site_link(const char *name, const char *target)
{
    ck_assert_int_eq(symlink(target, site_path(name)), 0);
}
