"""The order in which files are parsed."""

from __future__ import annotations

from pathlib import Path

from queuack.parser.agenda import BURST, BURST_SECONDS, Agenda
from queuack.parser.files import DagFile


def file(name: str) -> DagFile:
    return DagFile(name, Path(name))


def take(agenda: Agenda, now: float = 0.0) -> str | None:
    taken = agenda.next(now)
    return taken.relative_fileloc if taken else None


def test_urgent_before_patient_each_once() -> None:
    agenda = Agenda()
    agenda.add([file("a"), file("b")], urgent=False)
    agenda.add([file("b"), file("c")], urgent=True)
    agenda.add([file("c"), file("b")], urgent=False)
    assert [take(agenda) for _ in range(4)] == ["b", "c", "a", None]


def test_a_running_file_waits_for_its_end() -> None:
    agenda = Agenda()
    agenda.add([file("a")], urgent=True)
    assert take(agenda) == "a"
    agenda.add([file("a"), file("b")], urgent=True)
    assert [take(agenda), take(agenda)] == ["b", None]
    assert not agenda.is_empty
    agenda.done("a")
    assert take(agenda) == "a"
    assert agenda.is_empty


def test_later_comes_when_due_unless_it_came_before() -> None:
    agenda = Agenda()
    agenda.add_later(file("a"), 5.0)
    agenda.add_later(file("b"), 7.0)
    assert (take(agenda, 4.0), agenda.next_due()) == (None, 5.0)
    assert take(agenda, 5.0) == "a"
    agenda.add([file("b")], urgent=True)
    assert (take(agenda, 5.0), agenda.next_due()) == ("b", None)


def test_a_file_that_changes_all_the_time_has_to_wait() -> None:
    agenda = Agenda()
    for _ in range(BURST):
        agenda.add([file("a")], urgent=True)
        assert take(agenda, 1.0) == "a"
        agenda.done("a")
    agenda.add([file("a"), file("b")], urgent=True)
    assert [take(agenda, 2.0), take(agenda, 2.0)] == ["b", None]
    assert agenda.next_due() == 1.0 + BURST_SECONDS
    assert take(agenda, 1.0 + BURST_SECONDS) == "a"


def test_dropped_files_are_forgotten() -> None:
    agenda = Agenda()
    agenda.add([file("a")], urgent=False)
    agenda.add([file("b")], urgent=True)
    agenda.add_later(file("c"), 0.0)
    for name in "abc":
        agenda.drop(name)
    assert take(agenda, 1.0) is None
