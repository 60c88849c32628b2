#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "date.h"
#include "log.h"
#include "path.h"

enum {
    OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
    OPEN_FILE = O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
                O_NONBLOCK, /* if it has become a fifo, do not wait there */
};

static const char types_file[] = ".mime.types";

int
files_open(struct files *files, const char *directory)
{
    int types;

    *files = (struct files){.root = open(directory, OPEN_DIRECTORY)};
    if (files->root < 0) {
        log_error("cannot serve %s: %s", directory, strerror(errno));
        return -1;
    }
    types = openat(files->root, types_file, O_RDONLY | O_CLOEXEC);
    if (types < 0 && errno == ENOENT)
        return 0;
    if (types < 0 || mime_read(&files->mime, types) < 0) {
        log_error("cannot read %s/%s: %s", directory, types_file,
                  strerror(errno));
        files_close(files);
        if (types >= 0)
            close(types);
        return -1;
    }
    close(types);
    return 0;
}

void
files_close(struct files *files)
{
    close(files->root);
    mime_free(&files->mime);
}

/* What it means for the client that a file cannot be had. */
static int
status_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
        return 404;
    case EACCES:
    case EPERM:
    case ELOOP:
        return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return 503;
    }
    return 500;
}

/* Opens a directory below another. A link is refused, by ENOTDIR on one system
 * and ELOOP or EMLINK on another; so ask what it was. */
static int
open_below(int parent, const char *name)
{
    int fd = openat(parent, name, OPEN_DIRECTORY | O_NOFOLLOW);
    int saved = errno;
    struct stat st;

    if (fd < 0 && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(st.st_mode))
        saved = ELOOP;
    errno = saved;
    return fd;
}

/* Walks down a path, "/a/b/c", to the directory of its last segment, which is
 * left in *name: "c", or "" where the path ends with a '/'. Returns a
 * descriptor, files->root itself for "/c", or -1 with errno. */
static int
walk(int root, char *path, const char **name)
{
    int at = root;

    for (char *segment = path + 1;;) {
        char *slash = strchr(segment, '/');
        int below;
        int saved;

        *name = segment;
        if (!slash)
            return at;
        *slash = '\0';
        below = open_below(at, segment);
        *slash = '/';
        saved = errno;
        if (at != root)
            close(at);
        errno = saved;
        if (below < 0)
            return -1;
        at = below;
        segment = slash + 1;
    }
}

static void
close_file(void *owner)
{
    close((int)(intptr_t)owner);
}

/* Reads a small file into the response, and closes it. Returns 0 or a status.
 */
static int
copy_file(int fd, uint64_t size, const char *type,
          struct http_response *response)
{
    char bytes[FILES_COPY_MAX];
    struct piece rest = {.len = size, .file = fd};
    ssize_t n = 0;

    while (n >= 0 && rest.len > 0) {
        n = piece_copy(&rest, bytes + (size - rest.len), (size_t)rest.len);
        if (n > 0)
            piece_use(&rest, (uint64_t)n);
    }
    close(fd);
    if (n < 0)
        return 500;
    buffer_add(&response->text, bytes, (size_t)size);
    if (response->text.failed)
        return 503;
    http_response_body(response, type, response->text.bytes, size);
    return 0;
}

/* Takes an open file as the response's body. Returns 0 or a status. */
static int
send_file(int fd, uint64_t size, const char *type,
          struct http_response *response)
{
    struct piece first = {.len = 1, .file = fd};
    char byte;

    if (size <= FILES_COPY_MAX)
        return copy_file(fd, size, type, response);
    if (piece_copy(&first, &byte, 1) < 0) { /* now an error can still be told */
        close(fd);
        return 500;
    }
    http_response_body(response, type, NULL, size);
    response->body.file = fd;
    response->release = close_file;
    response->owner = (void *)(intptr_t)fd;
    return 0;
}

/* Has the file not changed since the client got it? Two dates are none, and an
 * entity tag, which nobody has from here, goes first (RFC 9110, 13.1.3). */
