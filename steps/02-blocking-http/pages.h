#ifndef PAGES_H
#define PAGES_H

#include "request.h"
#include "response.h"

/* A site of two pages, in the program itself. */

/* Answers a request: GET and HEAD for "/" and "/hello", the query ignored. 404
 * for other paths, then 405 for other methods, then 413 for a body that is
 * said to be too large. */
void pages_answer(const struct http_request *request,
                  struct http_response *response);

#endif
