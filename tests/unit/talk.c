#include "talk.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "feed.h"
#include "memory.h"

void
talk_differs(const struct talk *t, const char *expected, const char *got)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)fprintf(out, "%s", got);
    if (t->lenient)
        (void)fprintf(out, ", where memory runs out");
    else if (t->bytewise)
        (void)fprintf(out, ", where its bytes come one by one");
    else if (t->split > 0)
        (void)fprintf(out, ", where it is split at byte %zu", t->split + 1);
    (void)fclose(out);
    case_differs(t->c, t->line, SIZE_MAX, expected, text);
}

/* A line of words begins with `key`, and has another end. */
static void
line_differs(const struct talk *t, const char *key, const char *got)
{
    char text[1000];

    (void)snprintf(text, sizeof text, "%s %s", key, got);
    talk_differs(t, t->c->lines[t->line].text, text);
}

static void
wake(struct protocol_owner *owner)
{
    struct talk *t =
        (struct talk *)((char *)owner - offsetof(struct talk, owner));

    t->woken = true;
}

/* Sends up to so many bytes of what is to be sent, as an owner would. */
static void
send_pieces(struct talk *t, uint64_t most)
{
    const struct protocol_kind *kind = t->protocol.kind;

    while (most > 0 && kind->wants(t->protocol.state) & PROTOCOL_WRITE) {
        struct piece p[PROTOCOL_PIECES];
        unsigned count = kind->pieces(t->protocol.state, p);
        char part[5000]; /* not a divisor of what the writer has */
        uint64_t n = 0;

        if (count == 0 || count > PROTOCOL_PIECES)
            talk_differs(t, "a piece to write, or several, as it wants to",
                         count ? "too many" : "none");
        for (unsigned i = 0; i < count; i++) {
            size_t room =
                most - n < sizeof part ? (size_t)(most - n) : sizeof part;
            ssize_t got = piece_copy(&p[i], part, room);

            if (got <= 0 && room > 0)
                talk_differs(t, "a piece that can be read", "none");
            (void)fwrite(part, 1, (size_t)got, t->sent);
            n += (uint64_t)got;
            if ((uint64_t)got < p[i].len)
                break;
        }
        most -= n;
        memory_watch();
        kind->sent(t->protocol.state, n, t->now);
        memory_ignore();
    }
}

static void
tick(struct talk *t)
{
    t->woken = false;
    memory_watch();
    t->protocol.kind->tick(t->protocol.state, t->now);
    memory_ignore();
}

/* Hands over what has come, up to where it is to be split. */
static void
receive(struct talk *t)
{
    size_t n = t->waiting;
    char *copy;

    if (t->bytewise)
        n = 1;
    else if (t->fed < t->split && t->split - t->fed < n)
        n = t->split - t->fed;
    if (t->waiting == 0) {
        n = 0;
        t->no_more = true;
        t->ended = false;
    }
    copy = feed_copy(t->input, n);
    memory_watch();
    t->protocol.kind->receive(t->protocol.state, copy, n, t->now);
    memory_ignore();
    free(copy);
    t->fed += n;
    if (n > 0)
        t->input += n;
    t->waiting -= n;
}

/* What an owner does after every call. */
static void
go_on(struct talk *t)
{
    for (;;) {
        unsigned wants = t->protocol.kind->wants(t->protocol.state);

        if (wants & PROTOCOL_WRITE && !t->stuck)
            send_pieces(t, UINT64_MAX);
        else if (wants & PROTOCOL_READ && (t->waiting > 0 || t->ended))
            receive(t);
        else if (t->woken)
            tick(t);
        else
            break;
    }
}

static void
begin(struct talk *t)
{
    if (t->begun)
        return;
    t->begun = true;
    memory_watch();
    t->protocol =
        http_connection_new(&t->settings, &t->owner, "192.0.2.1", t->now);
    memory_ignore();
}

