"""The client of step 01 in another language: client.py HOST PORT [TEXT]

Sends TEXT, or standard input line by line, waiting for each line's bytes;
half-closes, and prints until the server closes.
"""

from __future__ import annotations

import socket
import sys

ANSWER_SECONDS = 1.0  # a server that is no echo may stay silent this long


def show(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def send_lines(connection: socket.socket) -> None:
    for line in sys.stdin.buffer:
        connection.sendall(line)
        missing = len(line)
        connection.settimeout(ANSWER_SECONDS)
        try:
            while missing > 0:
                data = connection.recv(missing)
                if not data:
                    return
                show(data)
                missing -= len(data)
        except socket.timeout:
            pass  # this server does not send everything back
        connection.settimeout(None)


def main() -> int:
    if len(sys.argv) not in (3, 4):
        sys.stderr.write("usage: client.py HOST PORT [TEXT]\n")
        return 2
    host, port = sys.argv[1:3]
    try:
        with socket.create_connection((host, int(port))) as connection:
            if len(sys.argv) == 4:
                connection.sendall(sys.argv[3].encode())
            else:
                send_lines(connection)
            connection.shutdown(socket.SHUT_WR)
            while True:
                data = connection.recv(4096)
                if not data:
                    return 0
                show(data)
    except OSError as error:
        sys.stderr.write(f"client: {host} port {port}: {error.strerror}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
