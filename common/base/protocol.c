#include "protocol.h"

int
protocol_switch(struct protocol *p, bool no_more, uint64_t now)
{
    struct protocol old = *p;
    struct slice bytes = {0};

    *p = old.kind->next(old.state, &bytes);
    if (p->state && bytes.len > 0)
        p->kind->receive(p->state, bytes.at, bytes.len, now);
    if (p->state && no_more)
        p->kind->receive(p->state, bytes.at, 0, now);
    old.kind->free(old.state);
    return p->state ? 0 : -1;
}
