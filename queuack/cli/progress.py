"""What a person sees while ``dags test`` runs: a bar on a terminal, one line a finished task elsewhere.

Events come from ``queuack.testing`` as mappings with ``kind``:
``run`` (dag_id, run_id, state, total: number of task instances known), ``task`` (task_id, map_index, try_number, state,
and duration in seconds when it ended), ``log`` (line: text a task wrote, already formatted).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

from queuack.cli.output import on_terminal, short_duration, state_text

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

ENDED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})


class RunProgress:
    """A context manager; hand its ``event`` to what runs the DAG."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._line: TaskID | None = None
        self._total = 0
        self._ended: set[tuple[str, int]] = set()

    def __enter__(self) -> Self:
        if on_terminal():
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), transient=True
            )
            self._line = self._bar.add_task("starting", total=None)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def event(self, event: Mapping[str, Any]) -> None:
        kind = event.get("kind")
        if kind == "log":
            self._print(f"    {event.get('line', '')}")
        elif kind == "task":
            self._task(event)
        elif kind == "run":
            self._run(event)

    def _task(self, event: Mapping[str, Any]) -> None:
        state = str(event.get("state"))
        map_index = int(event.get("map_index", -1))
        name = f"{event['task_id']}[{map_index}]" if map_index >= 0 else str(event["task_id"])
        if state in ENDED or state == "up_for_retry":
            took = event.get("duration")
            tries = f"  try {event['try_number']}" if event.get("try_number", 1) > 1 or state == "up_for_retry" else ""
            self._print(f"{state_text(state)}  {name}{tries}{'' if took is None else '  ' + short_duration(took)}")
        if state in ENDED:
            self._ended.add((str(event["task_id"]), map_index))
        self._advance(name if state == "running" else None)

    def _run(self, event: Mapping[str, Any]) -> None:
        self._total = int(event.get("total") or self._total)
        state = event.get("state")
        if state in ("success", "failed"):
            self._print(f"{state_text(state)}  run {event.get('run_id')} of {event.get('dag_id')}")
        self._advance(str(event.get("dag_id")))

    def _advance(self, description: str | None) -> None:
        if self._bar is None or self._line is None:
            return
        done = len(self._ended)
        self._bar.update(self._line, completed=done, total=max(self._total, done) or None)
        if description is not None:
            self._bar.update(self._line, description=description)

    def _print(self, line: str) -> None:
        if self._bar is None:
            click.echo(line)
        else:
            from rich.text import Text  # start-up time: rich is loaded only where a bar is drawn

            self._bar.console.print(Text.from_ansi(line), soft_wrap=True)
