"""The services on a file that no daemon has open: what clients ask, on the real engine and the real store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from queuack import clock, config
from queuack.app import OfflineService, offline_service
from queuack.daemon import runtime_service
from queuack.engine import effects as fx
from queuack.engine.engine import Engine, EngineSettings
from queuack.engine.events import AttemptFinished, AttemptStarted, Choose
from queuack.engine.spec import DagDocument, Expansion, MapInput
from queuack.errors import (
    DagNotFound,
    DagRunAlreadyExists,
    DagRunNotFound,
    InvalidRequest,
    NotFound,
    TaskNotFound,
    TasksRunning,
)
from queuack.home import Home
from queuack.schedule.timetables import OnceTimetable
from queuack.store.snapshot import load_snapshot
from tests.engine.driver import DAY, dag, parsed, task

DATE = "2026-01-01T00:00:00+00:00"


class Deployment:
    """An offline service; this plays the workers."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.commands: list[Any] = []
        self.ahead = 0
        """By how many microseconds the engine's clock is ahead."""
        self.open()

    def open(self, *, awake: bool = True) -> None:
        """``awake``: the engine also starts runs and hands out tasks, as that of a daemon does."""
        self.service: OfflineService = offline_service(self.home)
        if awake:
            snapshot = load_snapshot(self.service._database)
            self.port.loop.engine = Engine.restore(EngineSettings(), snapshot, clock.now_us())
        self.port.loop._now = lambda: clock.now_us() + self.ahead

    @property
    def port(self) -> Any:
        return self.service._port

    def call(self, method: str, **params: Any) -> Any:
        return self.service.call(method, params)

    def parse(self, *documents: DagDocument, file_hash: str = "1") -> None:
        for document in documents:
            self.round(parsed(document, file=document.relative_fileloc, file_hash=file_hash))

    def round(self, *events: Any) -> None:
        self.commands, _ = self.port.loop.round(list(events))

    def restart(self, *, awake: bool = True) -> None:
        self.service.close()
        self.open(awake=awake)
        self.round()

    def states(self, run: str, dag_id: str = "d") -> dict[str, str | None]:
        rows = self.call("list_task_instances", dag_id=dag_id, run=run)
        return {row["task_id"]: row["state"] for row in rows}

    def run_state(self, run: str) -> str:
        return str(self.call("get_run", dag_id="d", run=run)["state"])

    def finish(self, run: str, outcomes: dict[str, str], **options: Any) -> None:
        for task_id, outcome in outcomes.items():
            row = self.call("get_task_instance", dag_id="d", run=run, task_id=task_id)
            now = clock.now_us()
            self.round(
                AttemptFinished(
                    ti_id=row["id"], try_number=row["try_number"], at=now, started_at=now, outcome=outcome, **options
                )
            )
            self.port.loop.fold()

    def start(self, run: str, task_id: str) -> None:
        row = self.call("get_task_instance", dag_id="d", run=run, task_id=task_id)
        self.round(AttemptStarted(ti_id=row["id"], try_number=row["try_number"], at=clock.now_us(), pid=1))
        self.port.loop.fold()

    def rows(self, query: str) -> list[list[Any]]:
        rows: list[list[Any]] = self.call("sql", query=query)["rows"]
        return rows


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    monkeypatch.setattr(config, "_current", None)
    monkeypatch.setenv("QUEUACK_HOME", str(tmp_path))
    found = Deployment(Home(tmp_path))
    found.parse(dag(task("a", "b"), task("b")))
    yield found
    found.service.close()


def failed_run(deployment: Deployment, run_id: str = "one") -> None:
    deployment.call("trigger_run", dag_id="d", run_id=run_id)
    deployment.finish(run_id, {"a": "success", "b": "failed"})


def cleared(deployment: Deployment, **params: Any) -> list[str]:
    return [row["task_id"] for row in deployment.call("clear_tasks", **params)]


# ── runs that have ended ─────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("restart", [False, True])
def test_tasks_of_a_finished_run_are_cleared(deployment: Deployment, restart: bool) -> None:
    failed_run(deployment)
    assert deployment.run_state("one") == "failed"
    if restart:
        deployment.restart()
    assert cleared(deployment, dag_id="d", run="one", only_failed=True) == ["b"]
    assert deployment.states("one") == {"a": "success", "b": "queued"}
    deployment.restart()
    deployment.finish("one", {"b": "success"})
    run = deployment.call("get_run", dag_id="d", run="one")
    assert (run["state"], run["clear_number"]) == ("success", 1)
    assert deployment.call("get_task_instance", dag_id="d", run="one", task_id="b")["try_number"] == 2


