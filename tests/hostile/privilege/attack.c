/* Tries to become root, to mount, and to go where it may not, and says so when
 * it can. */

#define _GNU_SOURCE

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
found(const char *what)
{
    (void)!write(STDERR_FILENO, "FOUND ", 6);
    (void)!write(STDERR_FILENO, what, strlen(what));
    (void)!write(STDERR_FILENO, "\n", 1);
    _exit(70);
}

static void
attempt(void)
{
    if (setuid(0) == 0 && getuid() != 0)
        found("setuid");
    if (setgroups(0, NULL) == 0)
        found("setgroups");
    if (mount("none", "/tmp", "tmpfs", 0, "") == 0)
        found("mount");
    if (umount2("/grader", MNT_DETACH) == 0)
        found("umount");
    if (chroot("/") == 0)
        found("chroot");
    if (chmod("/grader", 0777) == 0)
        found("chmod");
    if (mknod("disk", S_IFBLK | 0600, 0x800) == 0)
        found("mknod");
    if (open("/usr/bin/true", O_WRONLY) >= 0)
        found("the system");
}

__attribute__((constructor)) static void
attack(void)
{
    attempt();
    if (fork() == 0) { /* with all privileges, in a space of users of its own */
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
            (void)umount2("/grader", MNT_DETACH);
            if (open("/grader/source/tests/checks.md", O_RDONLY) >= 0)
                found("the checks");
        }
        _exit(0);
    }
    (void)wait(NULL);
}
