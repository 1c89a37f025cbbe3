"""Layered graphs: every edge runs to the right, nothing lies on anything else."""

from __future__ import annotations

from itertools import combinations

from queuack.web.layout import Box, layered, path

SIZE = (100.0, 30.0)


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def test_edges_run_to_the_right_and_boxes_stay_apart() -> None:
    edges = [("a", "b"), ("b", "c"), ("a", "c"), ("a", "d"), ("d", "c"), ("c", "e"), ("x", "y"), ("a", "nothing")]
    found = layered(dict.fromkeys("abcdexy", SIZE) | {"b": (240.0, 60.0)}, edges)
    assert all(apart(one, other) for one, other in combinations(found.boxes.values(), 2))
    for source, target in edges[:-1]:
        assert found.boxes[source].x + found.boxes[source].width < found.boxes[target].x
        start, *_, end = found.routes[source, target]
        assert start[0] == found.boxes[source].x + found.boxes[source].width
        assert end[0] == found.boxes[target].x
    assert ("a", "nothing") not in found.routes
    assert all(box.x + box.width <= found.width and box.y + box.height <= found.height for box in found.boxes.values())


def test_an_edge_over_a_layer_goes_around_what_stands_there() -> None:
    found = layered(dict.fromkeys("abcxy", SIZE), [("a", "b"), ("b", "c"), ("a", "c"), ("x", "y")])
    assert len(found.routes["a", "b"]) == len(found.routes["x", "y"]) == 2
    box = found.boxes["b"]
    inner = [y for x, y in found.routes["a", "c"] if box.x <= x <= box.x + box.width]
    assert len(inner) == 2
    assert all(not box.y <= y <= box.y + box.height for y in inner)
    assert path(found.routes["a", "b"]).startswith("M100.0 ")


def test_a_cycle_has_one_edge_that_runs_back() -> None:
    found = layered(dict.fromkeys("abc", SIZE), [("a", "b"), ("b", "c"), ("c", "a")])
    back = [edge for edge in found.routes if found.boxes[edge[0]].x > found.boxes[edge[1]].x]
    assert len(back) == 1
    assert layered({}, []).width == 0
