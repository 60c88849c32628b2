#ifndef PATH_H
#define PATH_H

#include <stdbool.h>

#include "buffer.h"
#include "request.h"
#include "slice.h"

/* The path of a URL as the name of a file: decoded once, then normalized, so
 * that it begins with '/' and cannot lead above it (RFC 3986, sections 2.1 and
 * 5.2.4). */

enum { PATH_SIZE = HTTP_TARGET_MAX + 1 }; /* room for any path and its NUL */

/* Writes the name down, with a NUL behind. Empty segments are left out, but a
 * '/' at the end stays. Returns 0, or the status to answer with: 400 for a '%'
 * without two hexadecimal digits, for %00 and %2F, which no file's name can
 * hold, and for a path that leads above the root. */
int path_read(struct slice raw, char path[PATH_SIZE]);

/* Does a segment begin with a dot? Such names are not served, ".well-known"
 * aside (RFC 8615). */
bool path_hidden(const char *path);

/* Adds a path in the form that a URL has, percent-encoded where needed. */
void path_write(const char *path, struct buffer *out);

/* Adds a query as it came, encoded where a URL holds no such byte. */
void path_write_query(struct slice query, struct buffer *out);

#endif
