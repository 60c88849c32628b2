#include "asked.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "site.h"

struct files files;
struct http_response r;
char fields[20000];
char body[40000];
ssize_t body_len;

int
ask(const char *line, const char *more)
{
    struct http_request request;
    char *head = malloc(20000);
    int len =
        snprintf(head, 20000, "%s HTTP/1.1\r\nHost: a\r\n%s\r\n", line, more);

    http_response_free(&r);
    http_request_init(&request);
    ck_assert_int_eq(http_request_parse(&request, head, (size_t)len), len);
    memory_watch();
    files_answer(&files, &request, &r);
    memory_ignore();
    (void)snprintf(fields, sizeof fields, "%.*s", (int)r.fields.len,
                   r.fields.len ? r.fields.bytes : "");
    body_len = piece_copy(&r.body, body, sizeof body);
    free(head);
    return r.status;
}

int
get(const char *target)
{
    char line[9000];

    (void)snprintf(line, sizeof line, "GET %s", target);
    return ask(line, "");
}

bool
body_is(const char *text)
{
    return r.body.len == strlen(text) && body_len == (ssize_t)r.body.len &&
           memcmp(body, text, strlen(text)) == 0;
}

static int open_before;

static int
count_open(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

void
asked_begin(void)
{
    memory_fail(0);
    open_before = count_open();
    (void)site_begin();
    site_file("a.txt", "hello\n");
    site_file("empty", "");
    site_directory("d");
    site_file("d/index.html", "index");
    site_file("d/b.css", "css");
    site_directory("d/e");
    site_file("d/e/index.htm", "htm");
    site_directory("none");
    ck_assert_int_eq(files_open(&files, site_path(".")), 0);
}

void
asked_end(void)
{
    http_response_free(&r);
    files_close(&files);
    site_end();
    ck_assert_int_eq(count_open(), open_before);
}
