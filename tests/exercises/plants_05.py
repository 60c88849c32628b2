"""Mistakes in the answers of 05, and the checks that find them."""

from __future__ import annotations

from exercises.plants import plant

PLANTS = [
    plant(
        "05-max-requests",
        "requests that others follow are not counted",
        "requests-in-pipeline",
        ("connection.c", "    c->requests++;\n", "    c->requests += !body_is_here;\n"),
    ),
    plant(
        "05-max-requests",
        "one count for all connections",
        "requests-of-each",
        (
            "connection.c",
            "    c->requests++;\n",
            "    static long all;\n\n    c->requests = ++all;\n",
        ),
    ),
    plant(
        "05-max-requests",
        "only GET is counted",
        "requests-of-any-kind",
        (
            "connection.c",
            "    c->requests++;\n",
            "    c->requests += r->method == HTTP_GET;\n",
        ),
    ),
    plant(
        "05-max-requests",
        "HTTP/1.0 is not counted",
        "requests-of-http10",
        (
            "connection.c",
            "    c->requests++;\n",
            "    c->requests += r->version > 10;\n",
        ),
    ),
    plant(
        "05-max-requests",
        "0 requests are accepted as a limit",
        "refuses-bad-max-requests",
        ("main.c", "OPTION_COUNT,", "OPTION_AGE,"),
    ),
    plant(
        "05-echo",
        "the length is taken from the head",
        "post-in-chunks",
        (
            "main.c",
            "                           r->text.len);",
            "                           x->request.content_length);",
        ),
    ),
    plant(
        "05-echo",
        "a body of any size is taken",
        "post-sizes",
        (
            "main.c",
            "        return;\n    }\n    http_exchange_send(x);\n}\n\n/* The body",
            "        x->body_max = UINT64_MAX;\n        return;\n    }\n"
            "    http_exchange_send(x);\n}\n\n/* The body",
        ),
    ),
    plant(
        "05-echo",
        "all bodies collect in the same place",
        "post-in-pipeline",
        (
            "main.c",
            "        buffer_add(&r->text, part.at, part.len);\n",
            "        buffer_add(&kept, part.at, part.len);\n",
        ),
        (
            "main.c",
            "    struct http_response *r = &x->response;\n\n",
            "    struct http_response *r = &x->response;\n    static struct buffer kept;\n\n",
        ),
        (
            "main.c",
            "    if (r->text.failed) {\n",
            "    buffer_add(&r->text, kept.bytes, kept.len);\n    buffer_free(&kept);\n"
            "    if (r->text.failed) {\n",
        ),
    ),
    plant(
        "05-echo",
        "whoever asks first is refused",
        "post-continue",
        (
            "main.c",
            "    } else {\n        return;\n    }\n    http_exchange_send(x);",
            "    } else if (x->request.expect_continue) {\n"
            "        http_response_error(&x->response, 417);\n"
            "    } else {\n        return;\n    }\n    http_exchange_send(x);",
        ),
    ),
    plant(
        "05-echo",
        "Allow tells of the methods of other pages",
        "post-only",
        ("main.c", '"Allow", "POST"', '"Allow", "GET, HEAD"'),
    ),
    plant(
        "05-echo",
        "what comes back is said to be a page",
        "post-no-page",
        ("main.c", '"application/octet-stream"', '"text/html"'),
    ),
]
