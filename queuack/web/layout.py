"""Where the nodes of a graph stand: in layers from left to right (Sugiyama, by igraph), pure and deterministic.

Decides positions and the way of each edge; knows nothing of what nodes mean or how they are drawn.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]
Edge = tuple[str, str]
Place = tuple[float, int]
"""Row and layer, as igraph counts them."""

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
    drawn with one edge that runs back. Parts that hang together stand below one another."""
    places: dict[str, Place] = {}
    ways: dict[Edge, list[Place]] = {}
    below = 0.0
    for names, inside in _parts(list(nodes), edges):
        placed, turned = _placed(names, inside)
        every = [*placed.values(), *(place for way in turned.values() for place in way)]
        shift = below - min(row for row, _ in every)
        places |= {name: (row + shift, layer) for name, (row, layer) in placed.items()}
        ways |= {edge: [(row + shift, layer) for row, layer in way] for edge, way in turned.items()}
        below = 1 + shift + max(row for row, _ in every)
    return _drawn(nodes, places, ways) if nodes else Layout({}, {}, 0.0, 0.0)


def _parts(names: list[str], edges: Iterable[Edge]) -> list[tuple[list[str], list[Edge]]]:
    """Nodes and edges of each part that hangs together: igraph mixes up the ways of edges of several parts."""
    root = {name: name for name in names}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = name = root[root[name]]
        return name

    kept = sorted({(a, b) for a, b in edges if a in root and b in root and a != b})
    for a, b in kept:
        root[find(a)] = find(b)
    parts: dict[str, tuple[list[str], list[Edge]]] = {}
    for name in names:
        parts.setdefault(find(name), ([], []))[0].append(name)
    for edge in kept:
        parts[find(edge[0])][1].append(edge)
    return list(parts.values())


def _placed(names: list[str], edges: list[Edge]) -> tuple[dict[str, Place], dict[Edge, list[Place]]]:
    """Where igraph puts nodes, and the places between that each edge goes through, from its source on."""
    import igraph  # slow to import, needed for pages with a graph only

    if not edges:
        return {name: (float(index), 0) for index, name in enumerate(names)}, {}
    number = {name: index for index, name in enumerate(names)}
    pairs = [(number[a], number[b]) for a, b in edges]
    igraph.set_random_number_generator(random.Random(1))
    backwards = set(igraph.Graph(len(names), pairs, directed=True).feedback_arc_set(method="eades"))
    pairs = [(b, a) if index in backwards else (a, b) for index, (a, b) in enumerate(pairs)]
    placed = igraph.Graph(len(names), pairs, directed=True).layout_sugiyama(hgap=1, vgap=1, maxiter=ROUNDS)
    places = {name: (float(row), round(layer)) for name, (row, layer) in zip(names, placed, strict=True)}
    ways = {}
    for index, way in enumerate(placed.edge_routing):
        between = sorted(((float(row), round(layer)) for row, layer in way), key=lambda place: place[1])
        ways[edges[index]] = between[::-1] if index in backwards else between
    return places, ways


def _drawn(
    nodes: Mapping[str, tuple[float, float]], places: Mapping[str, Place], ways: Mapping[Edge, list[Place]]
) -> Layout:
    """Places as pixels."""
    lefts, widths = _columns(nodes, places)
    pitch = max(height for _, height in nodes.values()) + ROW_GAP
    half = (pitch - ROW_GAP) / 2
    boxes = {}
    for name, (row, layer) in places.items():
        width, height = nodes[name]
        boxes[name] = Box(lefts[layer], row * pitch + half - height / 2, width, height)
    routes: dict[Edge, tuple[Point, ...]] = {}
    for (source, target), way in ways.items():
        start, end = boxes[source], boxes[target]
        back = start.x > end.x
        points: list[Point] = [(start.x + (0 if back else start.width), start.y + start.height / 2)]
        for row, layer in way:
            sides = (lefts[layer], lefts[layer] + widths[layer])
            points += [(side, row * pitch + half) for side in (sides[::-1] if back else sides)]
        points.append((end.x + (end.width if back else 0), end.y + end.height / 2))
        routes[source, target] = tuple(points)
    lowest = max([box.y + box.height for box in boxes.values()] + [y for way in routes.values() for _, y in way])
    return Layout(boxes, routes, max(box.x + box.width for box in boxes.values()), lowest)


def _columns(
    nodes: Mapping[str, tuple[float, float]], places: Mapping[str, Place]
) -> tuple[dict[int, float], dict[int, float]]:
    """Left side and width of each layer."""
    widths: dict[int, float] = {}
    for name, (_, layer) in places.items():
        widths[layer] = max(widths.get(layer, 0.0), nodes[name][0])
    lefts, left = {}, 0.0
    for number in sorted(widths):
        lefts[number] = left
        left += widths[number] + LAYER_GAP
    return lefts, widths


def path(points: tuple[Point, ...]) -> str:
    """The ``d`` of an SVG path through the points, with horizontal tangents."""
    text = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in pairwise(points):
        if y0 == y1:
            text += f"H{x1:.1f}"
        else:
            bend = (x1 - x0) / 2
            text += f"C{x0 + bend:.1f} {y0:.1f} {x1 - bend:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    return text
