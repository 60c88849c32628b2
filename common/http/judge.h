#ifndef JUDGE_H
#define JUDGE_H

#include "request.h"

/* What the fields of a request mean to the server itself: where the request
 * ends, what becomes of the connection, and whether it may be answered at all.
 * For request.c, which reads the syntax. */

/* Notes a field as it comes; most mean nothing here. */
void http_judge_field(struct http_request *r, const struct http_field *f);

/* Judges a head that is complete, and fills in keep_alive, chunked,
 * content_length and expect_continue. Returns 0, or the status to answer with:
 * 505, 400 (Host, framing), 501 (coding, method) or 417, in this order. */
int http_judge_head(struct http_request *r);

#endif
