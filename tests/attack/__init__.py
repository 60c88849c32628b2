"""Hostile clients, each kind against each step, as that step promises.

    make attack STEP=04            all of it, against one step
    make attack ARGS='-k deaf'     one kind of client
    make attack SERVER='any command' STEP=05

kinds.py          the kinds of clients: what they say, take, and how they leave
swarm.py          many of one kind at work, in a process of their own
field.py          the server, the good client beside it, and what is promised
test_crowds.py    each kind: the promise, memory, and what is left behind
test_limits.py    no places, no descriptors, no processes
test_files.py     files that vanish, shrink, grow
test_signals.py   signals, at any moment
test_tls.py       floods within TLS; floods.py is their client
test_testssl.py   testssl.sh; testssl.md is what it may find
confined.py       another user, with few processes
soak.py           a million requests, and all attacks at once for minutes

A half-open TCP handshake (a SYN without the last ACK) is not among them: it
takes a raw socket, which takes root, and it is the system's to bear, by SYN
cookies; no server sees it.
"""
