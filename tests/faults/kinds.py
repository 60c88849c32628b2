"""Which errors each call may give, and which of them no client may notice.

Left out is what cannot be: EINTR of waitpid(2) with WNOHANG, EAGAIN of a
descriptor that waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from .log import Site

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
OPENSSL = ("libcrypto", "libssl")
SOCKETS = frozenset("read recv send write writev shutdown setsockopt".split())


@dataclass(frozen=True)
class Fault:
    """What a run is to suffer."""

    call: str
    number: int
    error: str
    hidden: bool  # nobody may notice
    harmless: bool  # no client may notice
    site: Site = ()  # who calls: files and offsets

    @property
    def plan(self) -> str:
        return f"{self.call}:{self.number}:{self.error}"

    @property
    def in_openssl(self) -> bool:
        """Does OpenSSL itself make the call?"""
        return bool(self.site) and self.site[0][0].startswith(OPENSSL)

    @property
    def ours(self) -> bool:
        """Is it the server's to tell of?"""
        return self.call not in SOCKETS


def faults(call: str, number: int, site: Site, step: int) -> Iterator[Fault]:
    """The errors that a call may give."""
    hidden = frozenset(HIDDEN.get(call, "").split())
    later = frozenset(LATER.get(call, "").split())
    harmful = frozenset(HARMFUL.get(call, "").split())
    in_openssl = bool(site) and site[0][0].startswith(OPENSSL)
    if step >= 4 and (call != "write" or in_openssl):
        hidden |= frozenset(WAITING.get(call, "").split())
    elif step >= 3 and call in ("read", "write"):
        harmful |= {"EAGAIN"}  # 03: time is up; 07: nobody waits to refuse a client
    for error in sorted(hidden | later | harmful):
        harmless = error in hidden | later
        yield Fault(call, number, error, error in hidden, harmless, site)
