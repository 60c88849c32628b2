"""The grader: starts a server, talks to it, and tells what it did wrong.

    table    the checks as tests/checks.md lists them
    check    the decorator that joins a row of the table with its code
    lab      one check's surroundings: servers, connections, chance
    site     what a step serves, and how to reach it
    program  a server's process: started, listened to, stopped, buried
    proc     what a tree of processes holds: descriptors, time, memory
    wire     a client's connection, with a deadline on everything
    tls      records and hellos made by hand
    pairs    certificates and keys, good and bad
    clients  several at once, of several kinds
    kept     conversations on a kept connection
    bulk     files too large to be held at once
    targets  targets and their right answers, as tables
    ends     the server's end of a connection, as the system shows it
    linux    what only Linux tells: peak memory, delayed packets
    trace    holds a program at each of its system calls
    replay   shell lines that make a site as a check left it
    stranger the other side, for a client under test
    http     requests to send, and a strict reader of responses
    cases    requests and their answers, kept as text
    alone    a network and processes of its own
    observe  looks until it is as it should be, bounded
    story    tells a failure, and how to see it by hand
    expect   a failure that tells what was expected and what came
    results  what became of each check, and the story of a failure
    score    points: shares that sum to a hundred
    course   the teacher's file: points, hidden checks, a deadline
    verdict  all of that as a document, the form of every report
    view     what students may see of it, and text made harmless
    report   the verdict on a terminal
    lessons  where the lessons speak of a check
    gather   one run: what it knows, gathers, writes and prints
    limits   time for a check, and for all; reasons to run no more
    plugin   all of it as pytest's hooks and fixtures
"""
