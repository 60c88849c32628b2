"""Step 01 and all that follow: the end of the program."""

from __future__ import annotations

import signal

from grader import ends
from grader.check import check
from grader.expect import expect
from grader.lab import Lab, Server
from grader.program import LATE, STOP


def stops(server: Server, number: int, when: str) -> None:
    """The signal ends the server in time and in order."""
    name = signal.Signals(number).name
    again = f"sleep 1; kill -{name[3:]} $!; wait $!; echo exit status $?"
    ends.asleep(server)  # else the signal may come before the wait that it ends
    status = server.stop(number)
    got = f"it {server.how_ended(status)}"
    expected = f"{name} ends it {when}: within {STOP:g} s, exit status 0"
    expect(status == 0, expected, got, ran=server.line, again=again)
    expect(server.stop_took < STOP + LATE, expected, f"{server.stop_took:.1f} s")


@check("signal(7); the contract: SIGTERM and SIGINT, exit status 0")
def test_stops_on_signal(lab: Lab) -> None:
    """Ctrl-C is SIGINT, `kill` and every system's shutdown send SIGTERM. A
    program that ends by the signal itself tells its parent that it failed.

    1. What is the exit status now? `echo $?` after Ctrl-C says 130.
    2. Catch both signals with sigaction(); accept() then returns with EINTR.
    3. A handler that sets a volatile sig_atomic_t, no SA_RESTART, and a loop
       that looks at it; return 0 from main().
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        server = lab.start()
        stops(server, number, "while nobody is connected")


@check("signal(7), read(2): EINTR; the contract: within 5 s")
def test_stops_with_a_client(lab: Lab) -> None:
    """A client that is connected and silent must not keep the server alive.

    1. Where does your program wait while a client is connected?
    2. A signal interrupts that wait as well, unless SA_RESTART is set.
    3. When read() returns -1 with EINTR, look whether it is time to stop.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        server = lab.start()
        wire = server.connect()
        if lab.step == 1:  # one byte back: the server now waits in read()
            wire.send(b"x")
            wire.take(1)
        stops(server, number, "with a silent client connected")
