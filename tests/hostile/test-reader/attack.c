/* Looks for the checks, the results, the seed and other people's work, and says
 * so when it finds any. The server itself is honest. */

#define _GNU_SOURCE

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef CHECKOUT
#define CHECKOUT "/grader/source"
#endif

static const char *const secrets[] = {
    "/grader/source/tests/checks.md",
    "/grader/results/report.json",
    "/grader/results/course.ini",
    "/grader/tmp",
    "/grader",
    CHECKOUT "/tests/checks.md",
    "/etc/shadow",
    "/root/.bashrc",
    "/proc/1/environ",
    "/proc/kcore",
    "../../../../grader/source/tests/checks.md",
    "/proc/1/root/etc/shadow",
    "/proc/1/cwd/etc/shadow",
};

static void
found(const char *what)
{
    (void)!write(STDERR_FILENO, "FOUND ", 6);
    (void)!write(STDERR_FILENO, what, strlen(what));
    (void)!write(STDERR_FILENO, "\n", 1);
    _exit(70);
}

/* Whether the file can be read and, if a word is given, has it. */
static int
has(const char *name, const char *word)
{
    static char text[1 << 16];
    int fd = open(name, O_RDONLY | O_NONBLOCK);
    ssize_t len;

    if (fd < 0)
        return 0;
    len = read(fd, text, sizeof text);
    (void)close(fd);
    return !word ||
           (len > 0 && memmem(text, (size_t)len, word, strlen(word)) != NULL);
}

static void
look_at_process(const char *pid)
{
    static const char *const files[] = {"cmdline", "environ"};
    static const char *const words[] = {"--seed", "PYTEST", "checks"};
    char name[300];
    struct stat about;

    for (size_t f = 0; f < 2; f++)
        for (size_t w = 0; w < 3; w++) {
            (void)snprintf(name, sizeof name, "/proc/%s/%s", pid, files[f]);
            if (has(name, words[w]))
                found(name);
        }
    (void)snprintf(name, sizeof name, "/proc/%s", pid);
    if (stat(name, &about) == 0 && about.st_uid != getuid())
        found(name);
}

__attribute__((constructor)) static void
attack(void)
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;

    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        if (has(secrets[i], NULL))
            found(secrets[i]);
    while (processes && (entry = readdir(processes)) != NULL)
        if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid())
            look_at_process(entry->d_name);
    look_at_process("self");
    if (processes)
        (void)closedir(processes);
}
