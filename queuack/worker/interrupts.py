"""How user code in the main thread is stopped from outside: cancelling, timeouts, SIGTERM.

Python runs signal handlers in the main thread between two bytecodes, so an exception raised there can cut through
anything. This module decides when that is allowed: only while user code runs (``armed``), never inside the worker's
own critical sections (``shield``), where it waits until the section ends.
"""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Protocol

from queuack.authoring.exceptions import AirflowTaskTerminated, AirflowTaskTimeout

CANCEL_SIGNAL: int = getattr(signal, "SIGRTMIN", signal.SIGUSR1) + (7 if hasattr(signal, "SIGRTMIN") else 0)
"""Not one that user code is likely to use."""


Owner = tuple[int, int]
"""(ti_id, try_number) of the attempt whose code runs."""


class TaskCancelled(BaseException):
    """The attempt is stopped from outside; nothing is reported of it."""


def is_interrupt(error: BaseException) -> bool:
    """Whether ``error`` stopped user code from outside."""
    return isinstance(error, TaskCancelled | AirflowTaskTerminated | AirflowTaskTimeout)


class Guard(Protocol):
    """What code that runs an attempt needs of the way it is stopped."""

    def arm(self, owner: Owner) -> None:
        """User code of the attempt ``owner`` begins. Raises TaskCancelled when that has been cancelled already."""

    def disarm(self) -> None:
        """User code has ended. Whatever comes now comes too late."""

    def is_interrupt(self, error: BaseException) -> bool:
        """Whether ``error`` stopped user code from outside (also when it was raised from another one)."""

    def start_timer(self, seconds: float) -> None:
        """Raise AirflowTaskTimeout in ``seconds`` (at least a microsecond)."""

    def stop_timer(self) -> None:
        """No more of ``start_timer``. A timer that user code has started itself is left alone."""


class Interrupts:
    """The signal handlers of a worker, its shield and its timer. One per process."""

    def __init__(self) -> None:
        self._main = threading.get_ident()
        self._shields = 0
        self._armed = False
        self._pending: BaseException | None = None
        self._owner: Owner | None = None
        self._cancelled: Owner | None = None
        self._cancel_reason = ""
        self._only_owner = False
        self._timed = False
        self.stop_requested = False
        """SIGTERM came: leave after what runs now."""
        self.wake_read, self._wake_write = wake_pipe()
        """Readable after a signal, for those who poll."""

    def install(self) -> None:
        """Set the handlers. Main thread only."""
        self._main = threading.get_ident()
        signal.signal(CANCEL_SIGNAL, self._on_cancel)
        signal.signal(signal.SIGTERM, self._on_terminate)
        signal.signal(signal.SIGALRM, self._on_alarm)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def cancel(self, owner: Owner | None, reason: str) -> None:
        """Raise TaskCancelled in the main thread, now or as soon as the code of ``owner`` runs there; None: whoever
        runs there now. Any thread."""
        self._cancelled = owner if owner is not None else self._owner
        self._cancel_reason = reason
        signal.pthread_kill(self._main, CANCEL_SIGNAL)

    def wake(self) -> None:
        """Make ``wake_read`` readable."""
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:
            pass

    def drain_wake(self) -> None:
        drain(self.wake_read)

    def arm(self, owner: Owner) -> None:
        """User code of the attempt ``owner`` begins. Raises TaskCancelled when that has been cancelled already."""
        self._pending = None
        self._owner = owner
        self._armed = True
        if self._cancelled == owner:
            self._cancelled = None
            raise TaskCancelled(self._cancel_reason)

    def disarm(self) -> None:
        """User code has ended. Whatever comes now comes too late."""
        self._armed = False
        self._pending = None

    def after_fork(self) -> None:
        """In a fork that runs one attempt: every cancel is for it, and the parent is not woken."""
        self.wake_read, self._wake_write = wake_pipe()
        self._only_owner = True

    def is_interrupt(self, error: BaseException) -> bool:
        """Whether ``error`` stopped user code from outside (also when it was raised from another one)."""
        return is_interrupt(error)

    def __enter__(self) -> Interrupts:
        """Begin a critical section."""
        if threading.get_ident() == self._main:
            self._shields += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.get_ident() == self._main:
            self._shields -= 1
            if self._pending is not None and not self._shields and self._armed:
                pending, self._pending = self._pending, None
                raise pending

    def start_timer(self, seconds: float) -> None:
        """Raise AirflowTaskTimeout in ``seconds`` (at least a microsecond)."""
        self._timed = True
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))

    def stop_timer(self) -> None:
        """No more of ``start_timer``. A timer that user code has started itself is left alone."""
        if self._timed:
            self._timed = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _raise(self, error: BaseException) -> None:
        if not self._armed:
            return
        if self._shields:
            self._pending = error
            return
        raise error

    def _on_cancel(self, number: int, frame: FrameType | None) -> None:
        self.wake()
        if self._only_owner:
            self._raise(TaskCancelled("cancelled"))
        elif self._armed and self._cancelled is not None and self._cancelled == self._owner:
            self._cancelled = None
            self._raise(TaskCancelled(self._cancel_reason))

    def _on_terminate(self, number: int, frame: FrameType | None) -> None:
        self.stop_requested = True
        self.wake()
        self._raise(AirflowTaskTerminated("The worker was asked to terminate (SIGTERM)."))

    def _on_alarm(self, number: int, frame: FrameType | None) -> None:
        self._raise(AirflowTaskTimeout("Timeout"))


def wake_pipe() -> tuple[int, int]:
    """(read end, write end), neither blocks."""
    ends = os.pipe()
    for fd in ends:
        os.set_blocking(fd, False)
    return ends


def drain(fd: int) -> None:
    """Empty a pipe that does not block."""
    try:
        os.read(fd, 4096)
    except BlockingIOError:
        pass
