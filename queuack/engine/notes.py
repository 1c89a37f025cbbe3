"""Notes: what people write down about runs and task instances. They decide nothing.

https://airflow.apache.org/docs/apache-airflow/stable/ui.html
"""

from __future__ import annotations

from collections.abc import Iterable

from queuack.engine.choosing import named
from queuack.engine.effects import InstanceNoteRow, RunNoteRow
from queuack.engine.events import SetNote
from queuack.engine.restoring import recall
from queuack.engine.run import Run
from queuack.engine.world import World
from queuack.errors import InvalidRequest

LONGEST = 1_000
"""Characters, as in Airflow's API."""


def set_note(world: World, event: SetNote) -> str:
    """Returns the note. Raises InvalidRequest, TaskNotFound."""
    recall(world, event.recall)
    run = world.run(event.dag_id, event.run_id)
    checked(event.note)
    if event.task_id is None:
        note_run(world, run, event.note, event.user)
        world.log("patch_dag_run", run.dag_id, run_id=run.run_id, owner=event.user, extra={"note": event.note})
    else:
        positions = named(run, event.task_id, event.map_index)
        note_instances(world, run, positions, event.note, event.user)
        for i in positions:
            world.log_task(run, i, "patch_task_instance note", extra=event.note)
    return event.note


def checked(note: str | None) -> None:
    """Raises InvalidRequest for a note that is too long."""
    if note is not None and len(note) > LONGEST:
        raise InvalidRequest(f"A note has at most {LONGEST} characters; this one has {len(note)}.")


def note_run(world: World, run: Run, note: str, user: str | None) -> None:
    run.note = note or None
    world.dirty_runs[run] = None
    world.writes.append(RunNoteRow(id=run.key, content=note, user=user, at=world.now))


def note_instances(world: World, run: Run, positions: Iterable[int], note: str, user: str | None) -> None:
    world.writes.extend(InstanceNoteRow(id=run.ti_ids[i], content=note, user=user, at=world.now) for i in positions)
