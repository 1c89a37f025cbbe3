"""The compatibility page is what the tables say, and every test it names exists."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conformance import compatibility
from tests.conformance.features import FEATURES, Feature, Status

ALL = [feature for features in FEATURES.values() for feature in features]


@pytest.mark.parametrize("feature", ALL, ids=lambda feature: feature.name)
def test_a_feature_names_a_test_or_says_what_to_do(feature: Feature) -> None:
    assert feature.note or feature.status is Status.WORKS
    if feature.status is Status.MISSING:
        return
    path, _, name = feature.test.partition("::")
    tree = ast.parse((compatibility.ROOT / "tests" / path).read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in functions, f"there is no test {feature.test}"


def test_a_feature_is_listed_once() -> None:
    names = [feature.name for feature in ALL]
    assert sorted(set(names)) == sorted(names)


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    written = compatibility.write(tmp_path / "page.md").read_text(encoding="utf-8")
    checked_in = compatibility.PAGE.read_text(encoding="utf-8")
    assert checked_in == written, "run: python -m tests.conformance.compatibility"
