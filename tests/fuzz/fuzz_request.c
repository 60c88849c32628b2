/* The head of a request, whole, in pieces, and byte by byte; between two
 * pieces it moves to other memory. The same bytes mean the same request. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "request.h"

enum pace { BYTES, PIECES };

/* Each piece is a copy of all that has come, so there are not too many. */
enum { BYTES_MAX = 512, PIECES_MAX = 64 };

static void
same_slices(const struct http_request *a, const char *at_a,
            const struct http_request *b, const char *at_b, size_t size)
{
    fuzz_must(fuzz_same(a->line, at_a, b->line, at_b, size), "one line");
    fuzz_must(fuzz_same(a->method_name, at_a, b->method_name, at_b, size),
              "one method's name");
    fuzz_must(fuzz_same(a->target, at_a, b->target, at_b, size), "one target");
    fuzz_must(fuzz_same(a->host, at_a, b->host, at_b, size), "one host");
    fuzz_must(fuzz_same(a->path, at_a, b->path, at_b, size), "one path");
    fuzz_must(fuzz_same(a->query, at_a, b->query, at_b, size), "one query");
    fuzz_must(a->field_count == b->field_count, "as many fields");
    for (size_t i = 0; i < a->field_count; i++) {
        fuzz_must(
            fuzz_same(a->fields[i].name, at_a, b->fields[i].name, at_b, size),
            "one field's name");
        fuzz_must(
            fuzz_same(a->fields[i].value, at_a, b->fields[i].value, at_b, size),
            "one field's value");
    }
}

static void
same_request(const struct http_request *a, const struct http_request *b)
{
    fuzz_must(a->method == b->method, "one method");
    fuzz_must(a->version == b->version, "one version");
    fuzz_must(a->keep_alive == b->keep_alive, "the same about keep-alive");
    fuzz_must(a->expect_continue == b->expect_continue, "one expectation");
    fuzz_must(a->chunked == b->chunked, "one framing");
    fuzz_must(a->content_length == b->content_length, "one length");
}

/* Parses it in pieces. *at is the memory that it lies in at the end. */
static long
parse_in_pieces(struct http_request *r, const uint8_t *data, size_t size,
                enum pace pace, struct fuzz_dice *dice, char **at)
{
    size_t come = 0;
    long result = 0;

    *at = NULL;
    http_request_init(r);
    while (result == 0 && come < size) {
        size_t more = pace == BYTES ? 1 : fuzz_part(dice, size - come);
        char *moved;

        if (more < size / PIECES_MAX)
            more = size / PIECES_MAX;
        if (more > size - come)
            more = size - come;
        moved = fuzz_copy(data, come + more);

        if (*at != NULL) {
            http_request_move(r, *at, moved);
            memset(*at, '#', come);
            free(*at);
        }
        *at = moved;
        come += more;
        result = http_request_parse(r, moved, come);
    }
    return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_request whole, pieces;
    struct fuzz_dice dice = fuzz_dice(&data, &size);
    char *bytes = fuzz_copy(data, size);
    char *at;
    long result;

    http_request_init(&whole);
    result = http_request_parse(&whole, bytes, size);
    fuzz_must(result <= (long)size, "a head no longer than what came");
    for (enum pace pace = size > BYTES_MAX ? PIECES : BYTES;
         pace <= PIECES && size > 0; pace++) {
        long again = parse_in_pieces(&pieces, data, size, pace, &dice, &at);

        fuzz_must(again == result, "one result");
        same_slices(&whole, bytes, &pieces, at, size);
        if (result > 0)
            same_request(&whole, &pieces);
        free(at);
    }
    free(bytes);
    return 0;
}
