#ifndef ASKED_H
#define ASKED_H

#include <stdbool.h>
#include <sys/types.h>

#include "files.h"

/* A site with a few files in it, and what files_answer() says of it. */

extern struct files files;
extern struct http_response r; /* the last answer */
extern char fields[];          /* its fields, as text */
extern char body[];            /* its body */
extern ssize_t body_len;

/* Makes the site: a.txt, empty, d/ with index.html, b.css and e/index.htm, and
 * none/, which is empty. */
void asked_begin(void);
void asked_end(void);

/* Answers a request, "METHOD target" and perhaps fields behind it, each with
 * its line end. Returns the status. */
int ask(const char *line, const char *more);
int get(const char *target);

bool body_is(const char *text);

#endif
