"""What a parsing child is given and what it hands back: values only."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import msgspec

from queuack.config import Config
from queuack.home import Home
from queuack.parser.files import DagFile
from queuack.protocol import Parsed


@dataclass(frozen=True)
class Work:
    """One file to parse."""

    file: DagFile
    source: bytes
    file_hash: str
    home: Home
    settings: Config
    failed_before: bool = False
    """Whether it could not be imported the last time either; listeners are told the difference."""

    @property
    def text(self) -> str:
        """The source as text: by its coding line, else with replacement characters."""
        return source_text(self.source)

    @property
    def log_path(self) -> Path:
        """Where what the file prints goes: ``<logs>/dag_processor/<relative_fileloc>.log``."""
        folder = self.settings.get_path("logging", "base_log_folder") / "dag_processor"
        return folder / f"{self.file.relative_fileloc}.log"


class Report(msgspec.Struct):
    """The outcome of one file."""

    parsed: Parsed
    read: list[str] = []
    """Absolute paths of files that were opened: helper modules, YAML, SQL, …"""
    listed: list[str] = []
    """Absolute paths of folders that were listed."""
    volatile: bool = False
    """It asked for variables or connections, used the network or ran programs: it may differ the next time."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Report)


def encode(report: Report) -> bytes:
    return _encoder.encode(report)


def decode(data: bytes) -> Report:
    return _decoder.decode(data)


def source_text(source: bytes) -> str:
    try:
        return importlib.util.decode_source(source)
    except (SyntaxError, UnicodeDecodeError):
        return source.decode("utf-8", errors="replace")
