/* Tells what the machine makes of inputs, for a second reader (strict.py):
 *
 *   tell request DIRECTORY     tell framing DIRECTORY
 *
 * A line for each file: its name, the result, and what was found, separated by
 * tabs, other bytes than printable ASCII as \xNN. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "framing.h"
#include "fuzz.h"
#include "request.h"

enum { INPUT_MAX = 1 << 20, NAME_SIZE = 4096 };

static void
tell_bytes(const char *label, struct slice s)
{
    printf("\t%s=", label);
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];

        if (c > ' ' && c < 0x7f && c != '\\')
            putchar(c);
        else
            printf("\\x%02x", c);
    }
}

/* The first four bytes are dice (fuzz.h). */
static void
tell_request(const uint8_t *data, size_t size)
{
    static struct http_request r;
    long result;

    fuzz_dice(&data, &size);

    http_request_init(&r);
    result = http_request_parse(&r, (const char *)data, size);
    printf("%ld", result);
    if (result <= 0)
        return;
    tell_bytes("method", r.method_name);
    tell_bytes("target", r.target);
    tell_bytes("host", r.host);
    tell_bytes("path", r.path);
    if (r.query.at != NULL)
        tell_bytes("query", r.query);
    printf("\tversion=%d\tkeep=%d\texpect=%d\tchunked=%d\tlength=%llu",
           r.version, r.keep_alive, r.expect_continue, r.chunked,
           (unsigned long long)r.content_length);
    for (size_t i = 0; i < r.field_count; i++) {
        tell_bytes("name", r.fields[i].name);
        tell_bytes("value", r.fields[i].value);
    }
}

/* Behind the dice a byte says how it is framed, as in fuzz_framing.c. */
static void
tell_framing(const uint8_t *data, size_t size)
{
    struct http_framing f;
    size_t at = 1;
    long used = 1;
    static char body[INPUT_MAX];
    size_t len = 0;

    fuzz_dice(&data, &size);
    if (size == 0) {
        printf("0");
        return;
    }
    http_framing_init(&f, data[0] % 4 != 0, data[0] / 4 * UINT64_C(7));
    while (f.state != FRAMING_DONE && used > 0) {
        struct slice part;

        used = http_framing_next(&f, (const char *)data + at, size - at, &part);
        if (used > 0) {
            memcpy(body + len, part.at, part.len);
            len += part.len;
            at += (size_t)used;
        }
    }
    if (used < 0)
        printf("%ld", used);
    else
        printf("%zu", f.state == FRAMING_DONE ? at : 0);
    if (used >= 0 && f.state == FRAMING_DONE)
        tell_bytes("body", (struct slice){body, len});
}

static void
tell_file(const char *directory, const char *name,
          void (*tell)(const uint8_t *data, size_t size))
{
    static uint8_t bytes[INPUT_MAX];
    char path[NAME_SIZE];
    FILE *file;
    size_t size;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    printf("%s\t", name);
    tell(bytes, size);
    putchar('\n');
}

int
main(int argc, char **argv)
{
    DIR *directory = argc == 3 ? opendir(argv[2]) : NULL;
    bool framing = argc == 3 && strcmp(argv[1], "framing") == 0;

    if (directory == NULL) {
        fprintf(stderr, "usage: tell request|framing DIRECTORY\n");
        return 2;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.')
            tell_file(argv[2], entry->d_name,
                      framing ? tell_framing : tell_request);
    closedir(directory);
    return 0;
}
