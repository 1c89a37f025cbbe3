"""How services reach the engine and the store: the same calls in a live daemon and on a file nobody has open.

Service methods run in ordinary threads and may block; a Port carries what they want to where it must happen.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from queuack.daemon.asking import Asking, runs_of
from queuack.daemon.loop import DirectLoop, Loop
from queuack.engine.effects import Write, XComRow
from queuack.engine.engine import Engine
from queuack.engine.events import Event
from queuack.errors import QueuackError
from queuack.protocol import TimetableAnswer, TimetableQuestion, TimetableRun
from queuack.store.batch import Place, TaskPlace
from queuack.store.database import Database
from queuack.store.reader import Reader
from queuack.store.writer import Writer

T = TypeVar("T")
Ask = Callable[[TimetableQuestion], TimetableAnswer]


class Port(Protocol):
    """What a service needs of the system."""

    recalling: threading.Lock
    """Held by who takes a finished run from the file into the engine, or from the file for good."""

    def request(self, event: Event) -> Any:
        """Have the engine carry out a request; returns its reply once durable, raises its refusal."""

    def request_all(self, events: Sequence[Event]) -> list[Any]:
        """The same of several that do not depend on one another, in as few commits as possible."""

    def write(self, *writes: Write) -> None:
        """Write rows that are no business of the engine; returns once durable."""

    def on_engine(self, look: Callable[[Engine], T]) -> T:
        """Look at the engine where it is safe to."""

    def waiting_xcom(self, place: Place, key: str) -> XComRow | bool | None:
        """An XCom that waits in the store's journal; see ``Writer.xcom``."""

    def waiting_xcoms(self, task: TaskPlace, key: str) -> dict[int, XComRow | None]:
        """Those of a task's instances that wait there; see ``Writer.xcoms``."""

    def ask_timetable(self, question: TimetableQuestion) -> list[TimetableRun]:
        """Have a custom timetable asked. Raises QueuackError with its error, or when there is nobody to ask."""

    def roles(self) -> set[str] | None:
        """The roles of the processes that are connected to the daemon; None when no daemon runs."""

    def members(self) -> list[tuple[str, int, int]] | None:
        """(role, pid, connected since in microseconds) of the same, and of the daemon ("scheduler")."""

    def reparse(self, relative_fileloc: str | None) -> bool:
        """Have a file (None: every file) parsed at once, changed or not. False where no daemon runs."""

    def reader(self) -> Any:
        """A context manager that gives a Reader on a snapshot of the file."""


class LivePort:
    """For threads of a running daemon."""

    def __init__(
        self,
        loop: Loop,
        database: Database,
        writer: Writer,
        event_loop: asyncio.AbstractEventLoop,
        asking: Asking | None = None,
        *,
        members: Callable[[], list[tuple[str, int, int]]] = list,
        reparse: Callable[[str | None], None] | None = None,
    ) -> None:
        self.recalling = threading.Lock()
        self._members, self._reparse = members, reparse
        self._asking = asking or Asking()
        self._loop = loop
        self.waiting_xcom, self.waiting_xcoms = writer.xcom, writer.xcoms
        self._database = database
        self._event_loop = event_loop

    def roles(self) -> set[str] | None:
        return {role for role, _, _ in self._members()}

    def members(self) -> list[tuple[str, int, int]] | None:
        return self._members()

    def reparse(self, relative_fileloc: str | None) -> bool:
        if self._reparse is None:
            return False
        self._event_loop.call_soon_threadsafe(self._reparse, relative_fileloc)
        return True

    def request(self, event: Event) -> Any:
        return asyncio.run_coroutine_threadsafe(self._loop.request(event), self._event_loop).result()

    def request_all(self, events: Sequence[Event]) -> list[Any]:
        async def carry() -> list[Any]:
            return await asyncio.gather(*(self._loop.request(event) for event in events))

        return asyncio.run_coroutine_threadsafe(carry(), self._event_loop).result()

    def write(self, *writes: Write) -> None:
        async def carry() -> None:
            self._loop.write(*writes)
            await self._loop.settled()

        asyncio.run_coroutine_threadsafe(carry(), self._event_loop).result()

    def on_engine(self, look: Callable[[Engine], T]) -> T:
        async def carry() -> T:
            return look(self._loop.engine)

        return asyncio.run_coroutine_threadsafe(carry(), self._event_loop).result()

    def ask_timetable(self, question: TimetableQuestion) -> list[TimetableRun]:
        return asyncio.run_coroutine_threadsafe(self._asking.ask(question), self._event_loop).result()

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        with self._database.reader() as reader:
            yield reader


class DirectPort:
    """For a command that has the file to itself, and for ``dag.test()``."""

    def __init__(self, loop: DirectLoop, database: Database, writer: Writer, ask: Ask | None = None) -> None:
        """``ask`` answers questions to custom timetables; None: they cannot be asked."""
        self.recalling = threading.Lock()
        self.loop = loop
        self._ask = ask
        self.waiting_xcom, self.waiting_xcoms = writer.xcom, writer.xcoms
        self._database = database

    def roles(self) -> set[str] | None:
        return None

    def members(self) -> list[tuple[str, int, int]] | None:
        return None

    def reparse(self, relative_fileloc: str | None) -> bool:
        return False

    def request(self, event: Event) -> Any:
        return self.loop.request(event)

    def request_all(self, events: Sequence[Event]) -> list[Any]:
        return [self.loop.request(event) for event in events]

    def write(self, *writes: Write) -> None:
        self.loop.round(writes=writes)
        self.loop.fold()

    def on_engine(self, look: Callable[[Engine], T]) -> T:
        return look(self.loop.engine)

    def ask_timetable(self, question: TimetableQuestion) -> list[TimetableRun]:
        if self._ask is None:
            raise QueuackError(f"The timetable {question.importable} cannot be asked here.")
        return runs_of(question, self._ask(question))

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        with self._database.reader() as reader:
            yield reader
