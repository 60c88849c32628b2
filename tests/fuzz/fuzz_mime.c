/* A file of media types, then names looked up with it: the first line of the
 * input is the name, the rest the file. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "mime.h"

static void
check_type(const struct mime *mime, const char *name)
{
    const char *type = mime_type(mime, name);

    fuzz_must(type != NULL && *type != '\0', "every name has a type");
    fuzz_must(type[strcspn(type, "\t\r\n")] == '\0', "a type is one line");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t len = end != NULL ? (size_t)(end - data) : size;
    size_t rest = end != NULL ? size - len - 1 : 0;
    char *name = fuzz_text(data, len);
    struct mime mime = {0};
    static FILE *file;

    if (file == NULL)
        file = tmpfile();
    fuzz_must(file != NULL, "there is room for a file");
    rewind(file);
    fuzz_must(ftruncate(fileno(file), 0) == 0, "it can be emptied");
    fuzz_must(rest == 0 || fwrite(end + 1, rest, 1, file) == 1, "and filled");
    rewind(file);
    check_type(&mime, name);
    fuzz_must(mime_read(&mime, fileno(file)) == 0, "any file can be read");
    check_type(&mime, name);
    check_type(&mime, "/a.b/c.html");
    mime_free(&mime);
    free(name);
    return 0;
}
