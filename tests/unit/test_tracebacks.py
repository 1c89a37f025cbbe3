"""Which frames of a traceback a user is shown."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Any

import click
import pytest

from queuack import DAG
from queuack.authoring.lazy import LazyValue
from queuack.operators.bash import BashOperator
from queuack.tracebacks import format_user_exception, user_frames


def traceback_of(function: Callable[[], Any]) -> tuple[BaseException, TracebackType]:
    """Without the frame of this function, as who called ``function`` from Queuack would have it."""
    with pytest.raises(BaseException) as caught:  # whatever it is
        function()
    trace = caught.value.__traceback__
    assert trace is not None
    assert trace.tb_next is not None
    return caught.value, trace.tb_next


def users_code() -> None:
    raise ValueError("no luck")


def names(trace: TracebackType | None) -> list[str]:
    return [frame.name for frame in user_frames(trace)]


def test_leading_frames_of_the_machinery_are_dropped() -> None:
    lazy = LazyValue(users_code)
    _, trace = traceback_of(lambda: str(lazy))
    assert names(trace.tb_next) == ["users_code"]  # below the lambda: two frames of queuack, then the user's


def test_frames_below_the_users_stay() -> None:
    _, trace = traceback_of(lambda: DAG("not a valid id!"))
    kept = names(trace)
    assert kept[0] == "<lambda>"
    assert len(kept) > 1


def test_click_and_contextlib_are_machinery() -> None:
    @click.command()
    def command() -> None:
        with contextlib.ExitStack() as stack:
            stack.callback(users_code)

    _, trace = traceback_of(lambda: command.main([], standalone_mode=False))
    kept = names(trace.tb_next)
    assert kept[0] == "command"
    assert kept[-1] == "users_code"


def test_all_are_kept_where_none_is_the_users() -> None:
    _, trace = traceback_of(lambda: LazyValue(None)._get())  # type: ignore[arg-type]
    assert trace is not None
    assert names(trace.tb_next) == ["_get"]
    assert user_frames(None) == []


def test_an_operator_that_fails_by_itself_is_shown_from_its_frame_on() -> None:
    task = BashOperator(task_id="x", bash_command="exit 3")
    _, trace = traceback_of(lambda: task.execute({}))
    frames = user_frames(trace.tb_next)
    assert "operators" in frames[0].filename


def test_source_lines_causes_and_groups() -> None:
    def outer() -> None:
        try:
            users_code()
        except ValueError as error:
            raise ExceptionGroup("several", [RuntimeError("one")]) from error

    error, _ = traceback_of(outer)
    text = format_user_exception(error)
    assert 'raise ValueError("no luck")' in text
    assert "direct cause" in text
    assert "RuntimeError: one" in text
    assert text.endswith("\n")


def test_endless_recursion_is_cut() -> None:
    def again() -> None:
        again()

    _, trace = traceback_of(again)
    assert len(user_frames(trace)) == 200


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
def test_any_exception(kind: type[BaseException]) -> None:
    assert kind.__name__ in format_user_exception(kind("x"))
