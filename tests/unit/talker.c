#include "talk.h"

#include <check.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "echo.h"
#include "memory.h"

/* The handler of a conversation. The path tells what it does:
 *
 *   /now?TEXT      answers with the text
 *   /error?N       answers with an error
 *   /status?N      answers with this status and no body
 *   /nothing       sends a response that it has not filled in
 *   /bad           fills one in for which there is no memory
 *   /big?N         answers with N bytes 'b', /file?N with N bytes 'f' of a file
 *   /later         waits for: do answer TEXT
 *   /stream        sends a body in pieces: do piece TEXT, do last TEXT
 *   /sized?N       does so, but says that it has N bytes
 *   /rooms?N       sends N pieces of 1000 bytes 'r', each when there is room
 *   /echo          answers with the request's body, /max?N with one of N bytes
 *   /early?N       answers with status N at once, whatever body comes
 *   /slow?N        takes N bytes of the body, and more after: do take N
 *   /switch        hands over to another protocol, /switch-later: do switch
 */

static struct {
    struct talk *talk;
    struct http_exchange *x;
    char body[70000];
    size_t body_len;
    size_t wanted;   /* bytes of body that it takes now */
    unsigned pieces; /* still to be sent */
    char *told, *next;
    size_t told_len;
    FILE *out;
    char text[1000]; /* of an answer */
} self;

static char many[300000];

static void __attribute__((format(printf, 1, 2)))
was_told(const char *format, ...)
{
    va_list args;

    memory_ignore();
    va_start(args, format);
    (void)vfprintf(self.out, format, args);
    va_end(args);
    (void)fputc('\n', self.out);
    (void)fflush(self.out);
    memory_watch();
}

void
talker_begin(struct talk *t)
{
    if (self.out) {
        (void)fclose(self.out);
        free(self.told);
    }
    memset(&self, 0, sizeof self);
    self.talk = t;
    self.out = open_memstream(&self.told, &self.told_len);
    self.next = NULL;
}

const char *
talker_told(void)
{
    static size_t at;
    static char line[4096];
    size_t n;

    if (!self.next)
        at = 0;
    self.next = line;
    if (at >= self.told_len)
        return NULL;
    n = strcspn(self.told + at, "\n");
    (void)snprintf(line, sizeof line, "%.*s", (int)n, self.told + at);
    at += n + 1;
    return line;
}

static void
answer(struct http_exchange *x, int status, const char *bytes, size_t len)
{
    x->response.status = status;
    http_response_body(&x->response, "text/plain", bytes, len);
    http_exchange_send(x);
}

static void
answer_text(struct http_exchange *x, const char *text)
{
    (void)snprintf(self.text, sizeof self.text, "%s", text);
    answer(x, 200, self.text, strlen(self.text));
}

static void
released(void *owner)
{
    was_told("released");
    if (owner) {
        memory_ignore();
        (void)fclose(owner);
        memory_watch();
    }
}

static void
answer_with_file(struct http_exchange *x, size_t len)
{
    FILE *file;

    memory_ignore();
    file = tmpfile();
    memset(many, 'f', sizeof many);
    (void)fwrite(many, 1, len, file);
    (void)fflush(file);
    memory_watch();
    x->response.status = 200;
    http_response_body(&x->response, "text/plain", NULL, len);
    x->response.body.file = fileno(file);
    x->response.release = released;
    x->response.owner = file;
    http_exchange_send(x);
}

static void
begin_stream(struct http_exchange *x, const char *length)
{
    x->response.status = 200;
    x->more = true;
    if (length) {
        x->sized = true;
        http_response_add(&x->response, "Content-Length", "%s", length);
    }
    http_exchange_send(x);
}

static void
hand_over(struct http_exchange *x)
{
    struct protocol next = echo_new();

    if (!next.state) {
        http_response_error(&x->response, 503);
        http_exchange_send(x);
        return;
    }
    x->response.status = 101;
    http_response_add(&x->response, "Upgrade", "echo");
    http_exchange_hand_over(x, next);
}

/* The rest of the paths, which answer with no text of their own. */
static bool
answer_other(struct http_exchange *x, struct slice path, size_t n)
{
    if (slice_is(path, "/stream"))
        begin_stream(x, NULL);
    else if (slice_is(path, "/sized"))
        begin_stream(x, self.text);
    else if (slice_is(path, "/rooms")) {
        self.pieces = (unsigned)n;
        begin_stream(x, NULL);
    } else if (slice_is(path, "/max"))
        x->body_max = n;
    else if (slice_is(path, "/slow"))
        self.wanted = n;
    else if (slice_is(path, "/switch"))
        hand_over(x);
    else
        return slice_is(path, "/later") || slice_is(path, "/echo") ||
               slice_is(path, "/switch-later");
    return true;
}

