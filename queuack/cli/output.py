"""How data is printed: table, json, yaml, plain.

Decides widths, colours and the look of instants. JSON and YAML carry whole rows as the client gave them; ``plain`` and
``table`` the chosen columns; in a table a truth value is ``yes`` or ``no``. On a terminal a table drops its droppable
columns, last first, until it fits; ids are never wrapped or cut. It must not fetch anything.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

Row = Mapping[str, Any]

STATE_STYLES = {
    "success": "green",
    "running": "bright_green",
    "failed": "red",
    "upstream_failed": "yellow",
    "up_for_retry": "yellow",
    "up_for_reschedule": "cyan",
    "skipped": "magenta",
    "queued": "bright_black",
    "scheduled": "bright_black",
    "deferred": "blue",
    "awaiting_input": "blue",
    "removed": "bright_black",
    "restarting": "magenta",
}
GAP = 2
"""Spaces between columns."""
LEAST_PROSE = 30
"""Characters a wrapping column keeps."""


@dataclass(frozen=True)
class Column:
    """One column of a table. ``key``: field of the row, or a function of the row for what is computed."""

    title: str
    key: str | Callable[[Row], Any]
    kind: str = "text"
    """text, instant, state, number."""
    droppable: bool = False
    """May be left out where the terminal is narrow."""
    wraps: bool = False
    """Prose: takes what width is left and wraps. One a table, the last."""

    def value(self, row: Row) -> Any:
        return self.key(row) if callable(self.key) else row.get(self.key)


def print_rows(rows: Sequence[Row], columns: Sequence[Column], output: str, *, empty: str = "Nothing found.") -> None:
    """Print a list. ``empty`` goes to stderr when a table has no rows."""
    if output in ("json", "yaml"):
        print_data([*rows], output)
    elif not rows:
        click.echo(empty, err=True)
    elif output == "plain":
        _print_plain(rows, columns)
    else:
        _print_table(rows, columns)


def fits(rows: Sequence[Row], columns: Sequence[Column]) -> bool:
    """Whether the whole table fits the terminal; always where stdout is none."""
    width = terminal_width()
    return width == sys.maxsize or _total(range(len(columns)), _needs(columns, _cells(rows, columns))) - GAP <= width


def print_vertically(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    """A block for each row, a line for each column."""
    width = max(len(column.title) for column in columns)
    for number, row in enumerate(rows, 1):
        click.secho(f"── row {number} ".ljust(max(width + GAP, 20), "─"), dim=True)
        for column in columns:
            first, *rest = _cell(column, row).split("\n")
            click.echo(f"{column.title:<{width}}{' ' * GAP}{first}".rstrip())
            for line in rest:
                click.echo(f"{' ' * (width + GAP)}{line}".rstrip())


def print_record(record: Row, output: str) -> None:
    """Print one thing: name and value a line, or its JSON or YAML."""
    if output in ("json", "yaml"):
        print_data(record, output)
    else:
        say = _inline if output == "plain" else _for_people
        rows = [{"name": name, "value": say(value)} for name, value in record.items()]
        width = max((len(row["name"]) for row in rows), default=0)
        for row in rows:
            click.echo(f"{row['name']:<{width}}  {row['value']}".rstrip())


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_yaml(value: Any) -> None:
    import yaml  # start-up time: only for -o yaml

    plain = json.loads(json.dumps(value, default=str))
    click.echo(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True), nl=False)


def print_data(value: Any, output: str) -> None:
    """JSON or YAML."""
    if output == "json":
        print_json(value)
    else:
        print_yaml(value)


def columns_for(names: Sequence[str]) -> list[Column]:
    """Columns for fields without further knowledge, as ``--columns`` and ``sql`` need them."""
    return [Column(name, name) for name in names]


def short_instant(value: Any, now: datetime | None = None) -> str:
    """An ISO instant for people: local, to the second; the year only when it is another one."""
    if not value:
        return ""
    try:
        moment = datetime.fromisoformat(str(value)).astimezone()
    except ValueError:
        return str(value)
    now = now or datetime.now().astimezone()
    return moment.strftime("%m-%d %H:%M:%S" if moment.year == now.year else "%Y-%m-%d %H:%M")


def duration(row: Row) -> str:
    """How long a row's thing took, or has taken so far: ``0.12s``, ``3m 04s``, ``2h 05m``."""
    if not row.get("start_date"):
        return ""
    start = datetime.fromisoformat(str(row["start_date"]))
    end = datetime.fromisoformat(str(row["end_date"])) if row.get("end_date") else datetime.now(start.tzinfo)
    return short_duration(max(0.0, (end - start).total_seconds()))


