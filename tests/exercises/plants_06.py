"""Mistakes in the answers of 06 and 07, and the checks that find them."""

from __future__ import annotations

from exercises.plants import plant

PLANTS = [
    plant(
        "06-not-found",
        "the page is sent after GET alone",
        "own-page-head",
        (
            "files.c",
            "    if (status == 404)\n        status = answer_missing",
            "    if (status == 404 && request->method == HTTP_GET)\n"
            "        status = answer_missing",
        ),
    ),
    plant(
        "06-not-found",
        "when the page was missing once, it is not looked for again",
        "own-page-fresh",
        (
            "files.c",
            "        !S_ISREG(st.st_mode))\n        return 404;\n    fd = openat",
            "        !S_ISREG(st.st_mode))\n        never = true;\n    if (never)\n"
            "        return 404;\n    fd = openat",
        ),
        (
            "files.c",
            "    struct stat st;\n    int fd;\n\n    if (fstatat(files->root, missing_page",
            "    static bool never;\n    struct stat st;\n    int fd;\n\n"
            "    if (fstatat(files->root, missing_page",
        ),
    ),
    plant(
        "06-not-found",
        "the page tells its date",
        "own-page-no-date",
        (
            "files.c",
            "    response->status = 404;\n",
            '    response->status = 404;\n    http_response_add(response, "Last-Modified",'
            ' "Sun, 06 Nov 1994 08:49:37 GMT");\n',
        ),
    ),
    plant(
        "06-not-found",
        "a link is followed",
        "own-page-safe",
        (
            "files.c",
            "fstatat(files->root, missing_page, &st, AT_SYMLINK_NOFOLLOW)",
            "fstatat(files->root, missing_page, &st, 0)",
        ),
        (
            "files.c",
            "openat(files->root, missing_page, OPEN_FILE)",
            "openat(files->root, missing_page, O_RDONLY | O_CLOEXEC)",
        ),
    ),
    plant(
        "06-hosts",
        "capitals make another host",
        "hosts-by-name",
        ("files.c", "(char)tolower((unsigned char)host.at[i])", "host.at[i]"),
        ("files.c", "#include <ctype.h>\n", ""),
    ),
    plant(
        "06-hosts",
        "hosts that are not known get 404",
        "hosts-unknown",
        (
            "files.c",
            "errno == ENOENT)\n        fd = open_below",
            "!*name)\n        fd = open_below",
        ),
    ),
    plant(
        "06-hosts",
        "a host may be called ..",
        "hosts-ways-out",
        ("files.c", " || (len > 0 && host.at[0] == '.')", ""),
    ),
    plant(
        "06-hosts",
        "a redirect names the directory of the host",
        "hosts-directories",
        (
            "files.c",
            "    path_write(path, &place);\n",
            '    buffer_add_text(&place, "/");\n'
            "    buffer_add(&place, request->host.at, request->host.len);\n"
            "    path_write(path, &place);\n",
        ),
    ),
    plant(
        "07-client-ca",
        "clients are asked for a certificate and need none",
        "client-without",
        (
            "tls.c",
            "SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT",
            "SSL_VERIFY_PEER",
        ),
    ),
    plant(
        "07-client-ca",
        "any certificate will do",
        "client-of-others",
        (
            "tls.c",
            "SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL)",
            "SSL_VERIFY_FAIL_IF_NO_PEER_CERT, fine)",
        ),
        (
            "tls.c",
            "static int\nrequire_clients(",
            "static int\nfine(int ok, X509_STORE_CTX *store)\n{\n    (void)ok;\n"
            "    (void)store;\n    return 1;\n}\n\nstatic int\nrequire_clients(",
        ),
    ),
    plant(
        "07-client-ca",
        "refusals are not told",
        "client-refusal-told",
        ("tls.c", "if (session->pending || !is_cut_off())", "if (is_cut_off())"),
    ),
    plant(
        "07-client-ca",
        "a file that cannot be used is told, and the server goes on without",
        "client-ca-unusable",
        (
            "tls.c",
            "require_clients(tls->context, clients) == 0",
            "require_clients(tls->context, clients) < 1",
        ),
    ),
    plant(
        "07-reload",
        "connections from before are ended",
        "reload-keeps",
        (
            "tls.c",
            "static volatile sig_atomic_t reload_asked; /* by SIGHUP */\n",
            "static volatile sig_atomic_t reload_asked; /* by SIGHUP */\nstatic int times;\n",
        ),
        ("tls.c", "    bool known;   /*", "    int times;\n    bool known;   /*"),
        (
            "tls.c",
            "    session->tls = tls;\n",
            "    session->tls = tls;\n    session->times = times;\n",
        ),
        (
            "tls.c",
            "    tls->context = context;\n    log_error",
            "    tls->context = context;\n    times++;\n    log_error",
        ),
        (
            "tls.c",
            "    ERR_clear_error();\n    session->room = RECORDS_MAX;\n",
            "    if (session->times != times) {\n        errno = EPROTO;\n"
            "        return -1;\n    }\n    ERR_clear_error();\n"
            "    session->room = RECORDS_MAX;\n",
        ),
    ),
    plant(
        "07-reload",
        "it ends when the new files do not fit",
        "reload-unusable",
        (
            "tls.c",
            "    if (!context)\n        return;\n",
            "    if (!context)\n        exit(1);\n",
        ),
    ),
    plant(
        "07-reload",
        "each time a descriptor stays open",
        "reload-storm",
        (
            "tls.c",
            "    SSL_CTX_free(tls->context);\n    tls->context = context;\n    log_error",
            "    SSL_CTX_free(tls->context);\n    tls->context = context;\n"
            "    (void)dup(STDERR_FILENO);\n    log_error",
        ),
    ),
]
