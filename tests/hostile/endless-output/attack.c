/* Prints without end on both streams. */

#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void
attack(void)
{
    static char block[1 << 16];

    if (fork() != 0)
        return;
    memset(block, 'x', sizeof block);
    for (;;) {
        (void)!write(STDERR_FILENO, block, sizeof block);
        (void)!write(STDOUT_FILENO, block, sizeof block);
    }
}
