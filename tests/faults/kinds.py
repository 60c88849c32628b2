"""Which errors each call may give, and which of them no client may notice.

Left out is what cannot be: EINTR of waitpid(2) with WNOHANG, EAGAIN of a
descriptor that waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet, Tuple

HIDDEN = {  # the client gets the whole right answer, and the log is the same
    "accept": "EINTR ECONNABORTED",
    "close": "EINTR",
    "log": "EINTR SHORT",
    "pread": "EINTR SHORT",
    "read": "EINTR SHORT",
    "recv": "EINTR",
    "select": "EINTR",
    "send": "EINTR SHORT",
    "sleep": "EINTR",
    "write": "EINTR SHORT",
    "writev": "EINTR SHORT",
}
WAITING = {  # ...and so where descriptors do not wait: from 04 on
    "accept": "EAGAIN",
    "read": "EAGAIN",
    "recv": "EAGAIN",
    "write": "EAGAIN",
    "writev": "EAGAIN",
}
LATER = {  # ...and so but for lines that tell of it: it is tried again
    "accept": "EMFILE ENFILE ENOMEM",
    "close": "EIO",
    "fflush": "EIO ENOSPC",
    "getnameinfo": "EAI_MEMORY",
    "getsockname": "ENOBUFS",
    "log": "EAGAIN EIO ENOSPC EPIPE",
    "select": "ENOMEM",
}
HARMFUL = {  # at most one client gets less, or an answer that says so
    "bind": "EADDRINUSE ENOMEM",
    "dup": "EMFILE",
    "fcntl": "EINVAL",
    "fdopen": "ENOMEM",
    "fopen": "EMFILE ENOMEM",
    "fork": "EAGAIN ENOMEM",
    "fstat": "EIO ENOMEM",
    "fstatat": "EIO ENOMEM",
    "getaddrinfo": "EAI_MEMORY EAI_AGAIN",
    "getline": "EIO ENOMEM",
    "getrlimit": "EPERM",
    "kill": "ESRCH",
    "listen": "EADDRINUSE",
    "malloc": "ENOMEM",
    "open": "EINTR EIO EMFILE ENFILE ENOMEM",
    "pipe": "EMFILE ENFILE",
    "pread": "EIO",
    "read": "ECONNRESET",
    "recv": "ECONNRESET",
    "send": "EPIPE ENOBUFS",
    "setrlimit": "EPERM",
    "setsockopt": "ENOBUFS",
    "shutdown": "ENOBUFS",
    "sigaction": "EINVAL",
    "socket": "EMFILE ENFILE ENOMEM",
    "write": "ECONNRESET EPIPE",
    "writev": "ECONNRESET EPIPE ENOBUFS",
}
# What goes wrong with these is the net's doing, or the client's.
SOCKETS = frozenset("read recv send write writev shutdown setsockopt".split())


@dataclass(frozen=True)
class Fault:
    """What a run is to suffer."""

    call: str
    number: int
    error: str
    hidden: bool  # nobody may notice
    harmless: bool  # no client may notice
    site: Tuple[Tuple[str, int], ...] = ()  # who calls: files and offsets

    @property
    def plan(self) -> str:
        return f"{self.call}:{self.number}:{self.error}"

    @property
    def in_openssl(self) -> bool:
        """Does OpenSSL itself make the call?"""
        return bool(self.site) and self.site[0][0].startswith(("libcrypto", "libssl"))

    @property
    def ours(self) -> bool:
        """Is it the server's to tell of?"""
        return self.call not in SOCKETS


def errors(call: str, step: int) -> "list[tuple[str, bool, bool]]":
    """Errors of a call, with whether they are hidden, and harmless."""
    hidden: FrozenSet[str] = frozenset(HIDDEN.get(call, "").split())
    if step >= 4:
        hidden |= frozenset(WAITING.get(call, "").split())
    later = frozenset(LATER.get(call, "").split())
    harmful = frozenset(HARMFUL.get(call, "").split())
    if step == 3 and call in ("read", "write"):
        harmful |= {"EAGAIN"}  # time is up
    all_of_them = sorted(hidden | later | harmful)
    return [(e, e in hidden, e in hidden | later) for e in all_of_them]