def test_a_command_without_a_daemon_clears_what_the_next_daemon_runs(deployment: Deployment) -> None:
    failed_run(deployment)
    deployment.restart(awake=False)
    assert cleared(deployment, dag_id="d", run="one", only_failed=True) == ["b"]
    assert (deployment.run_state("one"), deployment.states("one")) == ("queued", {"a": "success", "b": None})
    deployment.restart()
    assert deployment.run_state("one") == "running"
    deployment.finish("one", {"b": "success"})
    assert deployment.run_state("one") == "success"


def test_a_finished_run_and_its_tasks_are_marked(deployment: Deployment) -> None:
    failed_run(deployment)
    assert deployment.call("set_run_state", dag_id="d", run="one", state="success")["state"] == "success"
    (row,) = deployment.call("set_task_state", dag_id="d", run="one", task_id="b", state="skipped")
    assert (row["task_id"], row["state"]) == ("b", "failed")
    assert deployment.states("one") == {"a": "success", "b": "skipped"}
    assert not deployment.port.loop.engine.runs
    with pytest.raises(TaskNotFound):
        deployment.call("set_task_state", dag_id="d", run="one", task_id="ghost", state="success")
    with pytest.raises(TaskNotFound):
        deployment.call("clear_tasks", dag_id="d", run="one", task_ids=["ghost"])
    with pytest.raises(InvalidRequest):
        deployment.call("set_run_state", dag_id="d", run="one", state="paused")


def test_a_finished_run_of_an_older_version_is_cleared_with_its_own_tasks(deployment: Deployment) -> None:
    failed_run(deployment)
    deployment.parse(dag(task("other")), file_hash="2")
    deployment.restart()
    assert cleared(deployment, dag_id="d", run="one") == ["a", "b"]
    assert deployment.states("one") == {"a": "queued", "b": None}


def test_a_run_that_ends_while_it_is_looked_up_is_still_found(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment.call("trigger_run", dag_id="d", run_id="one")
    deployment.finish("one", {"a": "success"})
    request, events = deployment.port.request, []

    def late(event: Any) -> Any:
        if not events:
            deployment.finish("one", {"b": "failed"})
        events.append(event)
        return request(event)

    monkeypatch.setattr(deployment.port, "request", late)
    assert cleared(deployment, dag_id="d", run="one", task_ids=["b"]) == ["b"]
    recalls = [event.of.recall if isinstance(event, Choose) else event.recall for event in events]
    assert [found is None for found in recalls] == [True, False, False]


def test_why_a_task_of_a_finished_run_does_not_run(deployment: Deployment) -> None:
    failed_run(deployment)
    (found,) = deployment.call("failed_deps", dag_id="d", run="one", task_id="a")
    assert (found["dep"], "clear it" in found["reason"]) == ("task_finished", True)
    with pytest.raises(TaskNotFound, match="no task 'ghost'"):
        deployment.call("failed_deps", dag_id="d", run="one", task_id="ghost")
    deployment.call("trigger_run", dag_id="d", run_id="two")
    assert deployment.call("failed_deps", dag_id="d", run="two", task_id="a") == []
    (found,) = deployment.call("failed_deps", dag_id="d", run="two", task_id="b")
    assert found["dep"] == "trigger_rule"


def test_a_callback_outlives_the_daemon_that_owed_it(deployment: Deployment) -> None:
    deployment.parse(dag(task("a", "b"), task("b"), has_on_failure_callback=True), file_hash="2")
    failed_run(deployment)
    deployment.restart()
    engine = deployment.port.loop.engine
    ((_, owed),) = engine.callbacks.items()
    assert (owed.kind, engine.ended_run(owed.dag_id, owed.run_id).state) == ("failure", "failed")


# ── runs come to be ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("restart", [False, True])
def test_a_run_id_and_a_date_are_used_once(deployment: Deployment, restart: bool) -> None:
    deployment.call("trigger_run", dag_id="d", run_id="one", logical_date=DATE)
    deployment.finish("one", {"a": "success", "b": "success"})
    if restart:
        deployment.restart()
    deployment.port.loop.engine.dags["d"].recent.clear()  # as a thousand runs later
    for wanted in ({"run_id": "one"}, {"logical_date": DATE}, {"logical_date": "2026-01-01T01:00:00+01:00"}):
        with pytest.raises(DagRunAlreadyExists):
            deployment.call("trigger_run", dag_id="d", **wanted)
    with pytest.raises(DagRunAlreadyExists):
        runtime_service.call(deployment.port, "trigger_run", {"dag_id": "d", "run_id": "one"})
    assert deployment.rows("select count(*) from dag_run") == [[1]]


def test_the_schedule_passes_over_a_date_that_is_taken(deployment: Deployment) -> None:
    start = clock.now_us() - DAY
    deployment.parse(dag(task("a"), dag_id="s", file="s.py"))
    deployment.call("trigger_run", dag_id="s", run_id="mine", logical_date=clock.iso(start))
    deployment.call("set_run_state", dag_id="s", run="mine", state="success")
    once = dag(task("a"), dag_id="s", file="s.py", timetable=OnceTimetable(), start_date=start, catchup=True)
    deployment.call("set_paused", dag_id="s", paused=True)
    deployment.parse(once, file_hash="2")
    deployment.restart()
    deployment.call("set_paused", dag_id="s", paused=False)
    assert [row["run_id"] for row in deployment.call("list_runs", dag_id="s")] == ["mine"]


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00Z", "2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00",
                                  "2026-01-01", "one"])  # fmt: skip
