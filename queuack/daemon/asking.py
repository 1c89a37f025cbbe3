"""Questions to custom timetables on their way to the parser, and the answers on their way back.

Decides nothing but the order: a question waits until a parser is there, and is put again to the next one when the
parser that had it is gone. Every question has exactly one answer, or none when the daemon stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from queuack.engine.effects import AskTimetable
from queuack.engine.events import TimetableAnswered
from queuack.errors import QueuackError
from queuack.protocol import TimetableAnswer, TimetableQuestion, TimetableRun

if TYPE_CHECKING:
    from queuack.executors.connection import Connection

Reply = Callable[[TimetableAnswer], None]

PATIENCE_SECONDS = 60.0
"""How long somebody who waits for an answer (a trigger by hand) is kept waiting."""


class Asking:
    """All methods are for the event loop's thread."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._waiting: dict[int, tuple[TimetableQuestion, Reply]] = {}
        self._last = 0

    def attach(self, connection: Connection) -> None:
        self._connection = connection
        for question, _ in self._waiting.values():
            connection.send(question)

    def detach(self) -> None:
        self._connection = None

    def put(self, question: TimetableQuestion, reply: Reply) -> int:
        """Have a question answered; its ``number`` is given here and returned."""
        self._last += 1
        question.number = self._last
        self._waiting[self._last] = (question, reply)
        if self._connection is not None:
            self._connection.send(question)
        return self._last

    def answered(self, answer: TimetableAnswer) -> None:
        found = self._waiting.pop(answer.number, None)
        if found is not None:
            found[1](answer)

    async def ask(self, question: TimetableQuestion) -> list[TimetableRun]:
        """The answer to one question. Raises QueuackError with the timetable's error, or when none comes."""
        came: asyncio.Future[TimetableAnswer] = asyncio.get_running_loop().create_future()
        number = self.put(question, lambda answer: None if came.done() else came.set_result(answer))
        try:
            answer = await asyncio.wait_for(came, PATIENCE_SECONDS)
        except TimeoutError:
            raise QueuackError(f"The timetable {question.importable} was asked and has not answered.") from None
        finally:
            self._waiting.pop(number, None)
        return runs_of(question, answer)


def runs_of(question: TimetableQuestion, answer: TimetableAnswer) -> list[TimetableRun]:
    """The runs of an answer. Raises QueuackError with the timetable's error."""
    if answer.error is not None:
        raise QueuackError(f"The timetable {question.importable} has no answer: {answer.error}")
    return answer.runs


def question_of(command: AskTimetable) -> TimetableQuestion:
    """The engine's question, for the wire."""
    return TimetableQuestion(
        number=0,
        dag_id=command.dag_id,
        importable=command.importable,
        data=command.data,
        last_start=command.last_start,
        last_end=command.last_end,
        last_run_after=command.last_run_after,
        earliest=command.earliest,
        latest=command.latest,
        catchup=command.catchup,
    )


def event_of(command: AskTimetable, answer: TimetableAnswer) -> TimetableAnswered:
    """The answer, for the engine."""
    run = answer.runs[0] if answer.runs else TimetableRun()
    return TimetableAnswered(
        dag_id=command.dag_id,
        number=command.number,
        run_after=run.run_after,
        start=run.start,
        end=run.end,
        run_id=run.run_id,
        error=answer.error,
        stacktrace=answer.stacktrace,
    )
