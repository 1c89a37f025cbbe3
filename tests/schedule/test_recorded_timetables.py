"""Airflow's answers, recorded by ``tests/conformance/record_timetables.py``, against Queuack's: thousands of cases."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from dateutil.relativedelta import relativedelta, weekday
from pendulum import instance

from queuack.authoring import timetables
from queuack.authoring.timetables import DataInterval, TimeRestriction, Timetable, base, timetable_for
from queuack.authoring.timetables.encoding import pendulum_zone
from queuack.clock import from_us, to_us
from queuack.schedule import timetables as schedule

RECORDING = Path(__file__).parents[1] / "conformance" / "recordings" / "timetables.json.gz"


@pytest.fixture(scope="module")
def recording() -> dict[str, Any]:
    return json.loads(gzip.decompress(RECORDING.read_bytes()))


def argument(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "instants" in value:
        return [from_us(each) for each in value["instants"]]
    if "seconds" in value:
        return timedelta(seconds=value["seconds"])
    fields = dict(value["relativedelta"])
    if "weekday" in fields:
        fields["weekday"] = weekday(*fields["weekday"])
    return relativedelta(**fields)


def timetable_of(spec: dict[str, Any]) -> Timetable:
    if "schedule" in spec:
        intervals = spec["data_intervals"]
        return timetable_for(
            argument(spec["schedule"]),
            pendulum_zone(spec["timezone"]),
            create_cron_data_intervals=intervals,
            create_delta_data_intervals=intervals,
        )
    args = [argument(each) for each in spec["args"]]
    kwargs = {name: argument(value) for name, value in spec["kwargs"].items()}
    if spec["class"] == "CronDataIntervalTimetable":
        args[1] = pendulum_zone(args[1])
    if "timezone" in kwargs:
        kwargs["timezone"] = pendulum_zone(kwargs["timezone"])
    return getattr(timetables, spec["class"])(*args, **kwargs)


def moment(instant: int | None) -> Any:
    return None if instant is None else from_us(instant)


def answer(timetable: schedule.Timetable, case: dict[str, Any]) -> dict[str, Any]:
    earliest, latest, catchup = case["restriction"]
    restriction = schedule.Restriction(moment(earliest), moment(latest), catchup)
    last = case["last"] and schedule.Interval(*map(from_us, case["last"]))
    steps: list[list[Any]] = []
    for now, _ in case["steps"]:
        run = timetable.next_run(last, restriction, from_us(now))
        if run is None:
            steps.append([now, None])
            break
        last = run.data_interval
        assert run.logical_date == last.start
        steps.append([now, [to_us(last.start), to_us(last.end), to_us(run.run_after)]])
    return {"steps": steps, "manual": [[instant, manual(timetable, instant)] for instant, _ in case["manual"]]}


def manual(timetable: schedule.Timetable, instant: int) -> Any:
    try:
        interval = timetable.manual_interval(from_us(instant))
    except schedule.NoMoreDates:
        return "CroniterBadDateError"
    return [to_us(interval.start), to_us(interval.end)]


def explained(case: dict[str, Any], got: list[list[Any]]) -> list[list[Any]]:
    """The steps expected of Queuack: Airflow's, but for the last where its scheduler stumbles and the DAG stands still.

    CroniterBadDateError: the expression matches no more; Queuack says there is no next run, or goes on with the other
    expressions if there are any. The other two come about when the clocks change. ValueError: ``next_dagrun_info``
    finds the next point at or before the run there is, twice; Queuack goes on to a later one. AssertionError: a point
    follows the one before now and is not after now; Queuack takes the interval between them for the newest complete.
    """
    *before, (now, run) = case["steps"]
    if run == "CroniterBadDateError":
        return [*before, got[-1] if case["name"] == "MultipleCronTriggerTimetable" else [now, None]]
    if run in ("ValueError", "AssertionError"):
        last = before[-1][1] if before else case["last"]
        answered = got[-1][1]
        assert answered is None or last is None or answered[0] > last[0]
        assert answered is not None or case["restriction"][1] is not None
        return [*before, got[-1]]
    return case["steps"]


def loses_a_zero(spec: dict[str, Any]) -> bool:
    """Airflow drops ``minute=0`` when it serializes a DAG's relativedelta, and so leaves the minute alone."""
    delta = spec.get("schedule")
    fields = delta.get("relativedelta", {}) if isinstance(delta, dict) else {}
    return any(fields.get(name) == 0 for name in ("hour", "minute", "second", "microsecond"))


