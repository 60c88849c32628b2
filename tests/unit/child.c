#include "child.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"

void
child_start(struct child *child, int (*run)(int, void *), void *context)
{
    child->listener = net_listen("127.0.0.1", "0");
    child->told = tmpfile();
    ck_assert_int_ge(child->listener, 0);
    ck_assert_ptr_nonnull(child->told);
    child->pid = fork();
    ck_assert_int_ge(child->pid, 0);
    if (child->pid == 0) {
        int result = dup2(fileno(child->told), STDERR_FILENO) < 0;

        (void)fclose(child->told);
        exit(result ? result : run(child->listener, context));
    }
}

const char *
child_end(struct child *child, int signal)
{
    static char text[1 << 14];
    int status;
    size_t n;

    ck_assert_int_eq(kill(child->pid, signal), 0);
    while (waitpid(child->pid, &status, 0) < 0)
        ck_assert_int_eq(errno, EINTR);
    rewind(child->told);
    n = fread(text, 1, sizeof text - 1, child->told);
    text[n] = '\0';
    (void)fclose(child->told);
    close(child->listener);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                  "it ended with status 0x%x: %s", (unsigned)status, text);
    return text;
}
