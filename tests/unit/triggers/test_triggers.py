"""The standard triggers: what they fire and how they are stored. Their waits take no time here."""

from __future__ import annotations

import asyncio
import datetime as dt
from types import SimpleNamespace

import pendulum
import pytest

from queuack.authoring import timezone
from queuack.authoring.trigger import TaskSuccessEvent, TriggerEvent
from queuack.triggers import file as files
from queuack.triggers import temporal
from queuack.triggers.file import DirectoryFileDeleteTrigger, FileDeleteTrigger, FileTrigger
from queuack.triggers.temporal import DateTimeTrigger, TimeDeltaTrigger

NOON = pendulum.datetime(2024, 1, 1, 12, tz="UTC")


def events(trigger, most=1):
    async def collect():
        found = []
        stream = trigger.run()
        async for event in stream:
            found.append(event)
            if len(found) == most:
                break
        await stream.aclose()
        return found

    return asyncio.run(collect())


def again(trigger):
    """As the triggerer makes it."""
    _, arguments = trigger.serialize()
    return type(trigger)(**arguments)


def test_a_moment_that_is_past():
    trigger = DateTimeTrigger(moment=NOON)
    path, arguments = trigger.serialize()
    assert path == "airflow.providers.standard.triggers.temporal.DateTimeTrigger"
    assert arguments == {"moment": NOON, "end_from_trigger": False}
    assert events(again(trigger)) == [TriggerEvent(NOON)]
    assert events(DateTimeTrigger(moment=NOON, end_from_trigger=True)) == [TaskSuccessEvent()]


def test_waiting_for_a_moment(monkeypatch):
    """In steps, for the clock may be set meanwhile."""
    now = [NOON]
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        now[0] += dt.timedelta(seconds=seconds)

    monkeypatch.setattr(temporal, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(
        temporal, "timezone", SimpleNamespace(utcnow=lambda: now[0], convert_to_utc=timezone.convert_to_utc)
    )
    assert events(DateTimeTrigger(moment=NOON + dt.timedelta(seconds=150))) == [
        TriggerEvent(NOON + dt.timedelta(seconds=150))
    ]
    assert slept == [60, 60, 30]


def test_a_target_time_that_is_rendered_later():
    trigger = DateTimeTrigger(target_time="{{ ds }}")
    assert trigger.serialize()[1] == {"target_time": "{{ ds }}", "end_from_trigger": False}
    trigger = again(trigger)
    trigger.target_time = "2024-01-01T12:00:00Z"
    assert events(trigger) == [TriggerEvent(NOON)]
    assert DateTimeTrigger(target_time=NOON).moment == NOON


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, TypeError),
        ({"moment": NOON, "target_time": NOON}, TypeError),
        ({"moment": "2024-01-01"}, TypeError),
        ({"moment": dt.datetime(2024, 1, 1)}, ValueError),
    ],
)
def test_no_moment(arguments, error):
    with pytest.raises(error):
        DateTimeTrigger(**arguments)


def test_target_times_that_are_none():
    with pytest.raises(TypeError, match="usable"):
        _ = DateTimeTrigger(target_time="").moment


def test_a_delta():
    trigger = TimeDeltaTrigger(dt.timedelta(hours=1))
    assert trigger.serialize()[0].endswith(".DateTimeTrigger")
    assert dt.timedelta(minutes=59) < trigger.moment - timezone.utcnow() <= dt.timedelta(hours=1)


@pytest.fixture
def tries(monkeypatch):
    """Waits between looks, and what happens at the first: ``tries.then``."""
    found = SimpleNamespace(waits=[], then=lambda: None)

    async def sleep(seconds):
        if not found.waits:
            found.then()
        found.waits.append(seconds)

    monkeypatch.setattr(files, "asyncio", SimpleNamespace(sleep=sleep, to_thread=asyncio.to_thread))
    return found


def test_a_file(tmp_path, tries):
    tries.then = lambda: (tmp_path / "a.csv").write_text("")
    trigger = FileTrigger(str(tmp_path / "*.csv"), poke_interval=7)
    assert events(again(trigger)) == [TriggerEvent(True)]
    assert tries.waits == [7]
    assert events(FileTrigger(str(tmp_path))) == [TriggerEvent(True)]


def test_a_file_that_is_taken(tmp_path, tries):
    path = tmp_path / "a"
    tries.then = lambda: path.write_text("")
    assert events(again(FileDeleteTrigger(str(path)))) == [TriggerEvent(True)]
    assert tries.waits == [5]
    assert not path.exists()


def test_a_file_in_a_directory(tmp_path, tries):
    inbox = tmp_path / "inbox"

    def arrive():
        inbox.mkdir()
        (inbox / "other").write_text("")
        (inbox / "mine").write_text("")

    tries.then = arrive
    trigger = again(DirectoryFileDeleteTrigger(directory=str(inbox), filename="mine"))
    assert events(trigger) == [TriggerEvent({"filepath": str(inbox / "mine")})]
    assert [path.name for path in inbox.iterdir()] == ["other"]
    sibling = DirectoryFileDeleteTrigger(directory=f"{inbox}/", filename="x")
    assert sibling.shared_stream_key() == trigger.shared_stream_key()


def test_a_directory_that_is_none(tmp_path, tries):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        events(DirectoryFileDeleteTrigger(directory=str(tmp_path / "file"), filename="x"))
