"""The grid's columns: one a run, a cell for each line of the outline. Makes HTML; asks nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from markupsafe import Markup, escape

from queuack.web.cells import Cell, Cells, together
from queuack.web.outline import Line
from queuack.web.view import duration, segment

Row = dict[str, Any]

MOST_CELLS = 8_000
"""Cells of one answer: of a DAG with many tasks fewer runs come at once."""

COLUMNS = (8, 30)
"""Runs of one answer, at least and at most."""

TALLEST = 52
"""Pixels of the bar of the longest run."""


def shape(lines: Sequence[Line]) -> str:
    """Equal for outlines whose cells stand in the same rows: a page knows by it that its names are out of date."""
    return f"{crc32(chr(10).join(line.id for line in lines).encode()):08x}"


def columns_at_once(lines: Sequence[Line]) -> int:
    """How many runs one answer shows."""
    least, most = COLUMNS
    return max(least, min(most, MOST_CELLS // max(1, len(lines))))


def columns(dag_id: str, lines: Sequence[Line], runs: Sequence[Row], cells: Cells) -> Markup:
    """``<li>`` for each of ``runs``, in their order."""
    longest = max((run["duration"] or 0 for run in runs), default=0) or 1
    return Markup("\n").join(_column(dag_id, lines, run, cells.get(run["id"], {}), longest) for run in runs)


def _column(dag_id: str, lines: Sequence[Line], run: Row, cells: dict[str, Cell], longest: float) -> Markup:
    run_id = str(escape(run["run_id"]))
    state = run["state"] or "none"
    place = f"/dags/{segment(dag_id)}/runs/{segment(run['run_id'])}"
    height = round(4 + (TALLEST - 4) * min(1.0, (run["duration"] or 0) / longest))
    parts = [
        f'<li id="run-{run["id"]}"><a class="bar s-{state}" href="{place}" '
        f'title="Run {run_id}: {state}, {duration(run["duration"])}"><b style="height:{height}px"></b></a>'
    ]
    for number, line in enumerate(lines):
        cell = together(cells, line.members) if line.is_group else cells.get(line.id)
        if cell is None or not cell.counts:
            parts.append(f'<i class="cell r{number}"></i>')
            continue
        target = f"{place}?group={segment(line.id)}" if line.is_group else f"{place}/tasks/{segment(line.id)}"
        took = f", {duration(cell.duration)}" if cell.duration is not None else ""
        tries = f", try {cell.tries}" if cell.tries > 1 else ""
        parts.append(
            f'<a class="cell r{number} s-{cell.state}" href="{target}" '
            f'title="{escape(line.id)} in {run_id}: {cell.words()}{took}{tries}"></a>'
        )
    return Markup("".join(parts) + "</li>")
