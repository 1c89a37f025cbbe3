"""What the ExternalTaskMarkers among cleared tasks lead to in other DAGs; decided before anything is cleared.

It looks at documents, runs and rendered fields, and changes nothing. Airflow page: howto/operator/external_task_sensor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from queuack import clock
from queuack.daemon.port import Port
from queuack.engine.events import ClearTasks
from queuack.engine.spec import DagDocument, Marker, decode
from queuack.errors import InvalidRequest
from queuack.store.queries import instances, versions
from queuack.store.queries import runs as run_queries
from queuack.store.reader import Reader


class Place(NamedTuple):
    """A task in a run."""

    dag_id: str
    run_id: str
    task_id: str


def marked_tasks(port: Port, wanted: ClearTasks) -> list[Place]:
    """The tasks in runs of other DAGs to be cleared, each with what is downstream of it, in the order they are reached.

    A task or run that does not exist is passed over. Raises InvalidRequest when a marker's ``recursion_depth`` is
    exceeded.
    """
    with port.reader() as reader:
        text = versions.dag_document(reader, wanted.dag_id)
        if text is None:
            return []
        document = decode(text)
        named = wanted.task_ids
        if named is None and not wanted.instances:
            chosen = {task.task_id for task in document.tasks}
        else:
            first = [*(named or ()), *(task_id for task_id, _ in wanted.instances)]
            chosen = downstream_of(document, first)
            if wanted.upstream:
                chosen |= _upstream_of(document, first)
        found: dict[Place, None] = {}
        _follow(reader, document, wanted.run_id, chosen, found, None)
    return list(found)


def _follow(
    reader: Reader, document: DagDocument, run_id: str, chosen: set[str], found: dict[Place, None], depth: int | None
) -> None:
    """Add to ``found`` what the markers among ``chosen`` lead to. ``depth``: how many DAGs further it may go."""
    for task in document.tasks:
        if task.marker is None or task.task_id not in chosen:
            continue
        left = task.marker.recursion_depth if depth is None else depth
        for place in _targets(reader, document.dag_id, run_id, task.task_id, task.marker):
            if place in found:
                continue
            if left <= 0:
                raise InvalidRequest(
                    f"The marker {task.task_id!r} of DAG {document.dag_id!r} leads on to DAG {place.dag_id!r}, beyond "
                    "the recursion_depth: too many DAGs are to be cleared, or they mark one another in a circle. "
                    "Clear without what is downstream, or raise recursion_depth."
                )
            found[place] = None
            text = versions.dag_document(reader, place.dag_id)
            if text is not None:
                other = decode(text)
                _follow(reader, other, place.run_id, downstream_of(other, [place.task_id]), found, left - 1)


def _targets(reader: Reader, dag_id: str, run_id: str, task_id: str, marker: Marker) -> Iterator[Place]:
    """The task that is marked, if it is in the run of that date."""
    said = instances.rendered_fields(reader, dag_id, run_id, task_id) or {}
    other_dag = said.get("external_dag_id", marker.dag_id)
    other_task = said.get("external_task_id", marker.task_id)
    date = _date(reader, dag_id, run_id, said.get("logical_date", marker.logical_date))
    if date is None:
        return
    row = run_queries.get_run(reader, other_dag, logical_date=date)
    if row is not None and instances.get_instance(reader, other_dag, row["run_id"], other_task) is not None:
        yield Place(other_dag, row["run_id"], other_task)


def _date(reader: Reader, dag_id: str, run_id: str, said: str | None) -> int | None:
    if said is None:
        row = run_queries.get_run(reader, dag_id, run_id=run_id)
        said = None if row is None else row["logical_date"]
    try:
        return None if said is None else clock.to_us(datetime.fromisoformat(said))
    except ValueError:
        return None  # a template that no worker has rendered


def downstream_of(document: DagDocument, task_ids: Iterable[str]) -> set[str]:
    """These tasks, as far as they exist, and all that follows them."""
    return _reached({task.task_id: task.downstream_task_ids for task in document.tasks}, task_ids)


def _upstream_of(document: DagDocument, task_ids: Iterable[str]) -> set[str]:
    before: dict[str, list[str]] = {task.task_id: [] for task in document.tasks}
    for task in document.tasks:
        for after in task.downstream_task_ids:
            before[after].append(task.task_id)
    return _reached(before, task_ids)


def _reached(edges: dict[str, tuple[str, ...]] | dict[str, list[str]], task_ids: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = [task_id for task_id in task_ids if task_id in edges]
    while waiting:
        task_id = waiting.pop()
        if task_id not in found:
            found.add(task_id)
            waiting.extend(edges[task_id])
    return found
