"""The watchdog: finds a trigger that blocks the event loop, and says which one and where.

A thread looks ten times a second whether the loop still turns. It changes nothing.
Airflow page: authoring-and-scheduling/deferring ("Triggers … must not block").
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
import traceback

from queuack.triggerer.logs import TriggerLogs

LOOK_SECONDS = 0.1
LONGEST_STORY = 8
"""Frames of the blocking code that are written."""
_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class Watchdog:
    """Of one event loop; made in its thread."""

    def __init__(self, logs: TriggerLogs, threshold: float) -> None:
        self._logs = logs
        self._threshold = threshold
        self._loop = asyncio.get_running_loop()
        self._thread_id = threading.get_ident()
        self._beat = time.monotonic()
        self._done = threading.Event()

    def start(self) -> None:
        self._tick()
        threading.Thread(target=self._watch, name="queuack-watchdog", daemon=True).start()

    def stop(self) -> None:
        self._done.set()

    def _tick(self) -> None:
        self._beat = time.monotonic()
        if not self._done.is_set():
            self._loop.call_later(LOOK_SECONDS, self._tick)

    def _watch(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            beat = self._beat
            if time.monotonic() - beat < LOOK_SECONDS + self._threshold:
                continue
            culprit, story = self._culprit()
            while self._beat == beat and not self._done.wait(LOOK_SECONDS):
                pass
            blocked = time.monotonic() - beat
            self._logs.write(
                "warning",
                f"{culprit} blocked the event loop for {blocked:.2f} s; all other triggers waited. "
                f"A trigger must await what takes long ([triggerer] blocked_main_thread_warning_threshold).\n{story}",
            )

    def _culprit(self) -> tuple[str, str]:
        """What runs in the loop right now: its name, and the code."""
        task = asyncio.current_task(self._loop)
        frame = sys._current_frames().get(self._thread_id)
        stack = [] if frame is None else traceback.extract_stack(frame)
        below = max((at for at, entry in enumerate(stack) if entry.filename.startswith(_HERE)), default=-1) + 1
        lines = [f"  {entry.filename}:{entry.lineno} in {entry.name}: {entry.line or ''}" for entry in stack[below:]]
        name = "Something" if task is None else f"The trigger {task.get_name()}"
        return name, "\n".join(lines[-LONGEST_STORY:])
