"""Runs come to be: by schedule, by hand, in order, within limits; their ids and dates."""

from __future__ import annotations

import pytest

from queuack.engine.events import SetPaused, TriggerRun
from queuack.engine.instants import iso, to_us
from queuack.errors import DagNotFound, DagRunAlreadyExists, InvalidRequest
from queuack.schedule.timetables import ContinuousTimetable, CronDataIntervalTimetable, OnceTimetable
from tests.engine.driver import DAY, SECOND, START, Driver, dag, parsed, task

HOUR = 3600 * SECOND
DAILY = CronDataIntervalTimetable("0 0 * * *")


def ids(driver: Driver) -> list[str]:
    return [run.run_id for run in driver.store.runs.values()]


def test_a_daily_dag_runs_at_midnight() -> None:
    driver = Driver(dag(task("a"), timetable=DAILY, start_date=START - 10 * DAY), now=START + HOUR)
    assert ids(driver) == ["scheduled__2026-01-01T00:00:00+00:00"]
    run = driver.store.runs[1]
    assert (run.logical_date, run.data_interval_start, run.data_interval_end) == (START - DAY, START - DAY, START)
    assert (run.run_type, run.triggered_by, run.state) == ("scheduled", "timetable", "running")
    driver.finish(1, {"a": "success"})
    assert driver.engine.next_wakeup() == START + DAY
    assert driver.store.next_runs["d"].next_dagrun == START
    driver.advance(22 * 3600)
    assert len(driver.store.runs) == 1
    driver.advance(3600)
    assert ids(driver)[-1] == "scheduled__2026-01-02T00:00:00+00:00"


def test_catchup_fills_the_past_within_max_active_runs() -> None:
    document = dag(task("a"), timetable=DAILY, start_date=START - 5 * DAY, catchup=True, max_active_runs=2)
    driver = Driver(document, now=START + HOUR)
    seen = []
    while active := [key for key, run in driver.store.runs.items() if run.state == "running"]:
        assert len(active) <= 2
        seen.append(driver.store.runs[active[0]].logical_date)
        driver.finish(active[0], {"a": "success"})
    assert seen == [START - n * DAY for n in (5, 4, 3, 2, 1)]


def test_without_catchup_what_was_missed_is_missed() -> None:
    document = dag(task("a"), timetable=DAILY, start_date=START - 5 * DAY, max_active_runs=1)
    driver = Driver(document, now=START + HOUR)
    driver.advance(3 * 86_400)
    assert len(driver.store.runs) == 1
    driver.finish(1, {"a": "success"})
    assert driver.store.runs[2].logical_date == START + 2 * DAY


def test_end_date_ends_the_schedule() -> None:
    document = dag(task("a"), timetable=DAILY, start_date=START - 2 * DAY, end_date=START - 2 * DAY, catchup=True)
    driver = Driver(document)
    assert [run.logical_date for run in driver.store.runs.values()] == [START - 2 * DAY]
    assert driver.store.next_runs["d"].next_dagrun is None
    driver.finish(1, {"a": "success"})
    assert driver.engine.next_wakeup() is None


def test_once() -> None:
    driver = Driver(dag(task("a"), timetable=OnceTimetable()))
    assert ids(driver) == ["scheduled__2026-01-01T00:00:00+00:00"]
    driver.finish(1, {"a": "success"})
    driver.restart()
    assert driver.engine.next_wakeup() is None
    assert len(driver.store.runs) == 1


def test_continuous_runs_one_at_a_time() -> None:
    driver = Driver(dag(task("a"), timetable=ContinuousTimetable(), start_date=START - DAY))
    assert len(driver.store.runs) == 1
    driver.advance(10)
    assert len(driver.store.runs) == 1
    driver.finish(1, {"a": "success"})
    assert [run.data_interval_start for run in driver.store.runs.values()] == [START - DAY, START]
    assert driver.store.runs[2].data_interval_end == START + 10 * SECOND


def test_pausing_stops_the_schedule_and_unpausing_resumes_it() -> None:
    driver = Driver(dag(task("a"), timetable=DAILY, start_date=START - DAY, is_paused_upon_creation=True))
    assert not driver.store.runs
    assert driver.store.next_runs["d"].next_dagrun == START - DAY
    assert driver.engine.next_wakeup() is None
    driver.advance(2 * 86_400)
    driver.ask(SetPaused(dag_id="d", paused=False))
    assert [run.logical_date for run in driver.store.runs.values()] == [START + DAY]


def test_a_paused_dag_keeps_triggered_runs_queued() -> None:
    driver = Driver(dag(task("a"), is_paused_upon_creation=True))
    key = driver.trigger()
    assert driver.run_state(key) == "queued"
    assert driver.codes(key, "a") == ["dag_paused"]
    driver.restart()
    driver.ask(SetPaused(dag_id="d", paused=False))
    assert driver.states(key) == {"a": "queued"}


def test_queued_runs_start_in_order_within_max_active_runs() -> None:
    driver = Driver(dag(task("a"), max_active_runs=1))
    one = driver.trigger(run_id="one")
    late = driver.trigger(run_id="late", run_after=START + 60 * SECOND)
    two = driver.trigger(run_id="two")
    assert [driver.run_state(key) for key in (one, two, late)] == ["running", "queued", "queued"]
    driver.finish(one, {"a": "success"})
    driver.finish(two, {"a": "success"})
    assert driver.run_state(late) == "queued"
    assert driver.engine.next_wakeup() == START + 60 * SECOND
    driver.advance(60)
    assert driver.run_state(late) == "running"


