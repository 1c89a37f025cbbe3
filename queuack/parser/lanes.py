"""Two answerers: one for timetables that answer, one for those that did not the last time.

Decides which one is asked, by DAG, so that a timetable that hangs, time and again, keeps none of the others waiting.
"""

from __future__ import annotations

import selectors
from collections.abc import Callable

from queuack.config import Config
from queuack.home import Home
from queuack.parser.answerer import Answerer
from queuack.protocol import TimetableAnswer, TimetableQuestion


class Lanes:
    """As ``Answerer``."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        home: Home,
        settings: Config,
        on_answer: Callable[[TimetableAnswer], None],
    ) -> None:
        self._on_answer = on_answer
        self._asked: dict[int, str] = {}
        """Question → DAG."""
        self._suspects: set[str] = set()
        self._usual, self._suspected = (Answerer(selector, home, settings, self._answered) for _ in range(2))

    @property
    def pids(self) -> list[int]:
        return self._usual.pids + self._suspected.pids

    def put(self, question: TimetableQuestion) -> None:
        self._asked[question.number] = question.dag_id
        lane = self._suspected if question.dag_id in self._suspects else self._usual
        lane.put(question)

    def _answered(self, answer: TimetableAnswer) -> None:
        dag_id = self._asked.pop(answer.number, "")
        if answer.error is None:
            self._suspects.discard(dag_id)
        else:
            self._suspects.add(dag_id)
        self._on_answer(answer)

    def retire(self) -> None:
        self._suspects.clear()
        self._usual.retire()
        self._suspected.retire()

    def close(self) -> None:
        self._usual.close()
        self._suspected.close()

    def tend(self) -> float | None:
        due = [each for each in (self._usual.tend(), self._suspected.tend()) if each is not None]
        return min(due, default=None)
