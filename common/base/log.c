#include "log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LOG_WRITE = PIPE_BUF < 4096 ? PIPE_BUF : 4096, /* bytes in one write */
    LOG_AROUND = 200, /* bytes of a line besides its request line */
};

static char pending[LOG_WRITE];
static size_t pending_len;
bool log_quiet;

/* The local time in brackets; made once a second, since it is not cheap. */
static const char *
timestamp(void)
{
    static char text[40];
    static time_t made;
    time_t now = time(NULL);
    struct tm tm;

    if (now != made && localtime_r(&now, &tm) &&
        strftime(text, sizeof text, "[%d/%b/%Y:%H:%M:%S %z]", &tm) > 0)
        made = now;
    return text;
}

/* Writes a byte as it is, or as \xNN. Returns how many bytes that took. */
static size_t
escape(char *to, char c)
{
    unsigned char byte = (unsigned char)c;

    if (byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\') {
        *to = c;
        return 1;
    }
    (void)snprintf(to, 5, "\\x%02X", byte);
    return 4;
}

/* Writes the request line in quotes, cut where it would not fit. */
static size_t
quote(char *to, size_t size, struct slice line)
{
    static const char cut[] = "...\"";
    size_t n = 0;

    to[n++] = '"';
    for (size_t i = 0; i < line.len; i++) {
        if (n + 4 + sizeof cut > size) {
            memcpy(to + n, cut, sizeof cut - 1);
            return n + sizeof cut - 1;
        }
        n += escape(to + n, line.at[i]);
    }
    to[n++] = '"';
    return n;
}

void
log_access(const char *peer, struct slice line, int status, int64_t bytes)
{
    char text[LOG_WRITE];
    char size[24] = "-";
    size_t n;

    if (log_quiet)
        return;
    if (line.len == 0)
        line = slice_of("-");
    if (bytes >= 0)
        (void)snprintf(size, sizeof size, "%lld", (long long)bytes);
    n = (size_t)snprintf(text, LOG_AROUND, "%s - - %s ", peer, timestamp());
    n += quote(text + n, sizeof text - LOG_AROUND, line);
    n += (size_t)snprintf(text + n, sizeof text - n, " %d %s\n", status, size);
    if (n > sizeof pending - pending_len)
        log_flush();
    memcpy(pending + pending_len, text, n);
    pending_len += n;
}

static void
write_out(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, text, len);

        if (n < 0 && errno != EINTR)
            break; /* nobody listens: a server does not die of that */
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
}

void
log_flush(void)
{
    write_out(pending, pending_len);
    pending_len = 0;
}

void
log_error(const char *format, ...)
{
    char text[LOG_WRITE];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof text - 1, format, args);
    va_end(args);
    if (n < 0)
        return;
    if ((size_t)n > sizeof text - 2)
        n = (int)sizeof text - 2;
    text[n] = '\n';
    log_flush();
    write_out(text, (size_t)n + 1);
}
