"""What kind of thing a file is, by the last dot in its name."""

from __future__ import annotations

import os

UNKNOWN = "application/octet-stream"
USUAL = """
text/html                 html htm
text/css                  css
text/javascript           js mjs
text/plain                txt
text/xml                  xml
application/json          json
application/pdf           pdf
application/zip           zip
image/svg+xml             svg
image/png                 png
image/jpeg                jpg jpeg
image/gif                 gif
image/webp                webp
image/vnd.microsoft.icon  ico
font/woff2                woff2
audio/mpeg                mp3
video/mp4                 mp4
"""


class MediaTypes:
    """The usual ones, and those of a file .mime.types in the root."""

    def __init__(self, root: int) -> None:
        self.by_extension: dict[str, str] = {}
        self.add(USUAL)
        try:
            file = os.open(".mime.types", os.O_RDONLY | os.O_NONBLOCK, dir_fd=root)
        except OSError:
            return  # there need not be one
        with open(file, encoding="utf-8", errors="replace") as text:
            self.add(text.read())

    def add(self, table: str) -> None:
        for line in table.splitlines():
            kind, *extensions = line.partition("#")[0].split() or [""]
            for extension in extensions:
                self.by_extension[extension.lower()] = kind

    def of(self, name: bytes) -> str:
        _, dot, extension = name.decode("latin-1").rpartition(".")
        kind = self.by_extension.get(extension.lower(), UNKNOWN) if dot else UNKNOWN
        return kind + "; charset=utf-8" if kind.startswith("text/") else kind