def test_every_recorded_case(recording: dict[str, Any]) -> None:
    wrong = []
    for number, case in enumerate(recording["cases"]):
        if loses_a_zero(case["timetable"]):
            continue
        timetable = timetable_of(case["timetable"])
        document = msgspec.json.decode(msgspec.json.encode(timetable.document), type=schedule.Timetable)
        got = answer(document, case)
        expected = {"steps": explained(case, got["steps"]), "manual": case["manual"]}
        if got != expected or document.summary != case["summary"] or type(timetable).__name__ != case["name"]:
            wrong.append((number, case["timetable"], case["restriction"], case["last"], expected, got))
    assert not wrong, f"{len(wrong)} differ, the first: {wrong[:3]}"


def test_descriptions_not_of_cron_expressions(recording: dict[str, Any]) -> None:
    for case in recording["cases"]:
        if "Cron" not in case["name"]:
            assert timetable_of(case["timetable"]).description == case["description"], case["timetable"]


def test_descriptions_of_cron_expressions(recording: dict[str, Any]) -> None:
    pytest.importorskip("cron_descriptor", reason="optional: words for cron expressions")
    for case in recording["cases"]:
        assert timetable_of(case["timetable"]).description == case["description"], case["timetable"]


def test_serialized_and_back(recording: dict[str, Any]) -> None:
    for case in recording["cases"]:
        timetable = timetable_of(case["timetable"])
        data = json.loads(json.dumps(timetable.serialize()))
        assert type(timetable).deserialize(data) == timetable


def test_the_classes_answer_as_their_documents(recording: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for case in recording["cases"][:500]:
        timetable = timetable_of(case["timetable"])
        earliest, latest, catchup = case["restriction"]
        last = case["last"] and DataInterval(*(instance(from_us(each)) for each in case["last"]))
        now = case["steps"][0][0]
        monkeypatch.setattr(base, "utcnow", lambda now=now: instance(from_us(now)))
        restriction = TimeRestriction(
            earliest and instance(from_us(earliest)), latest and instance(from_us(latest)), catchup
        )
        info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        expected = answer(timetable.document, {**case, "steps": case["steps"][:1]})["steps"][0][1]
        got = info and [to_us(info.data_interval.start), to_us(info.data_interval.end), to_us(info.run_after)]
        assert got == expected


def test_the_recording_covers_what_matters(recording: dict[str, Any]) -> None:
    cases = recording["cases"]
    assert recording["airflow"] == "3.3.2"
    kinds = Counter(case["name"] for case in cases)
    others = {"Timetable", "AssetTriggeredTimetable", "CronPartitionTimetable", "PartitionedAssetTimetable"}
    assert set(kinds) == {name for name in timetables.__all__ if name.endswith("Timetable")} - others
    assert min(kinds.values()) > 80
    zones = {str(case["timetable"].get("kwargs", {}).get("timezone")) for case in cases}
    assert {"Australia/Lord_Howe", "Asia/Kathmandu", "Europe/Amsterdam", "20700"} <= zones
    assert sum(case["restriction"][2] for case in cases) > len(cases) / 3
    stumbles = Counter(run for case in cases for _, run in case["steps"] if isinstance(run, str))
    assert set(stumbles) <= {"CroniterBadDateError", "ValueError", "AssertionError"}
    assert stumbles["ValueError"] + stumbles["AssertionError"] < len(cases) / 100
