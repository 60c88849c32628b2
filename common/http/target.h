#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>

#include "request.h"
#include "slice.h"

/* The request target (RFC 9112, section 3.2) and the host that it or the Host
 * field names. */

/* The path of a target that has none (RFC 9110, section 4.2.3): the only slice
 * of a request that does not point into the caller's buffer. */
extern const char http_root_path[];

/* Reads r->target, which is in one of four forms, and r->method decides which
 * of them may stand there: fills in path and query, and host where the target
 * names one. False: 400. */
bool http_target_read(struct http_request *r);

/* uri-host [ ":" port ] (RFC 9110, section 7.2)? The host is a name, an IPv4
 * address or an IPv6 address in brackets, and not empty; the port is a number
 * up to 65535, or empty. */
bool http_host_valid(struct slice host);

#endif
