"""What a DAG's schedule says of runs that do not exist yet, whoever has to be asked: the struct, or user code."""

from __future__ import annotations

from queuack import clock
from queuack.daemon.port import Port
from queuack.engine.spec import DagDocument
from queuack.protocol import TimetableQuestion, TimetableRun
from queuack.schedule.forecast import upcoming
from queuack.schedule.timetables import CustomTimetable, Interval, Restriction, asked_part

Span = tuple[int, int]
"""Start and end of a data interval, microseconds."""


def runs_to_come(
    port: Port, document: DagDocument, last: Span | None, last_run_after: int | None, n: int
) -> list[TimetableRun]:
    """At most ``n`` scheduled runs after the automated run with data interval ``last`` (None: from the first).

    Raises QueuackError when a custom timetable fails, or when there is nobody to ask it.
    """
    timetable = asked_part(document.timetable)
    if timetable is not None:
        question = question_about(document, timetable)
        question.count = n
        question.last_start, question.last_end = last or (None, None)
        question.last_run_after = last_run_after
        return port.ask_timetable(question)
    restriction = Restriction(
        None if document.start_date is None else clock.from_us(document.start_date),
        None if document.end_date is None else clock.from_us(document.end_date),
        document.catchup,
    )
    interval = None if last is None else Interval(clock.from_us(last[0]), clock.from_us(last[1]))
    runs = upcoming(document.timetable, interval, restriction, clock.from_us(clock.now_us()), n)
    return [
        TimetableRun(
            run_after=clock.to_us(run.run_after),
            start=clock.to_us(run.data_interval.start),
            end=clock.to_us(run.data_interval.end),
        )
        for run in runs
    ]


def run_by_hand(
    port: Port, document: DagDocument, *, run_after: int, logical_date: int | None, at_run_after: bool
) -> TimetableRun:
    """What a custom timetable gives a run by hand: its run id (None: the usual one) and data interval.

    Nothing for a built-in one: the engine knows. Airflow infers the interval at ``run_after`` for runs of the command
    line and of operators, and at the logical date for all others.
    """
    timetable = asked_part(document.timetable)
    if timetable is None:
        return TimetableRun()
    question = question_about(document, timetable)
    question.manual_run_after = run_after
    if logical_date is not None:
        question.manual_at = run_after if at_run_after else logical_date
    return port.ask_timetable(question)[0]


def question_about(document: DagDocument, timetable: CustomTimetable) -> TimetableQuestion:
    """A question to it, within the DAG's own dates."""
    return TimetableQuestion(
        number=0,
        dag_id=document.dag_id,
        importable=timetable.importable,
        data=timetable.data,
        earliest=document.start_date,
        latest=document.end_date,
        catchup=document.catchup,
    )
