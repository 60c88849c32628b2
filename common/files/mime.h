#ifndef MIME_H
#define MIME_H

#include <stddef.h>

/* The media type of a file, by the extension of its name (RFC 9110, section
 * 8.3). The usual ones are built in; a file in the format of Apache and nginx,
 * "type extension extension ..." a line, can add to them and override them. A
 * zeroed struct knows what is built in. */

struct mime {
    struct mime_entry *entries; /* of the file; owned */
    size_t count;
};

/* Reads a file of types. Returns 0; -1 with errno when it cannot be read or
 * there is no memory: then nothing has changed. */
int mime_read(struct mime *mime, int fd);

void mime_free(struct mime *mime);

/* The value of Content-Type for a name, in any case: text has "charset=utf-8",
 * and what is not known is "application/octet-stream". Holds until mime_free()
 * or for ever. */
const char *mime_type(const struct mime *mime, const char *name);

#endif