static void
on_request(struct http_exchange *x)
{
    struct slice path = x->request.path;
    struct slice query = x->request.query;
    size_t n;

    self.x = x;
    self.body_len = 0;
    self.wanted = SIZE_MAX;
    self.pieces = 0;
    was_told("request %.*s", (int)x->request.line.len, x->request.line.at);
    (void)snprintf(self.text, sizeof self.text, "%.*s", (int)query.len,
                   query.len ? query.at : "");
    n = strtoul(self.text, NULL, 10);
    if (slice_is(path, "/now")) {
        answer(x, 200, self.text, strlen(self.text));
    } else if (slice_is(path, "/early")) {
        answer(x, (int)n, "early", 5);
    } else if (slice_is(path, "/error")) {
        http_response_error(&x->response, (int)n);
        http_exchange_send(x);
    } else if (slice_is(path, "/status") || slice_is(path, "/nothing")) {
        x->response.status = (int)n;
        http_exchange_send(x);
    } else if (slice_is(path, "/bad")) {
        x->response.fields.failed = true;
        answer_text(x, "bad");
    } else if (slice_is(path, "/big")) {
        memset(many, 'b', sizeof many);
        x->response.release = released;
        answer(x, 200, many, n);
    } else if (slice_is(path, "/file")) {
        answer_with_file(x, n);
    } else if (!answer_other(x, path, n)) {
        http_response_error(&x->response, 404);
        http_exchange_send(x);
    }
}

static size_t
on_body(struct http_exchange *x, struct slice part)
{
    size_t n = part.len < self.wanted ? part.len : self.wanted;

    if (x != self.x || x->ready)
        talk_differs(self.talk, "a body of this request",
                     "one of another request, or behind its answer");
    if (part.len == 0) {
        was_told("body%s%.*s", self.body_len > 0 ? " " : "",
                 (int)(self.body_len < 200 ? self.body_len : 200), self.body);
        if (!slice_is(x->request.path, "/later") &&
            !slice_is(x->request.path, "/switch-later"))
            answer(x, 200, self.body, self.body_len);
        return 0;
    }
    if (n > sizeof self.body - self.body_len)
        talk_differs(self.talk, "a body as long as the client's",
                     "a longer one");
    memcpy(self.body + self.body_len, part.at, n);
    self.body_len += n;
    if (self.wanted != SIZE_MAX)
        self.wanted -= n;
    return n;
}

static void
on_room(struct http_exchange *x)
{
    if (!slice_is(x->request.path, "/rooms")) {
        was_told("room");
        return;
    }
    if (self.pieces-- > 1) {
        memset(many, 'r', 1000);
        x->response.body = (struct piece){.bytes = many, .len = 1000};
    } else {
        x->more = false;
    }
    http_exchange_send(x);
}

static void
on_over(struct http_exchange *x, bool complete)
{
    if (x != self.x)
        talk_differs(self.talk, "the end of this request", "one of another");
    was_told("over, %s", complete ? "complete" : "incomplete");
    self.x = NULL;
}

const struct http_handler talker = {
    .request = on_request,
    .body = on_body,
    .room = on_room,
    .over = on_over,
};

/* Sends a piece of a stream. */
static void
send_piece(struct http_exchange *x, const char *text, bool more)
{
    (void)snprintf(self.text, sizeof self.text, "%s", text);
    x->response.body =
        (struct piece){.bytes = self.text, .len = strlen(self.text)};
    x->more = more;
    http_exchange_send(x);
}

void
talker_do(struct talk *t, const char *words)
{
    struct http_exchange *x = self.x;
    const char *space = strchr(words, ' ');
    const char *text = space ? space + 1 : "";

    if (!x && t->lenient)
        return;
    if (!x)
        talk_differs(t, "a request under way", "none");
    memory_watch();
    if (strncmp(words, "answer", 6) == 0)
        answer_text(x, text);
    else if (strncmp(words, "piece", 5) == 0)
        send_piece(x, text, true);
    else if (strncmp(words, "last", 4) == 0)
        send_piece(x, text, false);
    else if (strncmp(words, "switch", 6) == 0)
        hand_over(x);
    else if (strncmp(words, "take", 4) == 0) {
        self.wanted = strtoul(text, NULL, 10);
        http_exchange_resume(x);
    } else {
        memory_ignore();
        case_failed(t->c, "the handler does not know how to %s", words);
    }
    memory_ignore();
}
