"""The other side, played by the grader: a server for a client under test."""

from __future__ import annotations

import socket
from typing import Optional

from .expect import Failure
from .wire import PATIENCE, Wire


class Stranger:
    """Listens on a port of its own; each client that comes is a Wire."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(8)
        self.listener.settimeout(patience)
        self.port: int = self.listener.getsockname()[1]

    def accept(self, receive_buffer: Optional[int] = None) -> Wire:
        try:
            accepted, address = self.listener.accept()
        except socket.timeout:
            raise Failure("the client connects", "it does not") from None
        if receive_buffer:
            option = (socket.SOL_SOCKET, socket.SO_RCVBUF)
            accepted.setsockopt(*option, receive_buffer)
        return Wire(address[:2], patience=self.patience, accepted=accepted)

    def __enter__(self) -> "Stranger":
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()
