#ifndef SITE_H
#define SITE_H

#include <stddef.h>

/* A directory for a test, made new, with what it shall hold. */

/* Its path; site_end() removes it with all that is in it. */
const char *site_begin(void);
void site_end(void);

/* The path of a name in it; four at a time. */
const char *site_path(const char *name);

void site_directory(const char *name);
void site_file(const char *name, const char *text);

/* A file of so many bytes, 'a' to 'y' in turn. */
void site_large(const char *name, size_t size);

void site_link(const char *name, const char *target);

#endif
