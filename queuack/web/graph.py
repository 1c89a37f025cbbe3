"""A DAG as boxes and lines: which boxes there are (groups fold), where they stand, as SVG. Pure.

Each open group is laid out by itself and stands as one box among its siblings; an edge is drawn between the two
siblings that it leads from and to, so that the picture shows at every level what comes after what.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from queuack.web.cells import Cell, together
from queuack.web.graph_rows import spread
from queuack.web.layout import Edge, Layout, Point, layered, path
from queuack.web.outline import Document, Line, outline
from queuack.web.view import duration

HEIGHT, NARROWEST, WIDEST = 44.0, 132.0, 260.0
LETTER = 7.3
"""Pixels of a letter in the font of labels."""
PADDING, TITLE = 14.0, 24.0
"""Inside the box of an open group."""
MANY = 60
"""Tasks above which groups are folded where nothing was said."""


@dataclass(frozen=True)
class Node:
    """A box of the picture, its corner relative to the whole."""

    line: Line
    x: float
    y: float
    width: float
    height: float
    is_open: bool


@dataclass
class Picture:
    """What is drawn."""

    nodes: list[Node] = field(default_factory=list)
    ways: list[tuple[Edge, tuple[Point, ...]]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def groups_folded(lines: Sequence[Line]) -> set[str]:
    """The groups that are folded where the person has not said which."""
    if sum(not line.is_group for line in lines) <= MANY:
        return set()
    return {line.id for line in lines if line.is_group}


@dataclass(frozen=True)
class _Placed:
    """A group's inside (or the whole): where its boxes stand, and the insides of open groups among them."""

    layout: Layout
    below: dict[str, _Placed]


def picture(document: Document, folded: Collection[str]) -> Picture:
    """Boxes and ways of a DAG; what is in ``folded`` groups does not show."""
    lines = outline(document)
    by_parent: dict[str | None, list[Line]] = {}
    for line in lines:
        if not any(group in folded for group in line.inside):
            by_parent.setdefault(line.inside[-1] if line.inside else None, []).append(line)
    edges = _edges(document, {line.id: line for line in lines}, folded)
    placed = _place(None, by_parent, edges)
    drawn = Picture(width=placed.layout.width, height=placed.layout.height)
    _collect(drawn, placed, None, by_parent, 0.0, 0.0)
    return drawn


def _place(
    parent: str | None, by_parent: Mapping[str | None, list[Line]], edges: Mapping[str | None, set[Edge]]
) -> _Placed:
    below: dict[str, _Placed] = {}
    sizes: dict[str, tuple[float, float]] = {}
    for line in by_parent.get(parent, ()):
        if line.is_group and line.id in by_parent:
            below[line.id] = inner = _place(line.id, by_parent, edges)
            width = max(inner.layout.width + 2 * PADDING, _width(line))
            sizes[line.id] = (width, inner.layout.height + PADDING + TITLE)
        else:
            sizes[line.id] = (_width(line), HEIGHT)
    return _Placed(spread(layered(sizes, edges.get(parent, ()))), below)


def _collect(
    drawn: Picture,
    placed: _Placed,
    parent: str | None,
    by_parent: Mapping[str | None, list[Line]],
    dx: float,
    dy: float,
) -> None:
    for line in by_parent.get(parent, ()):
        box = placed.layout.boxes[line.id]
        inner = placed.below.get(line.id)
        drawn.nodes.append(Node(line, box.x + dx, box.y + dy, box.width, box.height, inner is not None))
        if inner is not None:
            _collect(drawn, inner, line.id, by_parent, box.x + dx + PADDING, box.y + dy + TITLE)
    for edge, way in placed.layout.routes.items():
        drawn.ways.append((edge, tuple((x + dx, y + dy) for x, y in way)))


def _width(line: Line) -> float:
    return min(WIDEST, max(NARROWEST, 34 + LETTER * (len(line.label) + 4 * line.is_mapped)))


