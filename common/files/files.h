#ifndef FILES_H
#define FILES_H

#include "mime.h"
#include "request.h"
#include "response.h"

/* The files below a directory as a site. Names are looked up one directory at
 * a time, and no symbolic link is followed, so that nothing outside can be
 * named, whatever changes between a look and the next (openat(2)). */

enum {
    FILES_COPY_MAX = 16 * 1024, /* bytes; a file up to here is read at once,
                                 * and no descriptor is held for it */
};

struct files {
    int root; /* the directory, open */
    struct mime mime;
};

/* Opens the directory, which may be a link. If it has a file named .mime.types,
 * its types are used (mime.h). Returns 0, or -1 after one line on stderr. */
int files_open(struct files *files, const char *directory);

void files_close(struct files *files);

/* Answers a request for a file: 200, 304, or 301 to a directory's name with
 * its '/'; 400, 403, 404, 405 as the request deserves; 503 when the system has
 * no room, 500 when the file cannot be read. */
void files_answer(const struct files *files, const struct http_request *request,
                  struct http_response *response);

#endif
