"""How ``queuack top`` looks: a head, pools, runs and tasks, cut to the terminal. It only draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from queuack.cli.output import STATE_STYLES, counted, duration

WIDTH = 80
"""Columns where stdout is no terminal."""

Seen = Mapping[str, Any]
Row = Mapping[str, Any]


def text(seen: Seen, home: str) -> str:
    """The whole picture as plain text."""
    console = Console(width=WIDTH, highlight=False, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(picture(seen, home, console.width, None))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


@contextmanager
def screen() -> Iterator[Callable[[Seen, str], None]]:
    """A function that draws over what it drew before, on a screen of its own."""
    console = Console(highlight=False)
    with Live(console=console, screen=True, auto_refresh=False) as live:

        def draw(seen: Seen, home: str) -> None:
            live.update(picture(seen, home, console.width, console.height), refresh=True)

        yield draw


def picture(seen: Seen, home: str, width: int, height: int | None) -> Group:
    """``height``: lines there are; None: no end."""
    load = seen["load"]
    head = [_title(home, width), _processes(seen), _counts(seen), Text("")]
    pools = [pool for pool in load["pools"] if pool["occupied_slots"]] or load["pools"][:1]
    left = None if height is None else max(height - len(head) - 6, 4)
    shown = [] if left is None else _shares(left, len(pools), len(load["runs"]), len(load["tasks"]))
    parts: list[Any] = [*head]
    for index, (title, make, rows) in enumerate(
        (("pools", _pools, pools), ("runs", _runs, load["runs"]), ("tasks", _tasks, load["tasks"]))
    ):
        some = rows if left is None else rows[: shown[index]]
        if rows:
            parts += [make(some), Text("")]
        elif title != "pools":
            parts += [Text(f"no {title}", style="dim"), Text("")]
    return Group(*parts[:-1])


def _shares(lines: int, *wanted: int) -> list[int]:
    """How many lines each part gets: pools and runs a quarter each at the most, unless the others leave more."""
    shares = [min(want, max(lines // 4, 1)) for want in wanted]
    left = lines - sum(shares)
    for index in reversed(range(len(wanted))):
        more = min(max(left, 0), wanted[index] - shares[index])
        shares[index] += more
        left -= more
    return shares


def _title(home: str, width: int) -> Text:
    now = datetime.now().strftime("%H:%M:%S")
    room = width - len("queuack ") - len(now) - 2
    place = home if len(home) <= room else f"…{home[1 - room :]}"
    return Text.assemble(("queuack ", "bold"), f"{place:<{room}}", "  ", now)


def _processes(seen: Seen) -> Text:
    line = Text()
    for name in ("scheduler", "dag_processor", "triggerer"):
        status = seen["health"][name]["status"]
        line.append(f"{name} ")
        line.append(f"{status}   ", style="green" if status == "healthy" else "red")
    workers = sum(1 for process in seen["processes"] if process["role"] == "worker")
    return line.append(counted(workers, "worker"))


def _counts(seen: Seen) -> Text:
    overview = seen["overview"]
    said = f"{counted(overview['running_tasks'], 'task')} running, {overview['queued_tasks']} queued"
    said += f"   {counted(overview['running_runs'], 'run')} running"
    line = Text(said)
    if overview["ended"]:
        failed = overview["ended"] - overview["succeeded"]
        line.append(f"   24 h: {counted(overview['ended'], 'run')} ended, ")
        line.append(f"{failed} not well", style="red" if failed else "green")
    return line


def _pools(rows: Sequence[Row]) -> Table:
    table = _table(("pool", "wide"), ("used", "right"), ("slots", "right"), ("", "left"))
    for row in rows:
        slots = row["slots"]
        part = row["occupied_slots"] / slots if slots > 0 else 0.0
        bar = Text("█" * round(20 * min(part, 1.0)), style="red" if part >= 1 else "green")
        bar.append("░" * (20 - len(bar)), style="dim")
        table.add_row(_wide(row["pool"]), str(row["occupied_slots"]), "no limit" if slots < 0 else str(slots), bar)
    return table


def _runs(rows: Sequence[Row]) -> Table:
    table = _table(
        ("dag_id", "wide"),
        ("run_id", "wide"),
        ("state", "left"),
        ("done", "right"),
        ("failed", "right"),
        ("took", "right"),
    )
    for row in rows:
        done = f"{row['done']}/{row['total']}"
        failed = Text(str(row["failed"]), style="red" if row["failed"] else "dim")
        table.add_row(_wide(row["dag_id"]), _wide(row["run_id"]), _state(row["state"]), done, failed, duration(row))
    return table


def _tasks(rows: Sequence[Row]) -> Table:
    table = _table(
        ("task_id", "wide"),
        ("dag_id", "wide"),
        ("run_id", "wide"),
        ("state", "left"),
        ("try", "right"),
        ("took", "right"),
    )
    for row in rows:
        index = row["map_index"]
        name = f"{row['task_id']}[{index}]" if index >= 0 else row["task_id"]
        table.add_row(
            _wide(name),
            _wide(row["dag_id"]),
            _wide(row["run_id"]),
            _state(row["state"]),
            str(row["try_number"]),
            duration(row),
        )
    return table


def _state(state: str) -> Text:
    return Text(state, style=STATE_STYLES.get(state, ""))


def _table(*columns: tuple[str, str]) -> Table:
    """``wide`` columns give way where the terminal is narrow; the others keep what they need."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold dim")
    for title, kind in columns:
        wide = kind == "wide"
        table.add_column(
            title, justify="right" if kind == "right" else "left", no_wrap=not wide, min_width=8 if wide else None
        )
    return table


def _wide(value: str) -> Text:
    return Text(value, no_wrap=True, overflow="ellipsis")
