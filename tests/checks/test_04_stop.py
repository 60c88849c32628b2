"""Step 04 and all that follow: the end of a loop."""

from __future__ import annotations

from grader import ends
from grader.check import check
from grader.clients import ask, by_grader, crowd, finished, half
from grader.expect import Failure, expect
from grader.lab import Lab
from grader.program import LATE, STOP

AT_ONCE = 3.5  # seconds in which a server on a busy machine lets them go


@check("the contract: SIGTERM; signal(7), select(2): a pipe to yourself")
@by_grader
def test_stop_sorts_clients(lab: Lab) -> None:
    """The signal comes while many are connected. Who waits without a whole
    request has to go at once; who waits for the rest of an answer gets it;
    nobody new comes in. When the last has gone, the loop ends by itself.

    1. Which of your connections may be closed when the signal has come?
    2. The state tells: reading a head is over, sending goes on.
    3. A handler writes a byte into a pipe that the loop watches. Then: forget
       the listening socket, close by state, and run until none is left.
    """
    server = lab.start("--timeout", "60")
    silent = crowd(server, 100) + [half(server)[0] for _ in range(20)]
    waiting = []
    for _ in range(3):
        wire = ends.reluctant(server)
        waiting.append((wire, ends.fill(server, wire)))
        ask(server, wire)
        ends.under_way(server, wire)
    ends.accepted(server, *silent)
    server.known.update(server.tree().pids)
    server.send_signal(15)
    for wire in silent:
        try:
            wire.rest(AT_ONCE)
        except Failure as failure:
            expected = "clients without a whole request are sent away at once"
            raise Failure(expected, failure.got, wire=wire) from None
        wire.close()
    finished(server, waiting)
    status = server.wait(STOP + LATE)
    expected = "the server ends by itself when the last client has gone, status 0"
    expect(status == 0, expected, f"it {server.how_ended(status)}", ran=server.line)


@check("sigaction(2), select(2): EINTR; the contract: SIGTERM, exit status 0")
def test_stop_at_any_moment(lab: Lab) -> None:
    """A signal that comes just before select() sleeps is handled before, and
    select() then sleeps all the same: until the next client comes, perhaps
    for ever.

    1. Between `if (stop)` and select() there is time for a signal.
    2. Something that lasts must wake select(): a byte in a pipe is still
       there when the signal is long over.
    3. pipe(), both ends non-blocking; write() in the handler; the reading end
       in the set. Or pselect(), which lets the signal in and sleeps in one
       step.
    """
    for _ in range(8):
        server = lab.start("--timeout", "60")
        silent = crowd(server, 1 + lab.random.randrange(30))
        status = server.stop()
        expected = "SIGTERM ends it at any moment: within 5 s, exit status 0"
        got = f"it {server.how_ended(status)}"
        expect(status == 0, expected, got, ran=server.line)
        for wire in silent:
            wire.close()
