"""Where the nodes of a graph stand: in layers from left to right (Sugiyama, by igraph), pure and deterministic.

Decides positions and the way of each edge; knows nothing of what nodes mean or how they are drawn.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Point = tuple[float, float]
Edge = tuple[str, str]

LAYER_GAP, ROW_GAP = 56.0, 16.0
"""Pixels between layers, and between nodes of one layer."""

ROUNDS = 24
"""Sweeps that take crossings out; more do not help graphs that people look at."""


@dataclass(frozen=True)
class Box:
    """Where a node stands: its left upper corner and its size, pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """``routes``: the points that an edge goes through, from the right side of its source to the left side of its
    target; through the free places of the layers between them."""

    boxes: Mapping[str, Box]
    routes: Mapping[Edge, tuple[Point, ...]]
    width: float
    height: float


def layered(nodes: Mapping[str, tuple[float, float]], edges: Iterable[Edge]) -> Layout:
    """``nodes``: id → (width, height). Edges from or to nothing, and from a node to itself, are left out; cycles are
    drawn with one edge that runs back."""
    import igraph  # slow to import, needed for pages with a graph only

    if not nodes:
        return Layout({}, {}, 0.0, 0.0)
    names = list(nodes)
    number = {name: index for index, name in enumerate(names)}
    kept = sorted({(a, b) for a, b in edges if a in number and b in number and a != b})
    igraph.set_random_number_generator(random.Random(1))
    pairs = [(number[a], number[b]) for a, b in kept]
    backwards = set(igraph.Graph(len(names), pairs, directed=True).feedback_arc_set(algo="eades"))
    pairs = [(b, a) if index in backwards else (a, b) for index, (a, b) in enumerate(pairs)]
    graph = igraph.Graph(len(names), pairs, directed=True)
    placed = graph.layout_sugiyama(hgap=1, vgap=1, maxiter=ROUNDS)
    routing = [[(float(x), round(y)) for x, y in points] for points in placed.edge_routing]
    layer = [round(point[1]) for point in placed]
    lefts, widths = _columns(nodes, names, layer)
    pitch = max(height for _, height in nodes.values()) + ROW_GAP
    top = min([float(point[0]) for point in placed] + [x for points in routing for x, _ in points])

    def middle(across: float) -> float:
        return (across - top) * pitch + (pitch - ROW_GAP) / 2

    boxes = {}
    for index, name in enumerate(names):
        width, height = nodes[name]
        boxes[name] = Box(lefts[layer[index]], middle(placed[index][0]) - height / 2, width, height)
    routes: dict[Edge, tuple[Point, ...]] = {}
    for (source, target), inner in zip(kept, routing, strict=True):
        start, end = boxes[source], boxes[target]
        back = start.x > end.x
        points: list[Point] = [(start.x + (0 if back else start.width), start.y + start.height / 2)]
        for across, column in sorted(inner, key=lambda point: point[1], reverse=back):
            sides = (lefts[column], lefts[column] + widths[column])
            points += [(side, middle(across)) for side in (reversed(sides) if back else sides)]
        points.append((end.x + (end.width if back else 0), end.y + end.height / 2))
        routes[source, target] = tuple(points)
    lowest = max([box.y + box.height for box in boxes.values()] + [y for way in routes.values() for _, y in way])
    return Layout(boxes, routes, max(box.x + box.width for box in boxes.values()), lowest)


def _columns(
    nodes: Mapping[str, tuple[float, float]], names: list[str], layer: list[int]
) -> tuple[dict[int, float], dict[int, float]]:
    """Left side and width of each layer."""
    widths: dict[int, float] = dict.fromkeys(layer, 0.0)
    for index, name in enumerate(names):
        widths[layer[index]] = max(widths[layer[index]], nodes[name][0])
    lefts, left = {}, 0.0
    for number in sorted(widths):
        lefts[number] = left
        left += widths[number] + LAYER_GAP
    return lefts, widths


def path(points: tuple[Point, ...]) -> str:
    """The ``d`` of an SVG path through the points, with horizontal tangents."""
    text = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        if y0 == y1:
            text += f"H{x1:.1f}"
        else:
            bend = (x1 - x0) / 2
            text += f"C{x0 + bend:.1f} {y0:.1f} {x1 - bend:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    return text
