"""Custom timetables: questions go out, answers come in, and nothing is lost or doubled between them."""

from __future__ import annotations

from typing import Any

import pytest

from queuack.engine.effects import AskTimetable, RunCallback
from queuack.engine.engine import EngineSettings
from queuack.engine.events import PluginsSeen, SetPaused, TimetableAnswered, TriggerRun
from queuack.engine.spec import DagDocument
from queuack.errors import InvalidRequest
from queuack.schedule.timetables import CronTriggerTimetable, CustomTimetable
from tests.engine.driver import DAY, SECOND, START, Driver, dag, parsed, task

MINE = CustomTimetable(importable="mine.Daily", data={"n": 1}, label="Daily")


def document(**options: Any) -> DagDocument:
    return dag(task("a"), timetable=MINE, start_date=START, **{"catchup": True, **options})


class Asked(Driver):
    """Answers as a daily timetable would, when told to."""

    def question(self) -> AskTimetable:
        (found,) = self.taken(AskTimetable)
        return found

    def answer(self, question: AskTimetable, **options: Any) -> None:
        start = question.last_end if question.last_end is not None else START
        said = {"run_after": start + DAY, "start": start, "end": start + DAY, **options}
        self.step(TimetableAnswered(dag_id=question.dag_id, number=question.number, **said))

    def ids(self) -> list[str]:
        return [run.run_id for run in self.store.runs.values()]


def test_a_run_is_created_from_the_answer_and_the_next_is_asked_for() -> None:
    driver = Asked(document(), now=START + DAY)
    first = driver.question()
    assert (first.importable, first.data, first.last_end, first.earliest, first.catchup) == (
        "mine.Daily",
        {"n": 1},
        None,
        START,
        True,
    )
    assert driver.ids() == []
    driver.answer(first)
    assert driver.ids() == ["scheduled__2026-01-02T00:00:00+00:00"]
    second = driver.question()
    assert (second.last_start, second.last_end, second.last_run_after) == (START, START + DAY, START + DAY)
    driver.answer(second)
    assert driver.store.next_runs["d"].next_dagrun == START + DAY
    assert driver.engine.next_wakeup() == START + 2 * DAY
    driver.advance(86_400)
    assert len(driver.ids()) == 2


def test_an_answer_is_taken_once_and_an_outdated_one_not_at_all() -> None:
    driver = Asked(document(), now=START + DAY)
    first = driver.question()
    driver.step(parsed(document(catchup=False), file_hash="2"))
    current = driver.question()
    driver.answer(first)
    assert driver.ids() == []
    driver.answer(current)
    driver.answer(current)
    assert len(driver.ids()) == 1


def test_after_a_restart_the_same_question_is_asked() -> None:
    driver = Asked(document(), now=START + DAY)
    driver.answer(driver.question())
    before = driver.question()
    driver.restart()
    again = driver.question()
    assert (again.last_start, again.last_end, again.last_run_after) == (
        before.last_start,
        before.last_end,
        before.last_run_after,
    )
    assert len(driver.ids()) == 1


def test_an_error_is_shown_and_asked_again_later_and_later() -> None:
    driver = Asked(document(), now=START + DAY)
    waits = []
    for _ in range(12):
        question = driver.question()
        driver.step(TimetableAnswered(dag_id="d", number=question.number, error="KeyError: 'x'", stacktrace="trace"))
        wakeup = driver.engine.next_wakeup()
        assert wakeup is not None
        waits.append((wakeup - driver.now) // SECOND)
        driver.now = wakeup
        driver.step()
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    (error,) = driver.store.import_errors["d.py"].errors
    assert "mine.Daily" in error.message
    assert "KeyError: 'x'" in error.message
    assert error.stacktrace == "trace"
    assert driver.store.dags["d"].has_import_errors
    driver.answer(driver.question())
    assert not driver.store.import_errors.get("d.py")
    assert not driver.store.dags["d"].has_import_errors
    assert driver.ids() == ["scheduled__2026-01-02T00:00:00+00:00"]


def test_the_trouble_of_a_timetable_stands_beside_the_errors_of_the_file() -> None:
    driver = Asked(document(), now=START + DAY)
    question = driver.question()
    driver.step(TimetableAnswered(dag_id="d", number=question.number, error="no"))
    driver.step(parsed(document(), file_hash="2"))
    assert len(driver.store.import_errors["d.py"].errors) == 1
    driver.step(parsed(dag(task("a"), timetable=CronTriggerTimetable("@daily")), file_hash="3"))
    assert not driver.store.import_errors.get("d.py")
    assert not driver.taken(AskTimetable)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"run_after": START, "start": None, "end": None}, "without data interval"),
        ({"run_after": START, "start": START, "end": START - DAY}, "before it starts"),
    ],
)
def test_answers_that_make_no_sense_are_errors(said: dict[str, Any], words: str) -> None:
    driver = Asked(document(), now=START + DAY)
    driver.answer(driver.question(), **said)
    assert words in driver.store.import_errors["d.py"].errors[0].message
    assert driver.ids() == []