/* More bytes come. They wait until they are wanted. */
static void
feed(struct talk *t, const struct case_line *in)
{
    char *all = malloc(t->waiting + in->len);

    if (t->waiting > 0)
        memcpy(all, t->input, t->waiting);
    memcpy(all + t->waiting, in->text, in->len);
    free(t->input_block);
    t->input_block = t->input = all;
    t->waiting += in->len;
}

/* Takes out the two fields that every response has. */
static void
mask(struct talk *t)
{
    static const char fields[] = "\r\nServer: Staircase\r\nDate: ";
    static const char status[] = "HTTP/1.1 ";
    size_t all = sizeof fields - 1 + strlen("Sun, 06 Nov 1994 08:49:37 GMT");

    for (char *at = t->bytes; (at = strstr(at, fields));) {
        if (strncmp(at + all - 4, " GMT\r\n", 6) != 0)
            talk_differs(t, "a date behind Server and Date: ", at);
        memmove(at, at + all, strlen(at + all) + 1);
        t->len -= all;
    }
    for (char *at = t->bytes; (at = strstr(at, status)); at++)
        if (at[9] != '1' && strncmp(at + strcspn(at, "\r"), "\r\n", 2) != 0)
            talk_differs(t, "Server and Date in every head", at);
}

static void
expect_sent(struct talk *t, const struct case_line *line)
{
    char *wanted, *got;
    size_t agreed = 0;

    (void)fclose(t->sent);
    if (!t->lenient && t->len == strlen(t->bytes))
        mask(t);
    while (agreed < line->len && agreed < t->len &&
           line->text[agreed] == t->bytes[agreed])
        agreed++;
    wanted = case_show_lines(line->text, line->len, SIZE_MAX);
    got = case_show_lines(t->bytes, t->len, agreed);
    if (!t->lenient && (agreed < line->len || agreed < t->len))
        talk_differs(t, wanted, got);
    free(wanted);
    free(got);
    free(t->bytes);
    t->sent = open_memstream(&t->bytes, &t->len);
}

/* Like expect_sent(), for what is too long to be written down. */
static void
expect_count(struct talk *t, size_t count)
{
    char got[40];

    (void)fclose(t->sent);
    (void)snprintf(got, sizeof got, "%zu", t->len);
    if (!t->lenient && t->len != count)
        line_differs(t, "counts", got);
    free(t->bytes);
    t->sent = open_memstream(&t->bytes, &t->len);
}

static void
expect_wants(struct talk *t, const char *words)
{
    static const char *const names[] = {"read", "write", "close", "switch"};
    unsigned wants = t->protocol.kind->wants(t->protocol.state);
    char got[64] = "";

    for (unsigned i = 0; i < 4; i++)
        if (wants & 1U << i) {
            strcat(got, *got ? " " : "");
            strcat(got, names[i]);
        }
    if (!*got)
        strcpy(got, "nothing");
    if (!t->lenient && strcmp(words, got) != 0)
        line_differs(t, "wants", got);
}

static void
expect_deadline(struct talk *t, const char *words)
{
    uint64_t deadline = t->protocol.kind->deadline(t->protocol.state);
    char got[32] = "never";

    if (deadline != PROTOCOL_NEVER)
        (void)snprintf(got, sizeof got, "%lld",
                       (long long)deadline - TALK_BEGIN);
    if (!t->lenient && strcmp(words, got) != 0)
        line_differs(t, "deadline", got);
}

static void
expect_told(struct talk *t, const char *words)
{
    const char *told = talker_told();

    if (!told)
        told = "no more";
    if (!t->lenient && strcmp(words, told) != 0)
        line_differs(t, "told", told);
}

static void
stop(struct talk *t)
{
    memory_watch();
    t->protocol.kind->stop(t->protocol.state);
    memory_ignore();
    tick(t); /* as the transport does */
}

static void
change(struct talk *t)
{
    if (t->lenient &&
        !(t->protocol.kind->wants(t->protocol.state) & PROTOCOL_SWITCH))
        return;
    memory_watch();
    if (protocol_switch(&t->protocol, t->no_more, t->now) < 0)
        talk_differs(t, "another protocol that goes on", "none");
    memory_ignore();
}

