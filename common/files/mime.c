#include "mime.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slice.h"

enum { EXTENSION_MAX = 31, TYPE_MAX = 127 }; /* bytes; longer ones are left */

struct mime_entry {
    char extension[EXTENSION_MAX + 1];
    char type[TYPE_MAX + sizeof "; charset=utf-8"];
};

static const struct {
    const char *extension;
    const char *type;
} usual[] = {
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"xml", "text/xml; charset=utf-8"},
    {"json", "application/json"},
    {"pdf", "application/pdf"},
    {"wasm", "application/wasm"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/vnd.microsoft.icon"},
    {"woff2", "font/woff2"},
    {"mp3", "audio/mpeg"},
    {"ogg", "audio/ogg"},
    {"wav", "audio/wav"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
};

/* Adds a line's extensions. False: no memory. */
static bool
add_line(struct mime *mime, char *line)
{
    char *rest = line;
    const char *type;
    const char *extension;

    line[strcspn(line, "#;\r\n")] = '\0';
    type = strtok_r(line, " \t", &rest);
    while (type && (extension = strtok_r(NULL, " \t", &rest))) {
        struct mime_entry *entries;

        if (strlen(type) > TYPE_MAX || strlen(extension) > EXTENSION_MAX)
            continue;
        entries =
            realloc(mime->entries, (mime->count + 1) * sizeof mime->entries[0]);
        if (!entries)
            return false;
        mime->entries = entries;
        entries += mime->count++;
        strcpy(entries->extension, extension);
        strcpy(entries->type, type);
        if (strncmp(type, "text/", 5) == 0)
            strcat(entries->type, "; charset=utf-8");
    }
    return true;
}

int
mime_read(struct mime *mime, int fd)
{
    struct mime new = {0};
    char *line = NULL;
    size_t size = 0;
    bool good = true;
    int copy = dup(fd);
    FILE *file = copy < 0 ? NULL : fdopen(copy, "r");

    if (!file) {
        if (copy >= 0)
            close(copy);
        return -1;
    }
    while (good && getline(&line, &size, file) >= 0)
        good = add_line(&new, line);
    if (!feof(file)) /* else it could not be read, or there was no memory */
        good = false;
    free(line);
    (void)fclose(file); /* it was only read */
    if (!good) {
        mime_free(&new);
        return -1;
    }
    mime_free(mime);
    *mime = new;
    return 0;
}

void
mime_free(struct mime *mime)
{
    free(mime->entries);
    *mime = (struct mime){0};
}

const char *
mime_type(const struct mime *mime, const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *dot = strrchr(slash ? slash : name, '.');
    struct slice extension;

    if (!dot)
        return "application/octet-stream";
    extension = slice_of(dot + 1);
    for (size_t i = mime->count; i > 0; i--) /* the last one said counts */
        if (slice_is_nocase(extension, mime->entries[i - 1].extension))
            return mime->entries[i - 1].type;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (slice_is_nocase(extension, usual[i].extension))
            return usual[i].type;
    return "application/octet-stream";
}