def test_a_run_is_found_by_id_and_by_date(deployment: Deployment, text: str) -> None:
    deployment.call("trigger_run", dag_id="d", run_id="one", logical_date=DATE)
    assert deployment.call("get_run", dag_id="d", run=text)["run_id"] == "one"


def test_conf_is_checked_against_the_params(deployment: Deployment) -> None:
    params = {"n": {"value": 1, "schema": {"type": "integer", "maximum": 10}}, "must": {"schema": {"type": "string"}}}
    deployment.parse(dag(task("a"), dag_id="p", file="p.py", params=params))
    for conf, words in (
        ({"n": 11, "must": ""}, ("'n'", "maximum", "10")),
        ({"n": "x", "must": ""}, ("'n'", "type", "integer")),
        ({}, ("'must'", "no default")),
        ([], ("object",)),
        ("", ("object",)),
    ):
        with pytest.raises(InvalidRequest) as refusal:
            deployment.call("trigger_run", dag_id="p", conf=conf)
        assert all(word in refusal.value.message for word in words)
    row = deployment.call("trigger_run", dag_id="p", conf={"must": "x", "more": 1})
    assert row["conf"] == {"must": "x", "more": 1}
    with pytest.raises(InvalidRequest, match="ISO 8601"):
        deployment.call("trigger_run", dag_id="d", logical_date="soon")


# ── names that are not known ─────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("method", ["get_dag", "list_tasks", "list_runs", "trigger_run", "delete_dag", "next_runs",
                                    "dag_source", "dag_document"])  # fmt: skip
def test_an_unknown_dag_is_refused_with_the_nearest(deployment: Deployment, method: str) -> None:
    deployment.parse(dag(task("a"), dag_id="orders", file="o.py"))
    with pytest.raises(DagNotFound, match=r"no DAG 'ordres'\. Did you mean 'orders'\?"):
        deployment.call(method, dag_id="ordres")
    with pytest.raises(DagNotFound, match=r"no DAG 'ordres'\. Did you mean 'orders'\?"):
        runtime_service.call(deployment.port, "trigger_run", {"dag_id": "ordres"})
    with pytest.raises(DagNotFound) as refusal:
        deployment.call(method, dag_id="0")
    assert "mean" not in refusal.value.message


def test_an_unknown_run_is_refused_with_the_nearest(deployment: Deployment) -> None:
    deployment.call("trigger_run", dag_id="d", run_id="nightly-7")
    for method in ("get_run", "list_task_instances", "clear_tasks"):
        with pytest.raises(DagRunNotFound, match=r"Did you mean 'nightly-7'\?"):
            deployment.call(method, dag_id="d", run="nightly-8")


