/* Never says that it listens, and never ends. */

#include <unistd.h>

int
main(void)
{
    for (;;)
        (void)pause();
}
