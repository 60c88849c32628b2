#ifndef CONVERSATION_H
#define CONVERSATION_H

#include "connection.h"
#include "fuzz.h"

/* A whole conversation with an HTTP connection, without sockets: the input is
 * what the client says. It is held twice, once with all that comes at once and
 * all that goes taken at once, once in pieces as the dice fall; both times the
 * server must say the same. Behind the input the client half-closes, or falls
 * silent until its time is over: one bit of the dice says which. */

struct conversation {
    const struct http_settings *settings;

    /* Lets the handlers go on that have not answered yet; true: one did.
     * NULL: they always answer at once. */
    bool (*later)(void);
};

/* Holds it both ways. Aborts where the answers differ, where the connection
 * goes round in circles, or where it waits for nobody. */
void conversation_hold(const struct conversation *c, const uint8_t *data,
                       size_t size);

#endif