def _edges(document: Document, lines: Mapping[str, Line], folded: Collection[str]) -> dict[str | None, set[Edge]]:
    """Parent group → edges between what stands directly in it."""
    found: dict[str | None, set[Edge]] = {}
    for task in document.get("tasks", ()):
        above = (*lines[task["task_id"]].inside, task["task_id"])
        for target in task.get("downstream_task_ids", ()):
            if target not in lines:
                continue
            below = (*lines[target].inside, target)
            depth = next(at for at, (one, other) in enumerate(zip(above, below, strict=False)) if one != other)
            parent = above[depth - 1] if depth else None
            if parent not in folded:
                found.setdefault(parent, set()).add((above[depth], below[depth]))
    return found


def svg(
    drawn: Picture,
    cells: dict[str, Cell],
    link: Callable[[Line], str],
    fold: Callable[[Line, bool], str],
    labels: Mapping[Edge, str],
) -> Markup:
    """``link``: where a box leads. ``fold``: the address of the picture with a group folded (True) or open."""
    parts = [
        f'<svg class="graph" id="graph-svg" viewBox="-12 -12 {drawn.width + 24:.0f} {drawn.height + 24:.0f}" '
        f'width="{drawn.width + 24:.0f}" height="{drawn.height + 24:.0f}" role="group" aria-label="Graph of tasks">'
    ]
    parts += [_group(node, cells, fold) for node in drawn.nodes if node.is_open]
    for (source, target), way in drawn.ways:
        parts.append(f'<path class="edge" data-from="{escape(source)}" data-to="{escape(target)}" d="{path(way)}"/>')
        if label := labels.get((source, target)):
            (x0, y0), (x1, y1) = way[0], way[1]
            middle = f'x="{(x0 + x1) / 2:.0f}" y="{(y0 + y1) / 2 - 4:.0f}"'
            parts.append(f'<text class="sub" text-anchor="middle" {middle}>{escape(label)}</text>')
    parts += [_node(node, cells, link, fold) for node in drawn.nodes if not node.is_open]
    return Markup("".join(parts) + "</svg>")


def _group(node: Node, cells: dict[str, Cell], fold: Callable[[Line, bool], str]) -> str:
    state = together(cells, node.line.members).state
    return (
        f'<g class="group s-{state}" id="node-{escape(node.line.id)}" transform="translate({node.x:.1f},{node.y:.1f})">'
        f'<rect width="{node.width:.1f}" height="{node.height:.1f}"/>'
        f'<a href="{escape(fold(node.line, True))}" aria-label="Fold group {escape(node.line.id)}">'
        f'<text class="sub" x="{PADDING:.0f}" y="16">▾ {escape(node.line.label)}</text></a></g>'
    )


def _node(node: Node, cells: dict[str, Cell], link: Callable[[Line], str], fold: Callable[[Line, bool], str]) -> str:
    line = node.line
    cell = together(cells, line.members) if line.is_group else cells.get(line.id, Cell())
    state = cell.state
    target = fold(line, False) if line.is_group else link(line)
    under = cell.words() if cell.total > 1 else line.operator if not cell.counts else _took(cell)
    if line.is_group and not cell.counts:
        under = f"{len(line.members)} tasks"
    room = int((node.width - 30) / LETTER)
    label = ("▸ " if line.is_group else "") + line.label + (" [ ]" if line.is_mapped else "")
    short = label if len(label) <= room else label[: room - 1] + "…"
    word = f"{line.id}: {cell.words()}" if cell.counts else line.id
    return (
        f'<a class="node s-{state}{" folded" if line.is_group else ""}" id="node-{escape(line.id)}" '
        f'href="{escape(target)}" data-node="{escape(line.id)}" transform="translate({node.x:.1f},{node.y:.1f})">'
        f"<title>{escape(word)}</title>"
        f'<rect width="{node.width:.1f}" height="{node.height:.1f}"/><rect class="stripe" x="8" y="10" width="4" '
        f'height="24"/><text x="22" y="19">{escape(short)}</text>'
        f'<text class="sub" x="22" y="34">{escape(under[: room + 4])}</text></a>'
    )


def _took(cell: Cell) -> str:
    return f"{cell.state} {duration(cell.duration)}" if cell.duration is not None else cell.state
