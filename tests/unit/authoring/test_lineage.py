"""Lineage that hooks report: kept only where a plugin reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from queuack.authoring import lineage
from queuack.authoring.registered import registered


@pytest.fixture
def reader() -> Iterator[None]:
    """A plugin has a reader."""
    lineage.LineageState.collector = None
    registered.hook_lineage_readers.append(lineage.HookLineageReader)
    yield
    registered.hook_lineage_readers.remove(lineage.HookLineageReader)
    lineage.LineageState.collector = None


def test_reports_are_counted(reader: None) -> None:
    hook = object()
    collector = lineage.get_hook_lineage_collector()
    for _ in range(2):
        collector.add_input_asset(hook, uri="s3://bucket/in")
    collector.add_output_asset(hook, uri="s3://bucket/out", asset_extra={"rows": 3})
    collector.add_extra(hook, "sql", "select 1")
    collector.add_extra(hook, "sql", "")
    found = lineage.HookLineageReader().retrieve_hook_lineage()
    assert [(item.asset.uri, item.count, item.context) for item in found.inputs] == [("s3://bucket/in", 2, hook)]
    assert [(item.asset.uri, item.asset.extra) for item in found.outputs] == [("s3://bucket/out", {"rows": 3})]
    assert [(item.key, item.value) for item in found.extra] == [("sql", "select 1")]
    assert collector.has_collected


def test_no_more_than_the_limit(reader: None) -> None:
    collector = lineage.get_hook_lineage_collector()
    for number in range(lineage.MAX_COLLECTED_ASSETS + 5):
        collector.add_input_asset(None, uri=f"s3://bucket/{number}")
    assert len(collector.collected_assets.inputs) == lineage.MAX_COLLECTED_ASSETS


def test_what_cannot_be_made_an_asset_is_left_out(reader: None) -> None:
    collector = lineage.get_hook_lineage_collector()
    collector.add_input_asset(None, scheme="no-such-scheme", asset_kwargs={"bucket": "b"})
    assert not collector.has_collected


def test_nothing_is_kept_without_a_reader() -> None:
    lineage.LineageState.collector = None
    collector = lineage.get_hook_lineage_collector()
    collector.add_input_asset(None, uri="s3://bucket/in")
    assert isinstance(collector, lineage.NoOpCollector)
    assert not collector.has_collected
