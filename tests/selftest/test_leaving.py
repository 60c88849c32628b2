"""How the grader's clients leave: a close over TLS says goodbye, a reset does
not."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grader.pairs import pair
from grader.tls import IGNORE_CUTS
from grader.wire import Wire

PATIENCE = 10.0


def serve(listener: socket.socket, context: ssl.SSLContext) -> str:
    """What a server sees of the end of its one client."""
    plain, _ = listener.accept()
    plain.settimeout(PATIENCE)
    try:
        with context.wrap_socket(
            plain, server_side=True, suppress_ragged_eofs=False
        ) as connection:
            connection.sendall(b"x")
            return "close_notify" if connection.recv(1) == b"" else "a byte"
    except OSError:
        return "an error"


def seen(directory: Path, way: str) -> str:
    cert, key = pair(directory / "pair")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.options &= ~IGNORE_CUTS
    trusting = ssl.create_default_context(cafile=str(cert))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(serve, listener, context)
            wire = Wire(listener.getsockname()[:2], tls=trusting, patience=PATIENCE)
            assert wire.take(1) == b"x"
            getattr(wire, way)()
            wire.close()  # as the lab does for all, once more
            return found.result(PATIENCE)


def test_a_close_says_goodbye(tmp_path: Path) -> None:
    assert seen(tmp_path, "close") == "close_notify"


def test_a_half_close_says_goodbye_once(tmp_path: Path) -> None:
    assert seen(tmp_path, "half_close") == "close_notify"


def test_a_reset_does_not(tmp_path: Path) -> None:
    assert seen(tmp_path, "reset") == "an error"
