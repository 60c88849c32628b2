/* Whole conversations with a connection whose handler does everything that a
 * handler may do. The query of a request says what: a letter, and a number. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conversation.h"
#include "log.h"
#include "pages.h"

enum { MOST = 40000, ECHO_MAX = 4096, PIECE_MOST = 9000 };

/* The letters. */
enum {
    BYTES = 'b',    /* a body of so many bytes in memory */
    RANGE = 'f',    /* the same from a file */
    LATER = 'l',    /* not at once */
    ECHO = 'e',     /* the request's body comes back */
    HELD = 'h',     /* takes so many bytes of it, then needs time */
    REFUSED = 'r',  /* answers when it has so many, not waiting for the rest */
    CHUNKS = 'c',   /* three pieces of that size, in chunks */
    SIZED = 's',    /* three pieces, with a Content-Length */
    STATUS = 'E',   /* an error, of that number above 400 */
    EMPTY = 'o',    /* 204 */
    PAGES = 'p',    /* one of the pages of steps 02 to 05 */
    SWITCHED = 'w', /* 101, and another protocol */
};

/* What belongs to one exchange. */
struct job {
    struct http_exchange *x;
    struct job *next;
    int kind;
    size_t number;
    size_t room;  /* bytes of the body that it still takes */
    int pieces;   /* still to be sent */
    bool decided; /* the answer is made */
    size_t echo_len;
    char echo[ECHO_MAX];
};

static struct job *jobs;
static char memory[MOST];
static int file = -1;

/* ---- Another protocol: says back what it hears ----------------------------
 */

struct parrot {
    struct buffer heard;
    bool no_more;
};

static void
parrot_receive(void *state, const char *bytes, size_t n, uint64_t now)
{
    struct parrot *p = state;

    (void)now;
    p->no_more = n == 0;
    buffer_add(&p->heard, bytes, n);
}

static unsigned
parrot_pieces(const void *state, struct piece pieces[PROTOCOL_PIECES])
{
    const struct parrot *p = state;

    pieces[0] = (struct piece){.bytes = p->heard.bytes, .len = p->heard.len};
    return p->heard.len > 0;
}

static void
parrot_sent(void *state, uint64_t n, uint64_t now)
{
    struct parrot *p = state;

    (void)now;
    buffer_use(&p->heard, (size_t)n);
}

static unsigned
parrot_wants(const void *state)
{
    const struct parrot *p = state;

    if (p->heard.len > 0)
        return PROTOCOL_WRITE | (p->no_more ? 0 : PROTOCOL_READ);
    return p->no_more ? PROTOCOL_CLOSE : PROTOCOL_READ;
}

static uint64_t
parrot_deadline(const void *state)
{
    (void)state;
    return PROTOCOL_NEVER;
}

static void
parrot_tick(void *state, uint64_t now)
{
    (void)state;
    (void)now;
}

static void
parrot_stop(void *state)
{
    ((struct parrot *)state)->no_more = true;
}

static void
parrot_free(void *state)
{
    struct parrot *p = state;

    buffer_free(&p->heard);
    free(p);
}

static struct protocol
parrot_new(void)
{
    static const struct protocol_kind kind = {
        .receive = parrot_receive,
        .pieces = parrot_pieces,
        .sent = parrot_sent,
        .wants = parrot_wants,
        .deadline = parrot_deadline,
        .tick = parrot_tick,
        .stop = parrot_stop,
        .free = parrot_free,
    };

    return (struct protocol){&kind, calloc(1, sizeof(struct parrot))};
}

/* ---- The handler ------------------------------------------------------------
 */

static struct job *
job_new(struct http_exchange *x)
{
    struct slice query = x->request.query;
    struct job *j = calloc(1, sizeof *j);
    uint64_t number = 0;

    fuzz_must(j != NULL, "there is memory");
    if (query.at != NULL && query.len > 0) {
        j->kind = query.at[0];
        slice_number((struct slice){query.at + 1, query.len - 1}, &number);
    }
    j->number = j->room = (size_t)(number % MOST);
    j->x = x;
    j->next = jobs;
    x->state = jobs = j;
    return j;
}

