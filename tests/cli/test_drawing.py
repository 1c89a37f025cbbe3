"""``dags show``: tree, Graphviz text, pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from queuack.cli import graph
from queuack.errors import NotBuilt, UsageError


def task(task_id: str, *below: str) -> dict[str, Any]:
    return {"task_id": task_id, "task_type": "EmptyOperator", "downstream_task_ids": list(below)}


DIAMOND = {
    "dag_id": "diamond",
    "tasks": [task("a", "b", "g.c"), task("b", "d"), task("d", "e"), task("e"), task("g.c", "d"), task("lone")],
    "task_groups": [
        {"group_id": "g", "label": "the group", "children": ["g.c", "g.inner"]},
        {"group_id": "g.inner", "parent": "g", "children": []},
    ],
    "edge_labels": [["a", "b", 'say "yes"']],
}


def test_upstream_first() -> None:
    assert graph.upstream_first(DIAMOND["tasks"]) == ["a", "b", "g.c", "d", "e", "lone"]
    assert graph.upstream_first([]) == []


def test_a_task_goes_by_the_name_of_its_kind() -> None:
    tasks = [{"task_id": "a", "task_type": "_PythonDecoratedOperator", "operator_name": "@task"}]
    assert graph.tree({"dag_id": "x", "tasks": tasks}).splitlines() == ["x", "└── a  <@task>"]


def test_tree() -> None:
    assert graph.tree(DIAMOND).splitlines() == [
        "diamond",
        "├── a  <EmptyOperator>",
        "│   ├── b  <EmptyOperator>",
        "│   │   └── d  <EmptyOperator>",
        "│   │       └── e  <EmptyOperator>",
        "│   └── g.c  <EmptyOperator>",
        "│       └── d  <EmptyOperator>  …",
        "└── lone  <EmptyOperator>",
        "… drawn out above",
    ]


def test_tree_of_nothing() -> None:
    assert graph.tree({"dag_id": "empty"}) == "empty"


def test_a_deep_and_wide_dag_is_drawn_in_linear_time() -> None:
    layers = 60
    tasks = [
        task(f"t{layer}_{side}", *([f"t{layer + 1}_0", f"t{layer + 1}_1"] if layer < layers else []))
        for layer in range(layers + 1)
        for side in (0, 1)
    ]
    assert len(graph.tree({"dag_id": "x", "tasks": tasks}).splitlines()) < 5 * layers


def test_dot() -> None:
    text = graph.dot(DIAMOND)
    assert text.startswith('digraph "diamond" {')
    assert '"a" -> "b" [label="say \\"yes\\""];' in text
    assert '"a" -> "g.c";' in text
    assert 'subgraph "cluster_g" {' in text
    assert text.count('"g.c" [label=') == 1
    assert text.count("{") == text.count("}")


def test_saving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph.save(DIAMOND, tmp_path / "x.dot")
    assert (tmp_path / "x.dot").read_text() == graph.dot(DIAMOND)
    with pytest.raises(UsageError, match=r"must end in \.dot"):
        graph.save(DIAMOND, tmp_path / "x.doc")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotBuilt, match="needs Graphviz"):
        graph.save(DIAMOND, tmp_path / "x.svg")
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "$1" > "$3"\n')
    program.chmod(0o755)
    graph.save(DIAMOND, tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_text() == "-Tsvg\n"