# ── deleting ─────────────────────────────────────────────────────────────────────────────────────────
def test_a_dag_is_deleted_with_all_its_runs_unless_a_task_runs(deployment: Deployment) -> None:
    failed_run(deployment, "one")
    failed_run(deployment, "two")
    deployment.call("trigger_run", dag_id="d", run_id="three")
    deployment.start("three", "a")
    with pytest.raises(TasksRunning, match="three/a"):
        deployment.call("delete_dag", dag_id="d")
    deployment.finish("three", {"a": "up_for_reschedule"}, reschedule_at=clock.now_us() + DAY)
    assert deployment.call("delete_dag", dag_id="d") == 3
    for table in ("dag", "dag_run", "task_instance", "task_reschedule", "dag_version"):
        assert deployment.rows(f"select count(*) from {table}") == [[0]]
    with pytest.raises(DagNotFound):
        deployment.call("delete_dag", dag_id="d")
    deployment.parse(dag(task("a", "b"), task("b")), file_hash="2")
    failed_run(deployment, "one")


# ── a newer version before a run begins ──────────────────────────────────────────────────────────────
def test_a_queued_run_takes_the_newer_version(deployment: Deployment) -> None:
    deployment.parse(dag(task("a", "b"), task("b"), max_active_runs=1), file_hash="2")
    deployment.call("trigger_run", dag_id="d", run_id="one")
    deployment.call("trigger_run", dag_id="d", run_id="two")
    deployment.parse(dag(task("b", "c"), task("c"), max_active_runs=1), file_hash="3")
    assert deployment.states("two") == {"b": None, "c": None}
    assert deployment.states("one") == {"a": "queued", "b": None}
    deployment.restart()
    deployment.finish("one", {"a": "success", "b": "success"})
    assert deployment.states("two") == {"b": "queued", "c": None}
    deployment.finish("two", {"b": "success", "c": "success"})
    assert deployment.run_state("two") == "success"


def test_a_put_off_sensor_remembers_since_when_over_a_restart(deployment: Deployment) -> None:
    deployment.call("trigger_run", dag_id="d", run_id="one")
    for n in (1, 2):
        deployment.finish("one", {"a": "up_for_reschedule"}, reschedule_at=clock.now_us() + n * DAY)
        deployment.ahead = n * DAY
        deployment.restart()
        (found,) = [command for command in deployment.commands if isinstance(command, fx.Dispatch)]
        assert found.task_reschedule_count == n
        assert found.first_reschedule_us is not None
    assert deployment.rows("select count(*), count(distinct ti_id) from task_reschedule") == [[2, 1]]


# ── pools and variables ──────────────────────────────────────────────────────────────────────────────
def test_pools(deployment: Deployment) -> None:
    row = deployment.call("set_pool", pool="gpu", slots=2, description="cards")
    assert (row["pool"], row["slots"], row["open_slots"], row["occupied_slots"]) == ("gpu", 2, 2, 0)
    assert "name" not in row
    assert deployment.call("set_pool", pool="gpu", slots=-1)["open_slots"] == -1
    for pool, slots in (("gpu", -2), ("gpu", "3"), ("gpu", True), ("", 1), (" ", 1), ("x" * 257, 1), (None, 1)):
        with pytest.raises(InvalidRequest):
            deployment.call("set_pool", pool=pool, slots=slots)
    with pytest.raises(InvalidRequest, match="default_pool cannot be deleted"):
        deployment.call("delete_pool", pool="default_pool")
    assert deployment.call("delete_pool", pool="gpu")["pool"] == "gpu"
    with pytest.raises(NotFound, match="no pool 'gpu'"):
        deployment.call("delete_pool", pool="gpu")
    deployment.restart()
    assert [row["pool"] for row in deployment.call("list_pools")] == ["default_pool"]


def test_variables(deployment: Deployment) -> None:
    assert deployment.call("set_variable", key="k", value="1", description="one")["val"] == "1"
    deployment.call("set_variable", key="k", value="2")
    deployment.restart()
    assert deployment.call("get_variable", key="k")["val"] == "2"
    assert runtime_service.call(deployment.port, "variable_get", {"key": "k"}) == "2"
    assert deployment.call("delete_variable", key="k")["key"] == "k"
    with pytest.raises(NotFound, match="no variable 'k'"):
        deployment.call("get_variable", key="k")


