"""A terminal with an interactive bash in it, driven as a person would: lines are
typed, and what is shown is read until the next prompt."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import uuid
from pathlib import Path
from typing import Callable

from grader.observe import observe

STOPPING = 3.0  # seconds for what still runs


class Terminal:
    """Its bash leads a session; `mark` is in the environment of all it starts,
    so that those who left the session are found as well."""

    def __init__(self, directory: Path, environment: dict[str, str], setup: str):
        self.mark = f"book-{uuid.uuid4()}"
        self.seen = ""  # shown and not yet taken
        self.prompt = re.compile(re.escape(f"\x02{self.mark}") + r":(\d+)\x03")
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            # before bash looks: it restores what it saw when a job was killed
            mode = termios.tcgetattr(0)
            mode[3] &= ~termios.ECHO
            mode[1] &= ~termios.ONLCR
            termios.tcsetattr(0, termios.TCSANOW, mode)
            os.chdir(directory)
            os.execvpe(
                "bash",
                ["bash", "--norc", "--noprofile", "--noediting", "-i"],
                {**environment, "BOOK_TERMINAL": self.mark},
            )
        os.set_inheritable(self.master, False)  # not the next terminal's
        size = struct.pack("HHHH", 24, 80, 0, 0)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)
        # $? comes first: the prompt itself changes it
        self.write(
            "PS1= PS2= HISTFILE=; PROMPT_COMMAND="
            f"""'printf "\\002%s:%d\\003" "$BOOK_TERMINAL" $?'\n"""
        )
        if not self.read_to_prompt(20.0):
            raise RuntimeError("bash shows no prompt")
        for line in setup.splitlines():
            self.seen = ""
            self.write(line + "\n")
            self.read_to_prompt(20.0)
        self.take()

    def write(self, text: str) -> None:
        os.write(self.master, text.encode())

    def poll(self, seconds: float) -> bool:
        """Reads what comes within some time; False when nothing did."""
        if not select.select([self.master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # bash has ended
            return False
        self.seen += data.decode("utf-8", "replace")
        return bool(data)

    def at_prompt(self) -> bool:
        return bool(self.prompt.search(self.seen))

    def read_to_prompt(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self.at_prompt():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.poll(min(left, 0.5))
        return True

    def shown(self) -> str:
        """What has been shown since `take`, prompts left out."""
        return self.prompt.sub("", self.seen)

    def take(self) -> None:
        """What has been shown is read; a prompt stays."""
        prompts = list(self.prompt.finditer(self.seen))
        self.seen = prompts[-1][0] if prompts else ""

    def type(self, text: str) -> None:
        self.seen = ""
        self.write(text + "\n")

    def interrupt(self) -> None:
        self.write("\x03")

    def close(self) -> None:
        """Ends bash and all that it has started, and waits for them."""
        end_all(self.members)
        os.close(self.master)
        os.waitpid(self.pid, 0)

    def members(self) -> list[int]:
        return [pid for pid in processes() if self.owns(pid)]

    def owns(self, pid: int) -> bool:
        try:
            if os.getsid(pid) == self.pid:
                return not dead(pid)
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:  # it has ended, or is another's
            return False
        return self.mark.encode() in environment


def processes() -> list[int]:
    if not os.path.isdir("/proc/self"):  # elsewhere the hang-up has to do
        return []
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def dead(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    return stat.rpartition(")")[2].split()[0] in "ZX"


def end_all(members: Callable[[], list[int]]) -> None:
    """Asks first, then kills; at last none is left."""
    for how in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
        for pid in members():
            send(pid, signal.SIGCONT)
            send(pid, how)
        if how != signal.SIGHUP:
            observe(members, lambda left: not left, STOPPING)


def send(pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        pass
