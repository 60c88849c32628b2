"""Mistakes in the answers of 03 and 04, and the checks that find them."""

from __future__ import annotations

from exercises.plants import plant

PLANTS = [
    plant(
        "03-count",
        "it tells how many children there ever were",
        "count-goes-down",
        (
            "workers.c",
            "static volatile long children_count;\n",
            "static volatile long children_count;\nstatic long children_begun;\n",
        ),
        (
            "workers.c",
            "put_number(at, children_count)",
            "put_number(at, children_begun)",
        ),
        (
            "workers.c",
            "        children_count++;\n",
            "        children_count++;\n        children_begun++;\n",
        ),
    ),
    plant(
        "03-count",
        "the signal is held back while all places are taken",
        "count-while-full",
        (
            "workers.c",
            "&& !stop_asked())\n        sigsuspend(&before);",
            "&& !stop_asked()) {\n        sigaddset(&before, SIGUSR1);\n"
            "        sigsuspend(&before);\n    }",
        ),
    ),
    plant(
        "03-count",
        "children inherit the handler",
        "count-once",
        ("workers.c", "    (void)signal(SIGUSR1, SIG_IGN);\n", ""),
    ),
    plant(
        "03-count",
        "a signal is taken for a failure of accept()",
        "count-storm",
        ("main.c", "errno != EINTR && errno != ECONNABORTED", "errno != ECONNABORTED"),
    ),
    plant(
        "03-threads",
        "threads stay when their clients have gone",
        "threads-end",
        (
            "workers.c",
            "    workers_unlock();\n    return NULL;",
            "    workers_unlock();\n    for (;;)\n        pause();\n    return NULL;",
        ),
        (
            "workers.c",
            "#include <time.h>\n",
            "#include <time.h>\n#include <unistd.h>\n",
        ),
    ),
    plant(
        "03-threads",
        "nobody joins the threads, and they are not detached",
        "threads-leave-nothing",
        ("workers.c", "PTHREAD_CREATE_DETACHED", "PTHREAD_CREATE_JOINABLE"),
    ),
    plant(
        "03-threads",
        "the limit is twice what was said",
        "threads-limited",
        ("main.c", "workers_start(max_children,", "workers_start(2 * max_children,"),
    ),
    plant(
        "03-threads",
        "answers and lines of the log are made without a lock",
        "threads-share",
        (
            "main.c",
            "    if (result != 0)\n        answer(w, &request, result, &out);\n"
            "    workers_unlock();\n",
            "    workers_unlock();\n    if (result != 0)\n"
            "        answer(w, &request, result, &out);\n",
        ),
        (
            "main.c",
            "    log_flush();\n    http_response_free(&response);\n",
            "    for (volatile int i = 0; i < 100000; i++)\n        continue;\n"
            "    log_flush();\n    http_response_free(&response);\n",
        ),
    ),
    plant(
        "03-threads",
        "nobody wakes the threads at the end",
        "threads-wake",
        (
            "workers.c",
            "(void)shutdown(workers[i].fd, SHUT_RD); /* or it has gone */",
            "workers[i].reading = SHUT_RD;",
        ),
    ),
    plant(
        "04-max-clients",
        "a client that goes lets nobody in",
        "clients-let-in",
        (
            "server.c",
            "    server->count--;\n    accept_again(server);\n",
            "    server->count--;\n",
        ),
    ),
    plant(
        "04-max-clients",
        "it goes on asking whether somebody is at the door",
        "clients-at-the-door",
        (
            "server.c",
            "    server->full = true;\n"
            "    (void)loop_watch(server->setup.loop, &server->accepting, 0);\n",
            "    server->full = true;\n",
        ),
    ),
    plant(
        "04-max-clients",
        "it believes the option more than the system",
        "clients-beyond-room",
        (
            "server.c",
            "server->most && server->most < room ? server->most : room",
            "server->most ? server->most : room",
        ),
        (
            "server.c",
            "            pause_accepting(server);\n",
            "            if (server->count == 0)\n"
            "                pause_accepting(server);\n",
        ),
    ),
    plant(
        "04-max-clients",
        "0 clients are accepted as a limit",
        "refuses-bad-max-clients",
        ("main.c", "OPTION_COUNT, &max_clients", "OPTION_AGE, &max_clients"),
    ),
    plant(
        "04-poll",
        "the milliseconds are taken for microseconds",
        "beyond-idle",
        ("loop.c", "(nfds_t)list->count, ms)", "(nfds_t)list->count, ms / 1000000)"),
    ),
    plant(
        "04-poll",
        "a place in the list is not used again",
        "beyond-come-and-go",
        (
            "loop.c",
            "        struct pollfd last = list->polled[--list->count];\n\n"
            "        list->polled[place - 1] = last;\n"
            "        list->places[last.fd] = place;\n"
            "        list->places[fd] = 0;\n",
            "        list->polled[place - 1].fd = -1;\n        list->places[fd] = 0;\n",
        ),
    ),
    plant(
        "04-poll",
        "a hang-up is passed over",
        "beyond-at-once",
        (
            "loop.c",
            "            mask |= POLLIN | POLLOUT;\n",
            "            continue;\n",
        ),
    ),
]
