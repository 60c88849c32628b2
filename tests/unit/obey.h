#ifndef OBEY_H
#define OBEY_H

#include <stdint.h>

#include "loop.h"
#include "protocol.h"

/* A protocol that does what the client says, a command a line:
 *
 *   echo TEXT      sends the text, and a line end
 *   big N          sends N bytes 'x'
 *   flood          sends for ever
 *   close          says "bye" and closes; bytes behind it are left unread
 *   think N        wants nothing for N ms, then says "thought"
 *   sleep          wants nothing, for ever
 *   soon N         has a deadline in N ms, and then says "late" and closes
 *   old N          says "old" if its clock began N ms ago or before, or "young"
 *   switch         another protocol goes on: it sends back what it gets, and
 *                  at the end "!"
 *   nobody         hands over, and there is nobody
 *   broken         sends from a file that cannot be read
 *   descriptors    says how many are open
 *   full, enough   the process may open no more descriptors; it may again
 *
 * When the client says that no more will come it says "end" and closes; when
 * the server stops, "stop" and closes, unless it sleeps. */
struct protocol obey_new(void *loop, struct protocol_owner *owner,
                         const char *address, uint64_t began);

#endif
