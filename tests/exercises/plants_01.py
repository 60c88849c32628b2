"""Mistakes in the answers of 01 and 02, and the checks that find them."""

from __future__ import annotations

from exercises.plants import plant

PLANTS = [
    plant(
        "01-retry",
        "it says that it waits, each time that it tries",
        "retry-told-once",
        (
            "net.c",
            "        (void)nanosleep(&pause, NULL);",
            '        log_error("in use: waiting");\n        (void)nanosleep(&pause, NULL);',
        ),
    ),
    plant(
        "01-retry",
        "it never gives up",
        "retry-gives-up",
        ("net.c", "clock_now() < end &&", "clock_now() < end * 2 &&"),
    ),
    plant(
        "01-retry",
        "it waits whatever has gone wrong",
        "retry-nothing-else",
        ("net.c", "errno == EADDRINUSE && patience > 0", "patience > 0"),
        ("net.c", "errno == EADDRINUSE && clock_now()", "clock_now()"),
    ),
    plant(
        "01-retry",
        "it does not look for signals while it waits",
        "retry-stops",
        (
            "net.c",
            "clock_now() < end &&\n             !stop_asked()",
            "clock_now() < end",
        ),
    ),
    plant(
        "01-retry",
        "the seconds are read by atof()",
        "refuses-bad-retry",
        (
            "main.c",
            "uint64_t retry = 0; /* milliseconds */",
            'const char *retry = "0";',
        ),
        ("main.c", "OPTION_SECONDS, &retry", "OPTION_TEXT, &retry"),
        ("main.c", "port, retry)", "port, (uint64_t)(atof(retry) * 1000))"),
        ("main.c", "#include <stdio.h>\n", "#include <stdio.h>\n#include <stdlib.h>\n"),
    ),
    plant(
        "01-reverse",
        "what follows the last line feed of a read() is forgotten",
        "reverse-pieces reverse-rest",
        ("main.c", "memmove(bytes, bytes + whole, kept);", "kept = 0;"),
    ),
    plant(
        "01-reverse",
        "a CR is taken for a part of the line's end",
        "reverse-bytes",
        (
            "main.c",
            "reverse(bytes + done, next - done - 1);",
            "reverse(bytes + done, next - done - 1 -\n"
            "            (size_t)(next - done > 1 && end[-1] == '\\r'));",
        ),
    ),
    plant(
        "01-reverse",
        "the rest is sent as it came",
        "reverse-rest",
        ("main.c", "        reverse(bytes, kept);\n", ""),
    ),
    plant(
        "01-reverse",
        "a line has 4096 bytes at most",
        "reverse-stream reverse-endless",
        ("main.c", "LINE_SIZE = 64 * 1024", "LINE_SIZE = 4 * 1024"),
    ),
    plant(
        "01-reverse",
        "a line without end is read for too long",
        "reverse-endless",
        ("main.c", "LINE_SIZE = 64 * 1024", "LINE_SIZE = 4 * 1024 * 1024"),
    ),
    plant(
        "02-redirect",
        "the query is lost",
        "moved-query",
        ("pages.c", "(int)query.len, query.at ? query.at : ", '0, query.at ? "" : '),
    ),
    plant(
        "02-redirect",
        "nothing is there for HEAD",
        "moved-head",
        (
            "pages.c",
            "    if (!page) {",
            "    if (!page || (page->moved && request->method == HTTP_HEAD)) {",
        ),
    ),
    plant(
        "02-redirect",
        "the redirect has no page",
        "moved-told",
        (
            "pages.c",
            "http_response_error(response, 301);",
            'response->status = 301;\n    http_response_body(response, "text/html", "", 0);',
        ),
    ),
    plant(
        "02-redirect",
        "the method is not looked at",
        "moved-methods",
        (
            "pages.c",
            "    if (!page) {",
            "    if (page && page->moved) {\n"
            "        redirect(request, page->moved, response);\n    } else if (!page) {",
        ),
    ),
    plant(
        "02-request",
        "fields without a value are passed over",
        "request-as-sent",
        (
            "pages.c",
            "        buffer_add(text, field->name.at,",
            "        if (field->value.len == 0)\n            continue;\n"
            "        buffer_add(text, field->name.at,",
        ),
    ),
    plant(
        "02-request",
        "the page is said to be HTML",
        "request-as-text",
        (
            "pages.c",
            'http_response_body(response, "text/plain;',
            'http_response_body(response, "text/html;',
        ),
    ),
    plant(
        "02-request",
        "the page has room for 32 fields",
        "request-large",
        ("pages.c", "i < request->field_count;", "i < request->field_count && i < 32;"),
    ),
    plant(
        "02-request",
        "the page is not made for HEAD",
        "request-by-head",
        (
            "pages.c",
            "    buffer_add(text, request->target.at, request->target.len);\n",
            "    if (request->method == HTTP_GET)\n"
            "        buffer_add(text, request->target.at, request->target.len);\n",
        ),
    ),
]
