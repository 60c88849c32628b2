/* The path of a URL as a file's name: it never leads above the root, and
 * written as a URL again it names the same file. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "path.h"

static bool
ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);

    return len >= tail && strcmp(text + len - tail, end) == 0;
}

static void
check_name(const char *path)
{
    fuzz_must(path[0] == '/', "it begins with a slash");
    fuzz_must(strstr(path, "//") == NULL, "no empty segment");
    fuzz_must(strstr(path, "/./") == NULL && !ends_with(path, "/."), "no /.");
    fuzz_must(strstr(path, "/../") == NULL && !ends_with(path, "/.."),
              "no /..");
}

static void
check_again(const char *path)
{
    char again[PATH_SIZE];
    struct buffer url = {0};

    path_write(path, &url);
    if (url.len < PATH_SIZE) {
        struct slice raw = {url.bytes, url.len};

        fuzz_must(path_read(raw, again) == 0, "what we write can be read");
        fuzz_must(strcmp(path, again) == 0, "it names the same file");
    }
    buffer_free(&url);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[PATH_SIZE];
    char *raw;
    int status;

    if (size > HTTP_TARGET_MAX)
        return 0;
    raw = fuzz_copy(data, size);
    status = path_read((struct slice){raw, size}, path);
    fuzz_must(status == 0 || status == 400, "a name, or 400");
    if (status == 0) {
        check_name(path);
        check_again(path);
        fuzz_must(!path_hidden(path) || strstr(path, "/.") != NULL,
                  "only a dot hides");
    }
    free(raw);
    return 0;
}
