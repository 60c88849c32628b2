#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The inner loops of the parser: how far does a run of bytes of one kind go?
 * They stand in a header, so that the compiler makes a loop for each kind. */

enum {
    SPAN_TOKEN = 1,  /* a method or a field's name (RFC 9110, section 5.6.2) */
    SPAN_TARGET = 2, /* what browsers send in a target: all that is visible,
                      * but for the '#', which begins what is not sent */
    SPAN_VALUE = 4,  /* visible, space, tab, or above ASCII (section 5.5) */
    SPAN_HOST = 8,   /* in a host's name, but for its %41 (RFC 3986, 3.2.2) */
};

/* The kinds that each byte is of. */
extern const unsigned char span_kinds[256];

static inline bool
span_has(unsigned kind, char c)
{
    return span_kinds[(unsigned char)c] & kind;
}

/* Returns the first byte of p..end that is not of the kind, or end. */
static inline const char *
span_plain(const char *p, const char *end, unsigned kind)
{
    while (p < end && span_has(kind, *p))
        p++;
    return p;
}

/* The same, for words: asks for the end at every fourth byte only. */
static inline const char *
span_word(const char *p, const char *end, unsigned kind)
{
    for (; end - p >= 4; p += 4) {
        if (!span_has(kind, p[0]))
            return p;
        if (!span_has(kind, p[1]))
            return p + 1;
        if (!span_has(kind, p[2]))
            return p + 2;
        if (!span_has(kind, p[3]))
            return p + 3;
    }
    return span_plain(p, end, kind);
}

#ifdef __SSE2__
/* A bit for each of the 16 bytes at p that is not of the kind, which is
 * SPAN_TARGET or SPAN_VALUE: controls and DEL, and what else the one lacks. */
static inline unsigned
span_others(const char *p, unsigned kind)
{
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i low = _mm_set1_epi8(kind == SPAN_TARGET ? ' ' : 0x1f);
    __m128i own = _mm_set1_epi8(kind == SPAN_TARGET ? '#' : '\t');
    __m128i others = _mm_cmpeq_epi8(_mm_min_epu8(x, low), x); /* x <= low */

    own = _mm_cmpeq_epi8(x, own);
    others = kind == SPAN_TARGET ? _mm_or_si128(others, own)
                                 : _mm_andnot_si128(own, others);
    others = _mm_or_si128(others, _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f)));
    return (unsigned)_mm_movemask_epi8(others);
}

/* The same as span_plain(), 16 bytes at a time. Reads none behind the end. */
static inline const char *
span_wide(const char *p, const char *end, unsigned kind)
{
    for (; end - p >= 16; p += 16) {
        unsigned others = span_others(p, kind);

        if (others)
            return p + (unsigned)__builtin_ctz(others);
    }
    return span_plain(p, end, kind);
}
#else
static inline const char *
span_wide(const char *p, const char *end, unsigned kind)
{
    return span_plain(p, end, kind);
}
#endif

#endif