def short_duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.2f}s"
    if seconds < 60:
        return f"{seconds:.0f}s"
    if seconds < 3600:
        return f"{int(seconds) // 60}m {int(seconds) % 60:02d}s"
    return f"{int(seconds) // 3600}h {int(seconds) % 3600 // 60:02d}m"


def counted(number: int, noun: str) -> str:
    """``1 file``, ``2 files``; ``noun`` is one that takes an s."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def on_terminal() -> bool:
    return sys.stdout.isatty()


def terminal_width() -> int:
    """Columns to stay within; without end where stdout is no terminal."""
    return shutil.get_terminal_size((80, 24)).columns if on_terminal() else sys.maxsize


def state_text(state: Any) -> str:
    """A state, coloured where stdout is a terminal."""
    word = str(state or "none")
    coloured = on_terminal() and "NO_COLOR" not in os.environ
    return click.style(word, fg=STATE_STYLES.get(word)) if coloured else word


def _print_plain(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    lines = [[column.title for column in columns]]
    lines += [[_inline(column.value(row)) or "-" for column in columns] for row in rows]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        click.echo((" " * GAP).join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip())


def _print_table(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    from rich.console import Console  # start-up time: only where a table is drawn
    from rich.table import Table
    from rich.text import Text

    cells = _cells(rows, columns)
    needs = _needs(columns, cells)
    chosen, total = fitting(columns, needs, terminal_width())
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for index in chosen:
        prose = columns[index].wraps
        table.add_column(
            columns[index].title,
            no_wrap=not prose,
            overflow="fold",
            min_width=None if prose else needs[index],
            justify="right" if columns[index].kind == "number" else "left",
        )
    for row in range(len(rows)):
        texts = [cells[index][row] for index in chosen]
        styles = [STATE_STYLES.get(cells[i][row], "") if columns[i].kind == "state" else "" for i in chosen]
        table.add_row(*(Text(text, style=style) for text, style in zip(texts, styles, strict=True)))
    console = Console(width=total, highlight=False)
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        click.echo(line.rstrip(), color=True)


def _cells(rows: Sequence[Row], columns: Sequence[Column]) -> list[list[str]]:
    """Texts by column."""
    return [[_cell(column, row) for row in rows] for column in columns]


def _needs(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    """Width of each column."""
    from rich.cells import cell_len  # start-up time: as above

    return [
        max(cell_len(line) for text in (column.title, *texts) for line in text.split("\n"))
        for column, texts in zip(columns, cells, strict=True)
    ]


def fitting(columns: Sequence[Column], needs: Sequence[int], width: int) -> tuple[list[int], int]:
    """The indexes of the columns to show in ``width``, and the width they take. Droppable ones go, last first; prose
    gives way down to ``LEAST_PROSE``. What may not go may be wider than the terminal."""
    least = [min(need, LEAST_PROSE) if column.wraps else need for column, need in zip(columns, needs, strict=True)]
    chosen = list(range(len(columns)))
    for index in reversed(range(len(columns))):
        if _total(chosen, least) <= width:
            break
        if columns[index].droppable:
            chosen.remove(index)
    return chosen, min(_total(chosen, needs), max(width, _total(chosen, least)))


def _total(chosen: Sequence[int], widths: Sequence[int]) -> int:
    return sum(widths[index] + GAP for index in chosen)


def _cell(column: Column, row: Row) -> str:
    value = column.value(row)
    return short_instant(value) if column.kind == "instant" else _for_people(value)


def _for_people(value: Any) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else _inline(value)


def _inline(value: Any) -> str:
    """One value on one line, as far as it goes."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        value = sorted(value, key=str) if isinstance(value, set | frozenset) else [*value]
        if all(isinstance(item, str) for item in value):
            return ", ".join(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
