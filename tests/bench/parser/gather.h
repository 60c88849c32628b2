#ifndef GATHER_H
#define GATHER_H

#include "parsers.h"

/* For parsers that tell of pieces by callbacks. Pieces that follow each other
 * become one slice: the bytes stay where they are, as for ours. */
struct gather {
    struct found found;
    bool in_value, complete;
};

static inline void
gather_begin(struct gather *g)
{
    g->found.target = (struct slice){NULL, 0};
    g->found.count = 0;
    g->in_value = true;
    g->complete = false;
}

static inline void
gather_piece(struct slice *s, const char *at, size_t len)
{
    if (!s->at)
        s->at = at;
    s->len += len;
}

static inline int
gather_name(struct gather *g, const char *at, size_t len)
{
    struct found *f = &g->found;

    if (g->in_value) {
        if (f->count == FOUND_MAX)
            return -1;
        f->fields[f->count++] = (struct found_field){{NULL, 0}, {NULL, 0}};
        g->in_value = false;
    }
    gather_piece(&f->fields[f->count - 1].name, at, len);
    return 0;
}

static inline void
gather_value(struct gather *g, const char *at, size_t len)
{
    gather_piece(&g->found.fields[g->found.count - 1].value, at, len);
    g->in_value = true;
}

#endif
