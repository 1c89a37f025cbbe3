"""The daemon's side of the parser: findings become events; files that went away while nobody watched are told apart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from queuack.daemon.asking import Asking
from queuack.daemon.loop import Loop
from queuack.engine.events import FileGone, FileParsed, ImportErrorInfo, PluginsSeen
from queuack.engine.spec import decode
from queuack.home import Home
from queuack.protocol import Gone, Parsed, PluginsFound, Reparse, ScanDone, TimetableAnswer

if TYPE_CHECKING:
    from queuack.executors.connection import Connection

log = logging.getLogger("queuack.daemon")


def parsed_event(message: Parsed) -> FileParsed:
    """The event of a parsed file."""
    return FileParsed(
        relative_fileloc=message.relative_fileloc,
        file_hash=message.file_hash,
        source=message.source,
        documents=[decode(document) for document in message.documents],
        errors=[
            ImportErrorInfo(failure.relative_fileloc, failure.message, failure.line, failure.stacktrace)
            for failure in message.failures
        ],
        parse_duration=message.duration,
        warnings=message.warnings,
    )


class _Verdict(msgspec.Struct):
    """The part of ``run/plugins.json`` that scheduling depends on."""

    state: str = ""
    hooks: tuple[str, ...] = ()


def plugins_seen(home: Home) -> PluginsSeen | None:
    """The plugins as they were when they were tried last: until the parser has looked, runs that begin are told to
    their listeners. None when none are known."""
    try:
        found = msgspec.json.decode((home.run / "plugins.json").read_bytes(), type=_Verdict)
    except (OSError, msgspec.MsgspecError):
        return None
    return PluginsSeen(state=found.state, hooks=found.hooks)


class Parsing:
    """Keeps the parser's connection and its findings."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._connection: Connection | None = None
        self.on_detach: Callable[[], None] | None = None
        """Called when the parser's connection is gone."""
        self.asking = Asking()
        self.scanned = False
        """Whether every file that was there at start has been parsed."""

    def attach(self, connection: Connection) -> None:
        self._connection = connection
        self.asking.attach(connection)

    def detach(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
            self.asking.detach()
            if self.on_detach is not None:
                self.on_detach()

    def on_message(self, message: Parsed | Gone | ScanDone | PluginsFound | TimetableAnswer) -> None:
        if isinstance(message, Parsed):
            self._parsed(message)
        elif isinstance(message, Gone):
            self._loop.post(FileGone(relative_fileloc=message.relative_fileloc))
        elif isinstance(message, TimetableAnswer):
            self.asking.answered(message)
        elif isinstance(message, PluginsFound):
            for name, error in message.errors.items():
                log.error("Plugin %s is left out: %s", name, error)
            self._loop.post(PluginsSeen(state=message.state, hooks=tuple(message.hooks)))
        else:
            self.scanned = True
            there = set(message.files)
            for file in self._loop.engine.files():
                if file not in there:
                    self._loop.post(FileGone(relative_fileloc=file))

    def _parsed(self, message: Parsed) -> None:
        for warning in message.warnings:
            log.warning("%s", warning)
        for failure in message.failures:
            at = f", line {failure.line}" if failure.line else ""
            log.error("%s%s: %s", failure.relative_fileloc, at, failure.message)
        self._loop.post(parsed_event(message))

    def reparse(self, relative_fileloc: str | None = None) -> None:
        """Ask for one file, or for all, to be parsed again."""
        if self._connection is not None:
            self._connection.send(Reparse(relative_fileloc))
