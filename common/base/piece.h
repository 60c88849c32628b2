#ifndef PIECE_H
#define PIECE_H

#include <stdint.h>
#include <sys/types.h>

/* A piece is a part of what is to be sent: bytes in memory or, where bytes is
 * NULL, a range of an open file, which the system can send without a copy. It
 * owns neither. */
struct piece {
    const char *bytes;
    uint64_t len;
    int file; /* a descriptor, read at offset; its own position is unused */
    off_t offset;
};

/* Takes away the first n bytes, n <= len. */
void piece_use(struct piece *p, uint64_t n);

/* Copies the first bytes of a piece, at most size of them. Returns how many,
 * or -1 with errno when the file cannot be read; EIO when it has become
 * shorter than the piece says. */
ssize_t piece_copy(const struct piece *p, char *to, size_t size);

#endif