def test_manual_ids_and_intervals() -> None:
    driver = Driver(dag(task("a"), timetable=DAILY, start_date=START + 30 * DAY))
    assert driver.ask(TriggerRun(dag_id="d")) == "manual__2026-01-01T00:00:00+00:00"
    assert driver.store.runs[1].data_interval_start is None
    driver.now += 1
    date = START - 12 * HOUR
    run_id = driver.ask(TriggerRun(dag_id="d", logical_date=date, triggered_by="rest_api", conf={"x": 1}, note="n"))
    run = driver.store.run(run_id)
    assert run.run_id == f"manual__{iso(driver.now)}"
    assert (run.logical_date, run.data_interval_start, run.data_interval_end) == (date, START - 2 * DAY, START - DAY)
    assert (run.conf, run.note) == ({"x": 1}, "n")
    driver.now += 1
    one = driver.ask(TriggerRun(dag_id="d", triggered_by="operator"))
    two = driver.ask(TriggerRun(dag_id="d", triggered_by="operator"))
    assert one != two
    assert one.startswith(f"manual__{iso(driver.now)}_")
    assert len(one.rpartition("_")[2]) == 8


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"dag_id": "ghost"}, DagNotFound),
        ({"run_id": "one"}, DagRunAlreadyExists),
        ({"logical_date": START - DAY}, DagRunAlreadyExists),
        ({"run_id": "a/b"}, InvalidRequest),
        ({"run_id": "a..b"}, InvalidRequest),
        ({"run_id": "scheduled__x"}, InvalidRequest),
        ({"data_interval_start": 1, "logical_date": 5}, InvalidRequest),
        ({"data_interval_start": 1, "data_interval_end": 2}, InvalidRequest),
    ],
)
@pytest.mark.parametrize("finished", [False, True])
def test_refused_triggers_change_nothing(options: dict[str, object], error: type[Exception], finished: bool) -> None:
    driver = Driver(dag(task("a")))
    key = driver.trigger(run_id="one", logical_date=START - DAY)
    if finished:
        driver.finish(key, {"a": "success"})
    before = dict(driver.store.runs)
    with pytest.raises(error):
        driver.ask(TriggerRun(**{"dag_id": "d", **options}))  # type: ignore[arg-type]
    assert driver.store.runs == before


def test_a_scheduled_run_gives_way_to_a_manual_one_of_the_same_date() -> None:
    driver = Driver(dag(task("a"), timetable=DAILY, start_date=START), now=START + HOUR)
    driver.trigger(run_id="mine", logical_date=START)
    driver.advance(86_400)
    assert ids(driver) == ["mine"]
    driver.advance(86_400)
    assert ids(driver) == ["mine", "scheduled__2026-01-03T00:00:00+00:00"]


def test_a_changed_schedule_changes_the_next_run() -> None:
    driver = Driver(dag(task("a"), timetable=DAILY, start_date=START - DAY))
    driver.step(parsed(dag(task("a"), timetable=CronDataIntervalTimetable("0 * * * *"), start_date=START - DAY)))
    assert driver.store.next_runs["d"].next_dagrun_create_after == START + HOUR
    assert driver.engine.next_wakeup() == START + HOUR


def test_a_year_of_cron() -> None:
    driver = Driver(dag(task("a"), timetable=DAILY, start_date=START))
    while driver.now < START + 365 * DAY:
        driver.now = driver.engine.next_wakeup() or 0
        driver.step()
        key = max(driver.store.runs)
        driver.finish(key, {"a": "success"})
    runs = list(driver.store.runs.values())
    assert [run.run_after for run in runs] == [START + day * DAY for day in range(1, 366)]
    assert len({run.run_id for run in runs}) == 365


def test_instants() -> None:
    assert iso(START) == "2026-01-01T00:00:00+00:00"
    assert iso(START + 5) == "2026-01-01T00:00:00.000005+00:00"
    assert to_us(DAILY.manual_interval(__import__("datetime").datetime.fromisoformat(iso(START))).end) == START


@pytest.mark.parametrize("restart", [False, True])
def test_a_date_that_a_run_by_hand_has_is_not_scheduled_again(restart: bool) -> None:
    driver = Driver(dag(task("a"), timetable=DAILY, start_date=START - DAY), now=START + HOUR)
    driver.finish(1, {"a": "success"})
    by_hand = driver.trigger(run_id="mine", logical_date=START)
    driver.finish(by_hand, {"a": "success"})
    driver.engine.dags["d"].recent.clear()  # as a thousand runs later
    if restart:
        driver.restart()
    with pytest.raises(DagRunAlreadyExists):
        driver.trigger(run_id="again", logical_date=START)
    driver.advance(24 * 3600)
    assert [run.logical_date for run in driver.store.runs.values()] == [START - DAY, START]
    assert driver.store.next_runs["d"].next_dagrun == START + DAY
    driver.advance(24 * 3600)
    assert [run.logical_date for run in driver.store.runs.values()] == [START - DAY, START, START + DAY]
    assert not driver.engine.dags["d"].taken_dates