def test_what_is_no_method_or_no_parameter(deployment: Deployment) -> None:
    with pytest.raises(InvalidRequest, match="no method 'fly'"):
        deployment.call("fly")
    with pytest.raises(InvalidRequest, match="get_dag"):
        deployment.call("get_dag", dag="d")


# ── mapped tasks ─────────────────────────────────────────────────────────────────────────────────────
def test_instances_of_a_mapped_task_are_asked_for_by_index(deployment: Deployment) -> None:
    document = dag(
        task("source", "m"), task("m", expansion=Expansion((MapInput(kind="xcom", task_id="source"),))), dag_id="mapped",
        file="mapped.py",
    )  # fmt: skip
    deployment.parse(document)
    deployment.call("trigger_run", dag_id="mapped", run_id="one")
    source = deployment.call("get_task_instance", dag_id="mapped", run="one", task_id="source")
    now = clock.now_us()
    deployment.round(
        AttemptFinished(ti_id=source["id"], try_number=1, at=now, started_at=now, outcome="success", map_length=2)
    )
    deployment.port.loop.fold()
    named = {"dag_id": "mapped", "run": "one", "task_id": "m"}
    assert deployment.call("get_task_instance", **named, map_index=1)["state"] == "queued"
    with pytest.raises(TaskNotFound, match=r"is mapped: give a map index .* 0 to 1"):
        deployment.call("get_task_instance", **named)
    assert deployment.call("failed_deps", **named, map_index=1) == []
    assert [row["map_index"] for row in deployment.call("set_task_state", **named, map_index=1, state="failed")] == [1]
    deployment.restart()
    assert [row["map_index"] for row in deployment.call("set_task_state", **named, state="success")] == [0, 1]
    rows = deployment.call("list_task_instances", dag_id="mapped", run="one")
    assert [(row["task_id"], row["map_index"], row["state"]) for row in rows] == [
        ("m", 0, "success"), ("m", 1, "success"), ("source", -1, "success"),
    ]  # fmt: skip
    assert deployment.call("get_run", dag_id="mapped", run="one")["state"] == "success"
    assert cleared(deployment, dag_id="mapped", run="one", task_ids=[["m", 1]]) == ["m"]
    rows = deployment.call("list_task_instances", dag_id="mapped", run="one")
    assert [row["state"] for row in rows] == ["success", "queued", "success"]


# ── run control ──────────────────────────────────────────────────────────────────────────────────────
def test_a_branch_in_the_store_has_still_decided(deployment: Deployment) -> None:
    deployment.parse(dag(task("pick", "left", "right"), task("left"), task("right"), dag_id="d"), file_hash="2")
    deployment.call("trigger_run", dag_id="d", run_id="one")
    choice = b'{"followed": ["left"]}'
    place = {"dag_id": "d", "run_id": "one", "task_id": "pick", "map_index": -1}
    row = fx.XComRow(**place, key="skipmixin_key", encoding="json", value=choice, at=1)
    deployment.port.loop.commit([row])  # it waits in the journal, as one from a worker
    deployment.finish("one", {"pick": "success"}, skip_tasks=("right",))
    deployment.finish("one", {"left": "success"})
    assert cleared(deployment, dag_id="d", run="one", task_regex="left|right", dry_run=True) == ["left", "right"]
    assert deployment.states("one") == {"pick": "success", "left": "success", "right": "skipped"}
    assert cleared(deployment, dag_id="d", run="one", task_regex="left|right") == ["left", "right"]
    assert deployment.states("one") == {"pick": "success", "left": "queued", "right": "skipped"}


