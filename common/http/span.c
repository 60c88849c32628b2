#include "span.h"

#define V SPAN_VALUE
#define W (V | SPAN_TARGET)
#define H (W | SPAN_HOST)
#define T (W | SPAN_TOKEN)
#define A (T | SPAN_HOST)
#define N (V | SPAN_TOKEN)
/* clang-format off */
const unsigned char span_kinds[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, V, 0, 0, 0, 0, 0, 0, /* tab */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* */
    V, A, W, N, A, T, A, A, H, H, A, A, H, A, A, W, /*  !"#$%&'()*+,-./ */
    A, A, A, A, A, A, A, A, A, A, W, H, W, H, W, W, /* 0-9 :;<=>? */
    W, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* @A-O */
    A, A, A, A, A, A, A, A, A, A, A, W, W, W, T, A, /* P-Z [\]^_ */
    T, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* `a-o */
    A, A, A, A, A, A, A, A, A, A, A, W, T, W, A, 0, /* p-z {|}~ */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* above ASCII */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, /* */
};
/* clang-format on */
