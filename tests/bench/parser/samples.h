#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>

/* Heads to parse, and what is right. */
struct sample {
    const char *name;
    const char *head;
    const char *target;
    size_t fields;
};

extern const struct sample sample_small, sample_browser;

#endif