def test_runs_between_dates_are_cleared_with_a_note_and_an_audit_row(deployment: Deployment) -> None:
    for day in (1, 2, 3):
        deployment.call("trigger_run", dag_id="d", run_id=f"r{day}", logical_date=f"2026-01-0{day}T00:00:00+00:00")
        deployment.finish(f"r{day}", {"a": "success", "b": "failed"})
    rows = deployment.call(
        "clear_tasks", dag_id="d", task_ids=["b"], start_date=DATE, end_date="2026-01-02T00:00:00+00:00",
        note="again", user="me",
    )  # fmt: skip
    assert [(row["run_id"], row["task_id"], row["state"]) for row in rows] == [
        ("r1", "b", "failed"),
        ("r2", "b", "failed"),
    ]
    assert [deployment.states(run)["b"] for run in ("r1", "r2", "r3")] == ["queued", "queued", "failed"]
    assert deployment.rows("select distinct user_id, content from task_instance_note") == [["me", "again"]]
    assert deployment.rows("select distinct note from task_instance where note is not null") == [["again"]]
    log = "select run_id, owner from log where event = 'post_clear_task_instances' order by id"
    assert deployment.rows(log) == [["r1", "me"], ["r2", "me"]]
    with pytest.raises(TaskNotFound):
        deployment.call("clear_tasks", dag_id="d", task_ids=["ghost"])
    with pytest.raises(InvalidRequest, match="not both"):
        deployment.call("clear_tasks", dag_id="d", run="r1", start_date=DATE)


def test_past_and_future_of_a_run(deployment: Deployment) -> None:
    for day in (1, 2, 3):
        deployment.call("trigger_run", dag_id="d", run_id=f"r{day}", logical_date=f"2026-01-0{day}T00:00:00+00:00")
    named = {"dag_id": "d", "run": "r2", "task_id": "a", "state": "success"}
    asked = [row["run_id"] for row in deployment.call("set_task_state", **named, include_past=True, dry_run=True)]
    assert asked == ["r1", "r2"]
    assert [row["run_id"] for row in deployment.call("set_task_state", **named, include_future=True)] == ["r2", "r3"]
    assert deployment.call("set_task_state", **named) == []
    assert [
        row["run_id"] for row in deployment.call("clear_tasks", dag_id="d", run="r2", include_past=True, task_ids=["a"])
    ] == ["r1", "r2"]
    deployment.call("trigger_run", dag_id="d", run_id="undated")
    with pytest.raises(InvalidRequest, match="no past and no future"):
        deployment.call("clear_tasks", dag_id="d", run="undated", include_past=True)


@pytest.mark.parametrize(("of_dag", "setting", "said", "latest"), [
    (None, None, None, False), (None, "true", None, True), (False, "true", None, False), (True, None, None, True),
    (True, None, False, False), (None, None, True, True),
])  # fmt: skip
def test_which_version_a_cleared_run_goes_on_in(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, of_dag: bool | None, setting: str | None,
    said: bool | None, latest: bool,
) -> None:  # fmt: skip
    failed_run(deployment)
    deployment.parse(dag(task("a", "b"), task("b", "c"), task("c"), rerun_with_latest_version=of_dag), file_hash="2")
    if setting is not None:
        monkeypatch.setenv("QUEUACK__CORE__RERUN_WITH_LATEST_VERSION", setting)
    config.configure(config.load(deployment.home))
    assert cleared(deployment, dag_id="d", run="one", only_failed=True, run_on_latest_version=said) == ["b"]
    assert ("c" in deployment.states("one")) == latest
    versions = dict(deployment.rows("select task_id, dag_version_id from task_instance where run_id = 'one'"))
    assert len(set(versions.values())) == (2 if latest else 1)
    assert versions["b"] == max(versions.values())
    deployment.restart()
    deployment.finish("one", {"b": "success"} | ({"c": "success"} if latest else {}))
    assert deployment.run_state("one") == "success"


def test_whole_runs_and_what_a_newest_version_adds(deployment: Deployment) -> None:
    deployment.call("trigger_run", dag_id="d", run_id="one")
    deployment.finish("one", {"a": "success", "b": "success"})
    deployment.parse(dag(task("a", "b"), task("b"), task("c")), file_hash="2")
    (row,) = deployment.call("clear_dag_runs", dag_id="d", run="one", only_new=True, note="more", user="me")
    assert (row["task_id"], row["id"]) == ("c", None)
    assert deployment.states("one") == {"a": "success", "b": "success", "c": "queued"}
    assert deployment.call("get_run", dag_id="d", run="one")["note"] == "more"
    assert [row["task_id"] for row in deployment.call("clear_dag_runs", dag_id="d", run="one")] == ["a", "b", "c"]
    with pytest.raises(InvalidRequest, match="which runs"):
        deployment.call("clear_dag_runs", dag_id="d")