/* A line about what is so before, or what happens. */
static bool
take_event(struct talk *t, const struct case_line *line)
{
    const char *words;

    if ((words = case_word(line, "timeout")))
        t->settings.timeout = strtoull(words, NULL, 10);
    else if ((words = case_word(line, "fields")))
        t->settings.fields = words;
    else if ((words = case_word(line, "do")))
        talker_do(t, words);
    else if ((words = case_word(line, "clock")))
        t->now = TALK_BEGIN + strtoull(words, NULL, 10);
    else if (case_word(line, "end"))
        t->ended = true;
    else if (case_word(line, "tick"))
        tick(t);
    else if (case_word(line, "stop"))
        stop(t);
    else if (case_word(line, "switch"))
        change(t);
    else if (case_word(line, "log"))
        return true; /* for who reads the log */
    else if (case_word(line, "stuck"))
        t->stuck = true;
    else if (case_word(line, "unstuck"))
        t->stuck = false;
    else if ((words = case_word(line, "takes")))
        send_pieces(t, strtoull(words, NULL, 10));
    else
        return false;
    return true;
}

static void
expire(struct talk *t)
{
    uint64_t deadline = t->protocol.kind->deadline(t->protocol.state);

    if (deadline == PROTOCOL_NEVER && !t->lenient)
        talk_differs(t, "a deadline", "none");
    if (deadline != PROTOCOL_NEVER)
        t->now = deadline;
    tick(t);
}

static void
take_line(struct talk *t, const struct case_line *line)
{
    const char *words;

    if (!case_word(line, "timeout") && !case_word(line, "fields"))
        begin(t);
    if (t->begun && !t->protocol.state)
        return; /* no memory for it */
    if (line->mark == '>')
        feed(t, line);
    else if (line->mark == '<')
        expect_sent(t, line);
    else if (case_word(line, "expire"))
        expire(t);
    else if ((words = case_word(line, "wants")))
        expect_wants(t, words);
    else if ((words = case_word(line, "deadline")))
        expect_deadline(t, words);
    else if ((words = case_word(line, "counts")))
        expect_count(t, strtoul(words, NULL, 10));
    else if ((words = case_word(line, "told")))
        expect_told(t, words);
    else if ((words = case_word(line, "holds"))) {
        if (!t->lenient && memory_live() > strtol(words, NULL, 10))
            talk_differs(t, "no more bytes of memory than that", "more");
    } else if (!take_event(t, line))
        case_failed(t->c, "line %d says nothing known", line->number);
    if (t->begun)
        go_on(t);
}

bool
talk(const struct test_case *c, size_t split, size_t fail)
{
    struct talk t = {.c = c,
                     .owner = {wake},
                     .settings = {.handler = &talker, .timeout = 1000},
                     .now = TALK_BEGIN,
                     .split = split,
                     .bytewise = split == SIZE_MAX,
                     .lenient = fail > 0};

    (void)date_now(); /* the C library keeps what it allocates at first */
    memory_fail(fail);
    t.sent = open_memstream(&t.bytes, &t.len);
    talker_begin(&t);
    for (t.line = 0; t.line < c->count; t.line++)
        take_line(&t, &c->lines[t.line]);
    if (t.protocol.state) {
        memory_watch();
        t.protocol.kind->free(t.protocol.state);
        memory_ignore();
    }
    (void)fclose(t.sent);
    free(t.input_block);
    if (!t.lenient && t.len > 0)
        talk_differs(&t, "no more bytes to be sent", t.bytes);
    free(t.bytes);
    if (memory_live() != 0)
        talk_differs(&t, "all memory to be given back", "a leak");
    return memory_failed();
}

size_t
talk_input(const struct test_case *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->count; i++)
        if (c->lines[i].mark == '>')
            n += c->lines[i].len;
    return n;
}
