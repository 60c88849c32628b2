/* Whole conversations with step 06: a connection whose handler serves files.
 * The site is made anew for each process, in TMPDIR. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conversation.h"
#include "files.h"
#include "log.h"

enum { LARGE = 40000, DIRECTORY_SIZE = 200 };

static struct files files;
static char directory[DIRECTORY_SIZE];

static void
answer(struct http_exchange *x)
{
    files_answer(&files, &x->request, &x->response);
    http_exchange_send(x);
}

static void
put(const char *name, const char *text, int times)
{
    int fd = openat(files.root, name, O_WRONLY | O_CREAT, 0644);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

    fuzz_must(file != NULL, "a file can be made");
    for (int i = 0; i < times; i++)
        fputs(text, file);
    fuzz_must(fclose(file) == 0, "a file can be written");
}

static void
clear(void)
{
    static const char *const names[] = {"index.html",  "large.bin", "a b",
                                        "d/index.htm", "secret",    ".hidden",
                                        "link",        "empty",     "pipe"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlinkat(files.root, names[i], 0);
    unlinkat(files.root, "d", AT_REMOVEDIR);
    unlinkat(files.root, "e", AT_REMOVEDIR);
    files_close(&files);
    rmdir(directory);
}

/* Everything that an answer can be about. */
static void
make_site(void)
{
    const char *place = getenv("TMPDIR");

    snprintf(directory, sizeof directory, "%s/site-XXXXXX",
             place != NULL ? place : "/tmp");
    fuzz_must(mkdtemp(directory) != NULL, "a directory can be made");
    fuzz_must(files_open(&files, directory) == 0, "it can be opened");
    put(".mime.types", "text/x-a b\n", 1);
    files_close(&files);
    fuzz_must(files_open(&files, directory) == 0, "it can be opened again");
    atexit(clear);
    fuzz_must(mkdirat(files.root, "d", 0755) == 0 &&
                  mkdirat(files.root, "e", 0755) == 0 &&
                  mkfifoat(files.root, "pipe", 0644) == 0 &&
                  symlinkat("index.html", files.root, "link") == 0,
              "a site can be made");
    put("index.html", "a page\n", 2);
    put("large.bin", "0123456789abcdef", LARGE / 16);
    put("a b", "a page\n", 2);
    put("d/index.htm", "a page\n", 2);
    put(".hidden", "a page\n", 2);
    put("empty", "", 0);
    put("secret", "a page\n", 2);
    fuzz_must(fchmodat(files.root, "secret", 0, 0) == 0, "it can be locked");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_handler handler = {.request = answer};
    static const struct http_settings settings = {.handler = &handler,
                                                  .timeout = 1000};
    const struct conversation site = {&settings, NULL};

    if (directory[0] == '\0') {
        log_quiet = true;
        make_site();
    }
    conversation_hold(&site, data, size);
    return 0;
}
