"""Gives the boxes of a layered layout, which may differ much in height, rows of their own heights. Pure.

The layout decides layers, the order within them and the ways of edges; here only heights change: each layer is pushed
apart or together so that boxes stand near the middle of what they are connected with and do not overlap.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from queuack.web.layout import ROW_GAP, Box, Layout, Point

SWEEPS = 6
THREAD = 4.0
"""Height of the place where an edge passes through a layer."""


@dataclass
class _Item:
    height: float
    middle: float
    order: float
    beside: list[int]


def spread(layout: Layout) -> Layout:
    """The same picture with rows as high as they must be."""
    if not layout.boxes:
        return layout
    if len({box.height for box in layout.boxes.values()}) == 1:
        return layout
    items: list[_Item] = []
    layers: dict[float, list[int]] = {}

    def add(x: float, height: float, middle: float) -> int:
        items.append(_Item(height, middle, middle, []))
        layers.setdefault(x, []).append(len(items) - 1)
        return len(items) - 1

    number = {name: add(box.x, box.height, box.y + box.height / 2) for name, box in layout.boxes.items()}
    threads: dict[tuple[str, str], list[int]] = {}
    for (source, target), way in layout.routes.items():
        inner = way[1:-1]
        passed = [add(min(inner[at][0], inner[at + 1][0]), THREAD, inner[at][1]) for at in range(0, len(inner) - 1, 2)]
        threads[source, target] = passed
        chain = [number[source], *passed, number[target]]
        for one, other in itertools.pairwise(chain):
            items[one].beside.append(other)
            items[other].beside.append(one)
    ordered = [sorted(layers[x], key=lambda at: items[at].order) for x in sorted(layers)]
    for sweep in range(SWEEPS):
        for layer in ordered if sweep % 2 == 0 else reversed(ordered):
            _settle(items, layer)
    top = min(item.middle - item.height / 2 for item in items)
    boxes = {
        name: Box(box.x, items[number[name]].middle - box.height / 2 - top, box.width, box.height)
        for name, box in layout.boxes.items()
    }
    routes: dict[tuple[str, str], tuple[Point, ...]] = {}
    for (source, target), way in layout.routes.items():
        rows = [items[at].middle - top for at in threads[source, target]]
        ys = [
            boxes[source].y + boxes[source].height / 2,
            *(row for row in rows for _ in (0, 1)),
            boxes[target].y + boxes[target].height / 2,
        ]
        routes[source, target] = tuple((x, y) for (x, _), y in zip(way, ys, strict=True))
    lowest = max(item.middle + item.height / 2 for item in items) - top
    return Layout(boxes, routes, layout.width, lowest)


def _settle(items: list[_Item], layer: list[int]) -> None:
    """Middles of one layer: as near as can be to the mean of their neighbours, in order and without overlap."""
    blocks: list[tuple[list[int], float, float]] = []
    """(items, height, wanted top)."""
    for at in layer:
        item = items[at]
        wanted = sum(items[other].middle for other in item.beside) / len(item.beside) if item.beside else item.middle
        block = ([at], item.height, wanted - item.height / 2)
        while blocks and blocks[-1][2] + blocks[-1][1] + ROW_GAP > block[2]:
            above = blocks.pop()
            count, more = len(above[0]), len(block[0])
            top = (above[2] * count + (block[2] - above[1] - ROW_GAP) * more) / (count + more)
            block = (above[0] + block[0], above[1] + ROW_GAP + block[1], top)
        blocks.append(block)
    for members, _, top in blocks:
        for at in members:
            items[at].middle = top + items[at].height / 2
            top += items[at].height + ROW_GAP
