"""What every executor offers the daemon, and what it tells it. Decides names only.

An *attempt* is (ti_id, try_number); a callback is one with a negative ti_id. After ``submit`` the executor owes exactly
one of: a Finished (or CallbackRan) fact, ``lost``, ``returned``, or nothing once ``cancel`` was called.
Airflow page: core-concepts/executor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from queuack.begun import Begun
from queuack.executors.connection import Connection
from queuack.protocol import Fact, Hello, ToDaemon, Workload

Attempt = tuple[int, int]
"""(ti_id, try_number)."""


class Listener(Protocol):
    """The daemon, as executors see it. Called in the event loop's thread."""

    def deliver(self, worker_id: str, facts: Sequence[Fact]) -> None:
        """Facts of a worker, in order and none twice; to be acknowledged once durable."""

    def lost(self, ti_id: int, try_number: int, reason: str) -> None:
        """The process that ran it is dead."""

    def returned(self, ti_id: int, try_number: int) -> None:
        """It was handed out and never begun."""


class Executor(Protocol):
    """All methods are for the event loop's thread."""

    async def start(self) -> None:
        """Make ready; workers may still be starting when it returns."""

    async def stop(self, grace: float) -> None:
        """Let running tasks end for ``grace`` seconds, then end the processes."""

    async def recover(self, timeout: float) -> set[Attempt]:
        """At the daemon's start, once it listens: what surviving workers hold; ``timeout`` seconds to say so."""

    def begun_by_the_dead(self) -> Mapping[Attempt, Begun]:
        """After ``recover``: what workers noted as begun that are dead. Empty where workers keep no notes."""

    def forget_the_dead(self) -> None:
        """What ``begun_by_the_dead`` said is durable."""

    def submit(self, workloads: Sequence[Workload]) -> None:
        """Run these, in this order where it matters; returns at once."""

    def cancel(self, ti_id: int, try_number: int, reason: str) -> None:
        """Stop an attempt; nothing more is heard of it."""

    def acknowledge(self, worker_id: str, seq: int) -> None:
        """The facts of a worker up to ``seq`` are durable."""

    def attach(self, connection: Connection, hello: Hello) -> None:
        """A worker has introduced itself (its token has been checked)."""

    def on_message(self, connection: Connection, message: ToDaemon) -> None:
        """A worker has said something; not Hello, not Ask."""

    def on_disconnect(self, connection: Connection) -> None:
        """A worker's connection is gone."""

    @property
    def slots(self) -> int:
        """Attempts it could take and begin at once."""

    @property
    def load(self) -> int:
        """Attempts it has."""