def test_a_timetable_that_does_not_move_on_is_an_error() -> None:
    driver = Asked(document(), now=START + DAY)
    driver.answer(driver.question())
    driver.answer(driver.question(), run_after=START + DAY, start=START, end=START + DAY)
    assert "the run it was asked to follow" in driver.store.import_errors["d.py"].errors[0].message
    assert len(driver.ids()) == 1


def test_a_timetable_that_goes_in_circles_is_slowed_down() -> None:
    driver = Asked(document(), now=START + 5 * DAY)
    driver.answer(driver.question())
    driver.answer(driver.question())
    driver.answer(driver.question(), run_after=START + DAY, start=START, end=START + DAY)
    assert len(driver.ids()) == 2
    assert not driver.taken(AskTimetable)
    driver.advance(1)
    assert driver.question().last_end == START + DAY


def test_no_run_at_present_is_asked_again() -> None:
    driver = Asked(document(), now=START + DAY)
    driver.answer(driver.question(), run_after=None, start=None, end=None)
    assert not driver.taken(AskTimetable)
    driver.advance(60)
    driver.answer(driver.question())
    assert len(driver.ids()) == 1


def test_max_active_runs_holds_the_answer_and_without_catchup_it_gets_old() -> None:
    driver = Asked(document(catchup=False, max_active_runs=1), now=START + DAY)
    driver.answer(driver.question())
    driver.answer(driver.question())
    driver.advance(2 * 86_400)
    assert not driver.taken(AskTimetable)
    driver.finish(1, {"a": "success"})
    assert len(driver.ids()) == 1
    driver.answer(driver.question())
    assert len(driver.ids()) == 2


def test_a_timetable_chooses_run_ids() -> None:
    driver = Asked(document(), now=START + 3 * DAY)
    driver.answer(driver.question(), run_id="mine")
    driver.answer(driver.question(), run_id="mine")
    assert driver.ids() == ["mine", "scheduled__2026-01-03T00:00:00+00:00"]


def test_paused_dags_know_their_next_run_and_do_not_run() -> None:
    driver = Asked(document(is_paused_upon_creation=True), now=START + DAY)
    driver.answer(driver.question())
    assert driver.ids() == []
    assert driver.store.next_runs["d"].next_dagrun == START
    driver.ask(SetPaused(dag_id="d", paused=False))
    driver.answer(driver.question())
    assert len(driver.ids()) == 1


def test_a_timetable_that_cannot_be_scheduled_is_not_asked() -> None:
    unscheduled = CustomTimetable(importable="mine.Never", can_be_scheduled=False)
    driver = Asked(dag(task("a"), timetable=unscheduled))
    assert not driver.taken(AskTimetable)


def test_the_interval_of_a_run_by_hand_must_be_given() -> None:
    driver = Asked(document())
    with pytest.raises(InvalidRequest, match="its timetable's"):
        driver.ask(TriggerRun(dag_id="d", logical_date=START))
    key = driver.trigger(logical_date=START, data_interval_start=START - DAY, data_interval_end=START)
    assert driver.store.runs[key].data_interval_start == START - DAY
    driver.now += SECOND
    driver.trigger()


def test_changed_plugins_are_asked_at_once() -> None:
    driver = Asked(document(), now=START + DAY)
    question = driver.question()
    driver.step(TimetableAnswered(dag_id="d", number=question.number, error="no"))
    driver.step(PluginsSeen(state="2"))
    driver.answer(driver.question())
    assert len(driver.ids()) == 1
    driver.question()
    driver.step(PluginsSeen(state="2"))
    assert not driver.taken(AskTimetable)


def test_a_command_without_daemon_asks_nothing() -> None:
    driver = Asked(document(), settings=EngineSettings(dormant=True))
    assert not driver.taken(AskTimetable)


# ── listeners ────────────────────────────────────────────────────────────────────────────────────────
def test_listeners_hear_of_runs_only_when_there_are_any() -> None:
    driver = Asked(dag(task("a")))
    driver.finish(driver.trigger(), {"a": "success"})
    assert not driver.taken(RunCallback)
    driver.step(PluginsSeen(state="1", hooks=("on_dag_run_running", "on_dag_run_failed")))
    driver.now += SECOND
    driver.finish(driver.trigger(), {"a": "success"})
    driver.now += SECOND
    driver.finish(driver.trigger(), {"a": "failed"})
    told = [(command.callback.kind, command.callback.reason) for command in driver.taken(RunCallback)]
    assert told == [
        ("listener_running", "started"),
        ("listener_running", "started"),
        ("listener_failed", "task_failure"),
    ]
