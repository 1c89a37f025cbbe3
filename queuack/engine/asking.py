"""Asking: custom timetables are user code, so their next run comes as the answer to a question.

A question is posed whenever a built-in timetable would be computed; until the answer is there the DAG has no next run.
It is remembered nowhere but here: after a restart it is posed anew, with the same last run. An answer that is an error
becomes an import error of the DAG's file and the question is posed again, later and later; no run is lost by that.
https://airflow.apache.org/docs/apache-airflow/stable/howto/timetable.html
"""

from __future__ import annotations

from queuack.engine import timers
from queuack.engine.catalog import Asked, DagState, Planned
from queuack.engine.effects import AskTimetable, ImportErrorRows
from queuack.engine.events import ImportErrorInfo, PluginsSeen, TimetableAnswered
from queuack.engine.instants import iso
from queuack.engine.world import World
from queuack.schedule.timetables import CustomTimetable, asked_part

SECOND = 1_000_000
FIRST_PAUSE = 1 * SECOND
LONGEST_PAUSE = 300 * SECOND
"""Between two questions after errors: doubled from the first to the longest."""
ASK_AGAIN = 60 * SECOND
"""A timetable that knows no next run is asked again: it may know one at another time."""
STALE = 60 * SECOND
"""Without catchup, an answer this old whose run is this late is asked for anew: time has passed over it."""


def custom_of(dag: DagState) -> CustomTimetable | None:
    """The DAG's timetable when it must be asked."""
    return asked_part(dag.document.timetable)


def ask(world: World, dag: DagState) -> None:
    """The schedule, the latest run or the time changed: have the timetable asked at the end of this step."""
    asked = dag.asked
    if asked is None:
        asked = dag.asked = Asked()
    asked.number = 0
    asked.ask_at = None
    dag.next = None
    world.to_ask[dag] = None


def ask_later(world: World, dag: DagState, pause: int) -> None:
    """As ``ask``, after ``pause`` microseconds."""
    ask(world, dag)
    del world.to_ask[dag]
    _set_timer(world, dag, pause)


def forget(world: World, dag: DagState) -> None:
    """The DAG has a built-in timetable now."""
    dag.asked = None
    world.to_ask.pop(dag, None)


def is_stale(world: World, dag: DagState) -> bool:
    """Whether the answer in hand is too old to make a run of."""
    asked, found = dag.asked, dag.next
    if asked is None or found is None or dag.document.catchup:
        return False
    return world.now > found.run_after + STALE and world.now > asked.answered_at + STALE


def pose(world: World) -> None:
    """Turn what is to be asked into commands."""
    if not world.to_ask:
        return
    to_ask, world.to_ask = world.to_ask, {}
    for dag in to_ask:
        timetable = custom_of(dag)
        if timetable is None or dag.asked is None or world.dags.get(dag.dag_id) is not dag or dag.is_stale:
            continue
        if not timetable.can_be_scheduled:
            world.tell_next(dag)
            continue
        world.next_question += 1
        dag.asked.number = world.next_question
        document = dag.document
        start, end = dag.last_interval or (None, None)
        world.commands.append(
            AskTimetable(
                number=world.next_question,
                dag_id=dag.dag_id,
                importable=timetable.importable,
                data=timetable.data,
                last_start=start,
                last_end=end,
                last_run_after=dag.last_run_after,
                earliest=document.start_date,
                latest=document.end_date,
                catchup=document.catchup,
            )
        )


def answered(world: World, event: TimetableAnswered) -> None:
    """Take an answer; one to a question that was posed anew meanwhile is ignored."""
    dag = world.dags.get(event.dag_id)
    asked = dag.asked if dag is not None else None
    if dag is None or asked is None or not asked.number or asked.number != event.number:
        return
    asked.number = 0
    asked.answered_at = world.now
    problem = event.error or _objection(dag, event)
    if problem is not None:
        _put_off(world, dag, problem, event.stacktrace)
        return
    asked.failures = 0
    if asked.trouble is not None:
        asked.trouble = None
        _say(world, dag)
    if event.run_after is None or event.start is None or event.end is None:
        _set_timer(world, dag, ASK_AGAIN)
    else:
        dag.next = Planned(event.start, event.run_after, event.start, event.end, run_id=event.run_id)
        world.timers.set(event.run_after, timers.NEXT_RUN, dag)
        world.to_plan[dag] = None
    world.tell_next(dag)


def _objection(dag: DagState, event: TimetableAnswered) -> str | None:
    """Why an answer cannot be used."""
    if event.run_after is None:
        return None
    if event.start is None or event.end is None:
        return "next_dagrun_info returned a run without data interval: only partitioned timetables have such runs."
    if event.end < event.start:
        return f"next_dagrun_info returned a data interval that ends ({iso(event.end)}) before it starts."
    if (event.start, event.end) == dag.last_interval:
        return (
            f"next_dagrun_info returned the run it was asked to follow: data interval {iso(event.start)} to "
            f"{iso(event.end)}."
        )
    return None


def _put_off(world: World, dag: DagState, problem: str, stacktrace: str) -> None:
    asked = dag.asked
    assert asked is not None
    timetable = custom_of(dag)
    name = dag.document.timetable.summary if timetable is None else timetable.importable
    message = f"DAG {dag.dag_id!r}: the timetable {name} has no answer: {problem}"
    before = asked.trouble
    asked.trouble = ImportErrorInfo(dag.relative_fileloc, message, None, stacktrace or message)
    pause = min(FIRST_PAUSE << min(asked.failures, 20), LONGEST_PAUSE)
    asked.failures += 1
    if before is None or before.message != message:
        _say(world, dag)
        world.log("timetable failed", dag.dag_id, owner="scheduler", extra={"error": problem})
    world.tell_next(dag)
    _set_timer(world, dag, pause)


def _set_timer(world: World, dag: DagState, pause: int) -> None:
    assert dag.asked is not None
    dag.asked.ask_at = world.now + pause
    world.timers.set(dag.asked.ask_at, timers.ASK, dag)


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────
def troubles(world: World, relative_fileloc: str) -> list[ImportErrorInfo]:
    """What the timetables of a file's DAGs went wrong with."""
    dags = (world.dags[dag_id] for dag_id in sorted(world.files.get(relative_fileloc, ())))
    return [dag.asked.trouble for dag in dags if not dag.is_stale and dag.asked and dag.asked.trouble]


def _say(world: World, dag: DagState) -> None:
    """Write the import errors of the DAG's file again: those of the file, and those of timetables."""
    name = dag.relative_fileloc
    of_file = world.file_errors.get(name, ())
    errors = (*of_file, *troubles(world, name))
    if errors:
        world.failed_files.add(name)
    else:
        world.failed_files.discard(name)
    world.writes.append(ImportErrorRows(relative_fileloc=name, errors=errors, at=world.now))
    flag = bool(errors)
    if dag.has_import_errors != flag:
        dag.has_import_errors = flag
        world.dirty_dags[dag] = None


# ── plugins ──────────────────────────────────────────────────────────────────────────────────────────
def plugins_seen(world: World, event: PluginsSeen) -> None:
    """Other plugins are there: timetables may answer otherwise, listeners may have come or gone."""
    world.listened = frozenset(event.hooks)
    if event.state == world.plugin_state:
        return
    world.plugin_state = event.state
    for dag in world.dags.values():
        if not dag.is_stale and custom_of(dag) is not None:
            ask(world, dag)
