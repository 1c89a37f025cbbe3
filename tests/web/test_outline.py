"""What stands where: outlines, cells, graphs, grids. Pure functions over documents."""

from __future__ import annotations

import re

from queuack.web.cells import Cell, gathered, together
from queuack.web.graph import groups_folded, picture, svg
from queuack.web.outline import foremost, outline, upstream_of

DOCUMENT = {
    "dag_id": "d",
    "tasks": [
        {"task_id": "a_last", "task_type": "X"},
        {"task_id": "g.in", "task_type": "X", "task_group": "g", "downstream_task_ids": ["g.out"]},
        {"task_id": "g.out", "task_type": "X", "task_group": "g", "downstream_task_ids": ["a_last"]},
        {"task_id": "start", "task_type": "X", "downstream_task_ids": ["g.in"], "expansion": {}},
    ],
    "task_groups": [{"group_id": "g", "label": "g"}],
}


def test_upstream_comes_first_and_groups_before_what_is_in_them() -> None:
    lines = outline(DOCUMENT)
    assert [(line.id, line.depth, line.label) for line in lines] == [
        ("start", 0, "start"),
        ("g", 0, "g"),
        ("g.in", 1, "in"),
        ("g.out", 1, "out"),
        ("a_last", 0, "a_last"),
    ]
    assert lines[1].members == ("g.in", "g.out")
    assert lines[0].is_mapped
    assert upstream_of(DOCUMENT)["a_last"] == ["g.out"]


def test_a_cycle_or_an_unknown_name_does_not_hang() -> None:
    tasks = [{"task_id": "a", "task_type": "X", "downstream_task_ids": ["b", "gone"]}]
    assert [line.id for line in outline({"tasks": tasks})] == ["a"]


def test_of_several_states_the_one_that_needs_somebody_is_shown() -> None:
    assert foremost(["success", "failed", "running"]) == "failed"
    assert foremost(["success", "running"]) == "running"
    assert foremost(["skipped", "success"]) == "success"
    assert foremost([]) == "none"


def test_instances_of_a_task_come_together() -> None:
    cells = gathered([(7, "t", "success", 3, 10, 2_000_010, 1, 3, 2.0), (7, "t", "running", 1, 5, None, 2, 3, None)])
    cell = cells[7]["t"]
    assert (cell.state, cell.total, cell.tries, cell.words()) == ("running", 4, 2, "3 success, 1 running")
    assert cell.duration == 2.000005
    assert together(cells[7], ["t", "gone"]).total == 4


def test_boxes_do_not_overlap_and_edges_stay_between_siblings() -> None:
    drawn = picture(DOCUMENT, ())
    boxes = {node.line.id: node for node in drawn.nodes}
    group = boxes["g"]
    for name in ("g.in", "g.out"):
        inner = boxes[name]
        assert group.x < inner.x
        assert inner.x + inner.width < group.x + group.width
        assert group.y < inner.y
        assert inner.y + inner.height < group.y + group.height
    assert boxes["start"].x + boxes["start"].width < group.x
    assert {edge for edge, _ in drawn.ways} == {("start", "g"), ("g.in", "g.out"), ("g", "a_last")}


def test_a_folded_group_is_one_box_with_the_state_of_all() -> None:
    drawn = picture(DOCUMENT, {"g"})
    assert {node.line.id for node in drawn.nodes} == {"start", "g", "a_last"}
    cells = {"g.in": Cell({"success": 1}), "g.out": Cell({"failed": 1})}
    text = svg(drawn, cells, lambda line: f"/{line.id}", lambda line, fold: f"?{line.id}={fold}", {})
    assert re.search(r'class="node s-failed folded" id="node-g" href="\?g=False"', text)


def test_names_are_text_never_markup() -> None:
    tasks = [{"task_id": 'a"><script>', "task_type": "X", "task_display_name": "<b>"}]
    text = svg(picture({"tasks": tasks}, ()), {}, lambda line: "/x", lambda line, fold: "", {})
    assert "<script" not in text
    assert "<b>" not in text


def test_groups_of_large_graphs_begin_folded() -> None:
    tasks = [{"task_id": f"g.t{number}", "task_type": "X", "task_group": "g"} for number in range(100)]
    large = {"tasks": tasks, "task_groups": [{"group_id": "g"}]}
    assert groups_folded(outline(large)) == {"g"}
    assert groups_folded(outline(DOCUMENT)) == set()
