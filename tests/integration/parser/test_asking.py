"""Custom timetables asked in a process of their own: every question has its answer, whatever the timetable does."""

from __future__ import annotations

import selectors
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from queuack import config
from queuack.clock import to_us
from queuack.home import Home
from queuack.parser.answerer import ask_once
from queuack.parser.lanes import Lanes
from queuack.protocol import TimetableAnswer, TimetableQuestion

PLUGIN = '''
import os, time
from datetime import datetime, timedelta
import pendulum
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable
from airflow.timetables.trigger import CronTriggerTimetable

class Daily(Timetable):
    """Behaves as ``how`` says."""
    def __init__(self, how):
        self.how = how
    def serialize(self):
        return {"how": self.how}
    @classmethod
    def deserialize(cls, data):
        return cls(data["how"])
    def infer_manual_data_interval(self, *, run_after):
        return DataInterval(run_after - timedelta(days=1), run_after)
    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        if self.how == "raises":
            raise KeyError("no")
        if self.how == "hangs":
            while True:
                time.sleep(0.01)
        if self.how == "dies":
            os._exit(3)
        if self.how == "naive":
            return DagRunInfo.exact(datetime(2026, 1, 1))
        if self.how == "odd":
            return "tomorrow"
        start = last_automated_data_interval.end if last_automated_data_interval else restriction.earliest
        if restriction.latest is not None and start > restriction.latest:
            return None
        return DagRunInfo.interval(start, start.add(days=1))

class Named(Daily):
    def generate_run_id(self, *, run_type, run_after, data_interval, **extra):
        return f"{run_type.value}.{run_after:%Y-%m-%d}.{data_interval and data_interval.start.day}"

class NewProtocol(Timetable):
    def next_dagrun_info_v2(self, *, last_dagrun_info, restriction):
        after = last_dagrun_info.run_after if last_dagrun_info else restriction.earliest
        return DagRunInfo.exact(after.add(hours=1))

class Cron(CronTriggerTimetable):
    pass

class Mine(AirflowPlugin):
    name = "mine"
    timetables = [Daily, Named, NewProtocol, Cron]
'''
DAY = 86_400_000_000
START = to_us(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    made.prepare()
    (made.plugins / "mine.py").write_text(PLUGIN)
    before = config.configure(config.load(made, {"core.plugin_timeout": "0.5"}, {}))
    yield made
    config.configure(before)


def question(name: str = "Daily", how: str = "works", **options: Any) -> TimetableQuestion:
    options = {"dag_id": how, "data": {"how": how}, "earliest": START, "catchup": True, **options}
    return TimetableQuestion(number=options.pop("number", 1), importable=f"mine.{name}", **options)


def ask(home: Home, *questions: TimetableQuestion) -> dict[int, TimetableAnswer]:
    """All of them, as the parser asks."""
    found: dict[int, TimetableAnswer] = {}
    with selectors.DefaultSelector() as selector:
        lanes = Lanes(selector, home, config.current(), lambda answer: found.update({answer.number: answer}))
        try:
            for each in questions:
                lanes.put(each)
            while len(found) < len(questions):
                for key, _ in selector.select(lanes.tend()):
                    if key.fd in selector.get_map():
                        key.data()
        finally:
            lanes.close()
    return found


def one(home: Home, asked: TimetableQuestion) -> TimetableAnswer:
    return ask_once(home, config.current(), asked)


def test_runs_to_come(home: Home) -> None:
    said = one(home, question(count=5, latest=START + 2 * DAY))
    assert said.error is None
    assert [(run.run_after, run.start, run.end, run.run_id) for run in said.runs] == [
        (START + (n + 1) * DAY, START + n * DAY, START + (n + 1) * DAY, None) for n in range(3)
    ]
    following = one(home, question(last_start=START, last_end=START + DAY, last_run_after=START + DAY))
    assert following.runs[0].start == START + DAY


def test_both_protocols_run_ids_and_runs_by_hand(home: Home) -> None:
    said = ask(
        home,
        question("NewProtocol", number=1, data={}, count=2),
        question("Named", number=2),
        question("Named", number=3, manual_run_after=START, manual_at=START - DAY),
        question("Named", number=4, manual_run_after=START),
        question("Daily", number=5, manual_run_after=START, manual_at=START),
        question("Cron", number=6, data={"expression": "0 6 * * *", "timezone": "UTC", "interval": 0.0}),
    )
    assert {number: answer.error for number, answer in said.items() if answer.error} == {}
    hour = DAY // 24
    assert [run.run_after for run in said[1].runs] == [START + hour, START + 2 * hour]
    assert said[2].runs[0].run_id == "scheduled.2026-01-02.1"
    by_hand = said[3].runs[0]
    assert (by_hand.start, by_hand.end, by_hand.run_id) == (START - 2 * DAY, START - DAY, "manual.2026-01-01.30")
    assert (said[4].runs[0].start, said[4].runs[0].run_id) == (None, "manual.2026-01-01.None")
    assert (said[5].runs[0].start, said[5].runs[0].run_id) == (START - DAY, None)
    assert said[6].runs[0].run_after == START + 6 * hour


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("raises", "KeyError: 'no'"),
        ("naive", "without a time zone"),
        ("odd", "not a DagRunInfo"),
        ("hangs", "longer than 0.5 s"),
        ("dies", "exited with code 3"),
    ],
)
def test_errors(how: str, words: str, home: Home) -> None:
    said = one(home, question(how=how))
    assert said.error is not None
    assert words in said.error
    if how == "hangs":
        assert "mine.py" in said.stacktrace


def test_a_class_that_is_not_registered(home: Home) -> None:
    said = one(home, question("Unknown"))
    assert said.error is not None
    assert "not registered" in said.error


def test_one_that_hangs_or_dies_hinders_no_other(home: Home) -> None:
    kinds = ["works", "hangs", "works", "dies", "works", "raises", "works"]
    said = ask(home, *(question(how=how, number=number, dag_id=str(number)) for number, how in enumerate(kinds, 1)))
    assert [said[number].error is None for number in range(1, 8)] == [how == "works" for how in kinds]


def test_a_plugin_that_changes_is_asked_in_its_new_form(home: Home) -> None:
    found: list[TimetableAnswer] = []
    with selectors.DefaultSelector() as selector:
        lanes = Lanes(selector, home, config.current(), found.append)

        def answered(number: int) -> TimetableAnswer:
            while len(found) < number:
                for key, _ in selector.select(lanes.tend()):
                    if key.fd in selector.get_map():
                        key.data()
            return found[-1]

        try:
            lanes.put(question(how="raises"))
            assert answered(1).error
            (home.plugins / "mine.py").write_text(PLUGIN.replace('self.how == "raises"', "False"))
            lanes.retire()
            lanes.put(question(how="raises", number=2))
            assert answered(2).runs
        finally:
            lanes.close()
