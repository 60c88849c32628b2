#include "piece.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

void
piece_use(struct piece *p, uint64_t n)
{
    assert(n <= p->len);
    p->len -= n;
    if (p->bytes)
        p->bytes += n;
    else
        p->offset += (off_t)n;
}

ssize_t
piece_copy(const struct piece *p, char *to, size_t size)
{
    size_t want = p->len < size ? (size_t)p->len : size;
    ssize_t n;

    if (p->bytes) {
        memcpy(to, p->bytes, want);
        return (ssize_t)want;
    }
    do
        n = pread(p->file, to, want, p->offset);
    while (n < 0 && errno == EINTR);
    if (n == 0 && want > 0) {
        errno = EIO;
        return -1;
    }
    return n;
}
