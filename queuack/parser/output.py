"""What a DAG file prints: without secrets, into one log file a DAG file, of its last parse, up to a limit; the rest is
counted and dropped."""

from __future__ import annotations

import contextlib
from io import BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from typing import Self

from queuack.authoring import masking

MAX_BYTES = 1024 * 1024


class MaskedText(TextIOWrapper):
    """Standard output of a parsing child: secrets that the file has looked up are written as ``***``."""

    @classmethod
    def on(cls, descriptor: int) -> Self:
        raw = FileIO(descriptor, "w", closefd=False)
        return cls(BufferedWriter(raw), errors="backslashreplace", line_buffering=True)

    def write(self, text: str) -> int:
        super().write(masking.current().redact_text(text))
        return len(text)


class OutputLog:
    """Opened at the first byte, so a silent file has no log."""

    def __init__(self, path: Path, limit: int = MAX_BYTES) -> None:
        self._path = path
        self._left = limit
        self._file: FileIO | None = None
        self._broken = False
        self.dropped = 0

    def write(self, data: bytes) -> None:
        """Keep what fits. A log that cannot be written is given up; the file is parsed all the same."""
        kept = data[: self._left]
        self.dropped += len(data) - len(kept)
        self._left -= len(kept)
        self._put(kept)

    def close(self, last_words: str = "") -> None:
        if self.dropped:
            self._put(f"\n[{self.dropped} more bytes of output were not kept]\n".encode())
        if last_words:
            self._put(last_words.encode())
        if self._file is not None:
            self._file.close()
        elif not self._broken:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _put(self, data: bytes) -> None:
        if not data or self._broken:
            return
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = FileIO(str(self._path), "w")
            self._file.write(data)
        except OSError:
            self._broken = True
