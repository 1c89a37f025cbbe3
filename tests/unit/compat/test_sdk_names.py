"""Every public name of ``airflow.sdk`` 3.3.2: served, or absent with advice; none forgotten."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from queuack.compat.table import ABSENT

NAMES = (Path(__file__).parent / "sdk_names.txt").read_text().split()
"""``airflow.sdk.__all__``."""

MODULE = "airflow.sdk"
ABSENT_HERE = {
    name
    for name in NAMES
    if name.endswith(("Mapper", "Window", "RetryPolicy"))
    or name.startswith(("Retry", "Partition", "Deadline", "CronPartition"))
} | {
    "AssetAccessControl",
    "AssetOrTimeSchedule",
    "AsyncCallback",
    "BaseDeadlineReference",
    "MinimumCount",
    "NEVER_EXPIRE",
    "ObjectStoragePath",
    "ResumableJobMixin",
    "SyncCallback",
    "WaitForAll",
    "deadline_reference",
    "lineage",
    "result",
}


@pytest.mark.parametrize("name", NAMES)
def test_name(name: str) -> None:
    module = importlib.import_module(MODULE)
    if name not in ABSENT_HERE:
        assert getattr(module, name) is not None
        return
    advice = ABSENT[MODULE][name]
    assert "not built in Queuack yet; " in advice, "the advice says what to do instead"
    with pytest.raises(ImportError) as caught:
        exec(f"from {MODULE} import {name}")
    assert str(caught.value) == f"cannot import name {name!r} from {MODULE!r}: {advice}"


def test_the_list_is_whole() -> None:
    assert len(NAMES) == len(set(NAMES)) > 90
    assert set(ABSENT[MODULE]) - set(NAMES) == set(), "advice about a name that Airflow does not have"
