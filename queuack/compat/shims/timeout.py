"""``airflow.sdk.execution_time.timeout.timeout``: a block with a time limit, in the main thread of a process."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import ContextDecorator
from types import FrameType, TracebackType
from typing import Any

from queuack.authoring.exceptions import AirflowTaskTimeout

__all__ = ["TimeoutPosix", "timeout"]


class timeout(ContextDecorator):  # noqa: N801 - Airflow's name
    """Raises AirflowTaskTimeout in a block that takes longer than ``seconds``; without effect off the main thread."""

    def __init__(self, seconds: float = 1, error_message: str = "Timeout") -> None:
        self.seconds = seconds
        self.error_message = f"{error_message}, PID: {os.getpid()}"
        self._before: Any = None

    def handle_timeout(self, signum: int, frame: FrameType | None) -> None:
        raise AirflowTaskTimeout(self.error_message)

    def __enter__(self) -> timeout:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGALRM, self.handle_timeout)
            signal.setitimer(signal.ITIMER_REAL, self.seconds)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before or signal.SIG_DFL)


TimeoutPosix = timeout
