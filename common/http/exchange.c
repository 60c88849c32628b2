#include "exchange.h"

void
http_exchange_send(struct http_exchange *x)
{
    x->ready = true;
    x->held = false; /* what the handler has not taken is thrown away */
    x->changed(x);
}

void
http_exchange_resume(struct http_exchange *x)
{
    x->held = false;
    x->changed(x);
}

void
http_exchange_hand_over(struct http_exchange *x, struct protocol next)
{
    x->next = next;
    http_exchange_send(x);
}