static bool
not_modified(const struct http_request *request, time_t changed)
{
    struct slice value;
    time_t when;

    return http_request_field(request, "If-None-Match", &value) == 0 &&
           http_request_field(request, "If-Modified-Since", &value) == 1 &&
           date_read(value, &when) && changed <= when;
}

/* Answers with a regular file. Returns 0 or a status. */
static int
answer_file(const struct files *files, int directory, const char *name,
            const struct http_request *request, struct http_response *response)
{
    int fd = openat(directory, name, OPEN_FILE);
    time_t now = time(NULL);
    char changed[DATE_SIZE];
    struct stat st;
    int status = 0;

    if (fd < 0)
        return status_of(errno);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return 500; /* it was a regular file a moment ago */
    }
    date_write(st.st_mtime < now ? st.st_mtime : now, changed);
    if (not_modified(request, st.st_mtime)) {
        close(fd);
        response->status = 304;
    } else {
        response->status = 200;
        status = send_file(fd, (uint64_t)st.st_size,
                           mime_type(&files->mime, name), response);
    }
    http_response_add(response, "Last-Modified", "%s", changed);
    return status;
}

/* Sends the client to the same name with a '/' behind: only so do relative
 * links in the directory's page lead into it. The place is a path, which
 * begins with one '/': with two it would name another host. */
static int
redirect(const char *path, const struct http_request *request,
         struct http_response *response)
{
    struct buffer place = {0};
    bool failed;

    path_write(path, &place);
    buffer_add_text(&place, "/");
    if (request->query.at) {
        buffer_add_text(&place, "?");
        path_write_query(request->query, &place);
    }
    if (!place.failed) {
        http_response_error(response, 301); /* a page of its own */
        http_response_add(response, "Location", "%.*s", (int)place.len,
                          place.bytes);
    }
    failed = place.failed;
    buffer_free(&place);
    return failed ? 503 : 0;
}

static bool
may_read(const struct http_request *request)
{
    return request->method == HTTP_GET || request->method == HTTP_HEAD;
}

/* Answers with what a name in a directory stands for. What is neither a file
 * nor a directory is not opened: opening a device can do things. Returns 0 or
 * a status. */
static int
answer_name(const struct files *files, int directory, const char *name,
            const char *path, const struct http_request *request,
            struct http_response *response)
{
    struct stat st;

    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return status_of(errno);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return 403;
    if (!may_read(request))
        return 405;
    if (S_ISDIR(st.st_mode))
        return redirect(path, request, response);
    return answer_file(files, directory, name, request, response);
}

/* Answers with a directory's index. Returns 0 or a status. */
static int
answer_index(const struct files *files, int directory,
             const struct http_request *request, struct http_response *response)
{
    static const char *const names[] = {"index.html", "index.htm"};
    struct stat st;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (fstatat(directory, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0) {
            if (errno == ENOENT)
                continue;
            return status_of(errno);
        }
        if (!S_ISREG(st.st_mode))
            return 403;
        return may_read(request)
                   ? answer_file(files, directory, names[i], request, response)
                   : 405;
    }
    return 403;
}

/* Answers with what a path names. Returns 0 or a status. */
static int
answer_path(const struct files *files, const struct http_request *request,
            struct http_response *response)
{
    char path[PATH_SIZE];
    const char *name;
    int directory;
    int status;

    if (request->path.len == 0)
        return 405; /* CONNECT and "OPTIONS *" name no file */
    status = path_read(request->path, path);
    if (status)
        return status;
    if (path_hidden(path))
        return 404;
    directory = walk(files->root, path, &name);
    if (directory < 0)
        return status_of(errno);
    status = *name
                 ? answer_name(files, directory, name, path, request, response)
                 : answer_index(files, directory, request, response);
    if (directory != files->root)
        close(directory);
    return status;
}

void
files_answer(const struct files *files, const struct http_request *request,
             struct http_response *response)
{
    int status = answer_path(files, request, response);

    if (status)
        http_response_error(response, status);
    if (status == 405)
        http_response_add(response, "Allow", "GET, HEAD");
}
