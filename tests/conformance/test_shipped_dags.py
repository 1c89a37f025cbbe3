"""The DAGs and the plugin that Queuack ships: they parse without a warning, say what they are, and run to the end."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pendulum
import pytest

ROOT = Path(__file__).parent.parent.parent
DAGS = sorted((ROOT / "dags").glob("*.py"))
MOMENT = datetime(2026, 1, 5, 0, 1, tzinfo=UTC)


@pytest.fixture
def plugin(airflow_names: None) -> ModuleType:
    spec = importlib.util.spec_from_file_location("business_day", ROOT / "plugins" / "business_day.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _load(path: Path) -> Any:
    from queuack.authoring.dagfile import load_dag_file

    loaded = load_dag_file(path)
    assert loaded.warnings == []
    (dag,) = loaded.dags
    return dag


def _states(dag: Any, moment: datetime | None = MOMENT) -> tuple[str, dict[str, str], dict[str, Any]]:
    from queuack.testing import test_dag as run_dag

    run = run_dag(dag, logical_date=moment)
    results = {task_id: value for (task_id, _, key), value in run.xcoms.items() if key == "return_value"}
    return str(run.state), {task_id: str(state) for (task_id, _), state in run.task_states.items()}, results


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_it_parses_and_documents_itself(path: Path, airflow_names: None) -> None:
    dag = _load(path)
    assert dag.dag_id == path.stem
    assert dag.doc_md
    assert "example" in dag.tags


def test_business_day_macros(plugin: ModuleType) -> None:
    assert plugin.previous_business_day("2026-01-05") == "2026-01-02"
    assert plugin.previous_business_day("2026-01-02") == "2025-12-31"
    assert not plugin.is_business_day("2026-01-04")
    assert plugin.is_business_day("2026-01-05")
    assert plugin.BusinessDayPlugin.name == "business_day"


def test_business_day_timetable(plugin: ModuleType) -> None:
    from airflow.timetables.base import DataInterval, TimeRestriction

    timetable = plugin.BusinessDayTimetable.deserialize(plugin.BusinessDayTimetable(hour=7).serialize())
    bounds = TimeRestriction(pendulum.datetime(2025, 12, 23), pendulum.datetime(2026, 1, 6, 12), True)
    last: DataInterval | None = None
    days = []
    while info := timetable.next_dagrun_info(last_automated_data_interval=last, restriction=bounds):
        last = info.data_interval
        days.append(info.run_after.strftime("%m-%d %H"))
        assert last.end == info.run_after
    assert days == [f"{day} 07" for day in ("12-23", "12-24", "12-29", "12-30", "12-31", "01-02", "01-05", "01-06")]
    by_hand = timetable.infer_manual_data_interval(run_after=pendulum.datetime(2026, 1, 5, 6))
    assert (by_hand.start, by_hand.end) == (pendulum.datetime(2025, 12, 31, 7), pendulum.datetime(2026, 1, 2, 7))
    assert timetable.summary == "business days 07:00"


def test_branching(airflow_names: None) -> None:
    state, states, _ = _states(_load(ROOT / "dags" / "branching.py"))
    assert state == "success"
    assert states == {"choose": "success", "even_minute": "skipped", "odd_minute": "success", "join": "success"}


def test_flaky_retry(airflow_names: None) -> None:
    state, _, results = _states(_load(ROOT / "dags" / "flaky_retry.py"))
    assert state == "success"
    assert results["fetch"] == "answered at attempt 2"


def test_fan_out(airflow_names: None) -> None:
    state, states, results = _states(_load(ROOT / "dags" / "fan_out.py"))
    assert state == "success"
    assert len(states) == 202
    assert results["sum_up"] == sum(range(200)) * 7


@pytest.fixture
def etl(airflow_names: None, plugin: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """In a home of its own: it writes beside its folder."""
    from queuack.authoring import macros

    monkeypatch.setattr(macros, "business_day", plugin, raising=False)  # as the plugin's loader does
    home = tmp_path / "home"
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "etl_duckdb.py").write_text((ROOT / "dags" / "etl_duckdb.py").read_text())
    return _load(home / "dags" / "etl_duckdb.py")


def test_etl_without_a_logical_date(etl: Any) -> None:
    state, _, results = _states(etl, None)
    assert state == "success"
    assert "products loaded for 20" in results["report"]


def test_etl_replaces_what_it_loaded_before(etl: Any, tmp_path: Path) -> None:
    import duckdb

    home, dag = tmp_path / "home", etl
    for _ in range(2):
        state, _, results = _states(dag)
        assert state == "success"
    with duckdb.connect(str(home / "data" / "orders.duckdb"), read_only=True) as connection:
        rows = connection.execute("select count(*), sum(amount) from sales").fetchone()
    assert rows == (results["load"], sum(results["transform"].values()))
