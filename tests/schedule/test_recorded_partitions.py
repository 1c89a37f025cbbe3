"""Partition mappers give the keys and dates that Airflow's give: compared with recordings of ``record_partitions.py``."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from queuack.authoring import partition_mappers, partition_windows

RECORDINGS = Path(__file__).parent.parent / "conformance" / "recordings" / "partition_mappers.json"
CASES = json.loads(RECORDINGS.read_text())["cases"]


def mapper(spec: dict[str, Any]) -> partition_mappers.PartitionMapper:
    cls = getattr(partition_mappers, spec["class"])
    if spec["class"].startswith("StartOf"):
        return cls(**{name: value for name, value in spec.items() if name != "class"})
    if "upstream" in spec:
        return cls(upstream_mapper=mapper(spec["upstream"]), window=window(spec["window"]))
    if "mappers" in spec:
        return cls(*[mapper(each) for each in spec["mappers"]])
    if "allowed" in spec:
        return cls(spec["allowed"])
    return cls(spec["key"]) if "key" in spec else cls()


def window(spec: dict[str, Any]) -> partition_windows.Window:
    cls = getattr(partition_windows, spec["class"])
    return cls(spec["segments"]) if "segments" in spec else cls(direction=spec["direction"])


def answer(case: dict[str, Any]) -> dict[str, Any]:
    document = mapper(case["mapper"]).document
    found: dict[str, Any] = {}
    try:
        found["downstream"] = document.downstream(case["key"])
    except (ValueError, TypeError) as error:
        found["error"] = type(error).__name__
        return found
    first = found["downstream"][0]
    try:
        date = document.partition_date(first)
        found["date"] = None if date is None else date.astimezone(UTC).isoformat()
    except (ValueError, TypeError) as error:
        found["date_error"] = type(error).__name__
    if case["mapper"]["class"] == "RollupMapper":
        try:
            found["upstream"] = sorted(document.upstream(first))
        except (ValueError, TypeError) as error:
            found["upstream_error"] = type(error).__name__
    return found


@pytest.mark.parametrize("kind", sorted({case["mapper"]["class"] for case in CASES}))
def test_the_same_keys_and_dates_as_airflow(kind: str) -> None:
    cases = [case for case in CASES if case["mapper"]["class"] == kind]
    differing = []
    for case in cases:
        expected = {name: value for name, value in case.items() if name not in ("mapper", "key")}
        if answer(case) != expected:
            differing.append((case["mapper"], case["key"], expected, answer(case)))
    assert not differing, differing[:3]
