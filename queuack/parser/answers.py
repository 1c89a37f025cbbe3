"""What a custom timetable answers: from a question on the wire to the calls of Airflow's protocol, and back.

It runs user code and belongs in a child process. It decides how a run to come is read from what the timetable
returns; what the answer is used for is the engine's business. Airflow page: howto/timetable.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from queuack.authoring.dag_run import moment
from queuack.authoring.state import DagRunType
from queuack.authoring.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable
from queuack.authoring.timetables.custom import registered_class
from queuack.clock import to_us
from queuack.parser.failures import failure_of
from queuack.protocol import TimetableAnswer, TimetableQuestion, TimetableRun


def answer(question: TimetableQuestion) -> TimetableAnswer:
    """The answer; whatever the timetable raises becomes its ``error``."""
    try:
        timetable = registered_class(question.importable).deserialize(question.data)
        if question.manual_run_after is not None:
            runs = [_by_hand(timetable, question, question.manual_run_after)]
        else:
            runs = _to_come(timetable, question)
    except BaseException as error:
        failure = failure_of(error, fileloc="", relative_fileloc="")
        return TimetableAnswer(number=question.number, error=failure.message, stacktrace=failure.stacktrace)
    return TimetableAnswer(number=question.number, runs=runs)


def _to_come(timetable: Timetable, question: TimetableQuestion) -> list[TimetableRun]:
    restriction = TimeRestriction(moment(question.earliest), moment(question.latest), question.catchup)
    last = _last(question)
    runs: list[TimetableRun] = []
    while len(runs) < question.count:
        info = timetable.next_dagrun_info_v2(last_dagrun_info=last, restriction=restriction)
        if info is None or info == last:
            break
        runs.append(_run(timetable, info))
        last = info
    return runs


def _last(question: TimetableQuestion) -> DagRunInfo | None:
    start, end = moment(question.last_start), moment(question.last_end)
    run_after = moment(question.last_run_after) or end
    if run_after is None:
        return None
    return DagRunInfo(run_after, None if start is None or end is None else DataInterval(start, end))


def _run(timetable: Timetable, info: Any) -> TimetableRun:
    if not isinstance(info, DagRunInfo):
        raise TypeError(f"next_dagrun_info returned {info!r}, not a DagRunInfo or None")
    run_after, interval = _instant(info.run_after, "run_after"), info.data_interval
    start, end = (None, None) if interval is None else _span(interval)
    run_id = _run_id(timetable, DagRunType.SCHEDULED, run_after, start, end)
    return TimetableRun(run_after=run_after, start=start, end=end, run_id=run_id)


def _by_hand(timetable: Timetable, question: TimetableQuestion, run_after: int) -> TimetableRun:
    start: int | None = None
    end: int | None = None
    if question.manual_at is not None:
        at = moment(question.manual_at)
        assert at is not None
        start, end = _span(timetable.infer_manual_data_interval(run_after=at))
    run_id = _run_id(timetable, DagRunType.MANUAL, run_after, start, end)
    return TimetableRun(run_after=run_after, start=start, end=end, run_id=run_id)


def _run_id(timetable: Timetable, kind: DagRunType, run_after: int, start: int | None, end: int | None) -> str | None:
    """None where the class leaves the run id as it is."""
    if type(timetable).generate_run_id is Timetable.generate_run_id:
        return None
    at, first, last = moment(run_after), moment(start), moment(end)
    assert at is not None
    interval = None if first is None or last is None else DataInterval(first, last)
    run_id = timetable.generate_run_id(run_type=kind, run_after=at, data_interval=interval)
    if not isinstance(run_id, str) or not run_id:
        raise TypeError(f"generate_run_id returned {run_id!r}, not a text")
    return run_id


def _span(interval: Any) -> tuple[int, int]:
    return _instant(interval.start, "data_interval.start"), _instant(interval.end, "data_interval.end")


def _instant(value: Any, name: str) -> int:
    if not isinstance(value, datetime):
        raise TypeError(f"{name} is {value!r}, not a date with time")
    if value.tzinfo is None:
        raise ValueError(f"{name} is {value}, without a time zone")
    return to_us(value)