static void
next_piece(struct job *j)
{
    j->x->response.body =
        (struct piece){.bytes = memory, .len = j->number % PIECE_MOST};
    j->x->more = --j->pieces > 0;
}

static void
begin_pieces(struct job *j)
{
    struct http_exchange *x = j->x;

    x->response.status = 200;
    j->pieces = 3;
    if (j->kind == SIZED) {
        x->sized = true;
        http_response_add(&x->response, "Content-Length", "%zu",
                          3 * (j->number % PIECE_MOST));
    }
    next_piece(j);
}

static void
fill_in(struct job *j)
{
    struct http_response *r = &j->x->response;

    r->status = 200;
    switch (j->kind) {
    case RANGE:
        http_response_body(r, "a/b", NULL, j->number);
        r->body.file = file;
        return;
    case BYTES:
    case LATER:
        http_response_body(r, "a/b", memory, j->number);
        return;
    case ECHO:
        http_response_body(r, "a/b", j->echo, j->echo_len);
        return;
    case CHUNKS:
    case SIZED:
        begin_pieces(j);
        return;
    case REFUSED:
    case STATUS:
        http_response_error(r, 400 + (int)(j->number % 120));
        return;
    case PAGES:
        pages_answer(&j->x->request, r);
        return;
    case EMPTY:
        r->status = 204;
        return;
    default:
        http_response_body(r, "a/b", "hi", 2);
    }
}

static void
decide(struct job *j)
{
    j->decided = true;
    if (j->kind == SWITCHED) {
        j->x->response.status = 101;
        http_exchange_hand_over(j->x, parrot_new());
        return;
    }
    fill_in(j);
    http_exchange_send(j->x);
}

static void
request(struct http_exchange *x)
{
    struct job *j = job_new(x);

    if (j->kind != LATER && j->kind != ECHO && j->kind != HELD &&
        j->kind != REFUSED)
        decide(j);
}

static size_t
body(struct http_exchange *x, struct slice part)
{
    struct job *j = x->state;
    size_t taken = part.len;

    if (part.len == 0) {
        if (j->kind != LATER)
            decide(j);
        return 0;
    }
    if (j->kind == HELD || j->kind == REFUSED) {
        taken = taken < j->room ? taken : j->room;
        j->room -= taken;
    }
    for (size_t i = 0; i < taken && j->echo_len < ECHO_MAX; i++)
        j->echo[j->echo_len++] = part.at[i];
    return taken;
}

static void
room(struct http_exchange *x)
{
    next_piece(x->state);
    http_exchange_send(x);
}

static void
over(struct http_exchange *x, bool complete)
{
    struct job *j = x->state, **place = &jobs;

    (void)complete;
    while (*place != j)
        place = &(*place)->next;
    *place = j->next;
    free(j);
}

/* Whoever thinks has thought. */
static bool
later(void)
{
    bool some = false;

    for (struct job *j = jobs, *next; j != NULL; j = next) {
        next = j->next;
        if (j->decided)
            continue;
        if (j->kind == LATER || (j->kind == REFUSED && j->x->held)) {
            decide(j);
            some = true;
        } else if (j->kind == HELD && j->x->held) {
            j->room = j->number + 1;
            http_exchange_resume(j->x);
            some = true;
        }
    }
    return some;
}

static void
prepare(void)
{
    FILE *range = tmpfile();

    log_quiet = true;
    memset(memory, 'm', sizeof memory);
    fuzz_must(range != NULL, "a file can be made");
    file = fileno(range);
    fuzz_must(fwrite(memory, sizeof memory, 1, range) == 1, "and written");
    fuzz_must(fflush(range) == 0, "to the disk");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_handler handler = {
        .request = request, .body = body, .room = room, .over = over};
    static const struct http_settings settings = {
        .handler = &handler, .timeout = 1000, .fields = "X: y\r\n"};
    const struct conversation everything = {&settings, later};

    if (file < 0)
        prepare();
    conversation_hold(&everything, data, size);
    fuzz_must(jobs == NULL, "every exchange has an end");
    return 0;
}
