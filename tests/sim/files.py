"""The DAG files of a simulated folder: what they define, and how they change while all is running."""

from __future__ import annotations

import random
from typing import Any

from msgspec.structs import replace

from queuack.engine.asset_spec import AssetDocument
from queuack.engine.spec import CallbackFlags, DagDocument, encode
from queuack.protocol import Gone, Parsed, ParseFailure, ScanDone
from queuack.schedule.conditions import AllOf, AnyOf, AssetKey
from queuack.schedule.timetables import (
    AssetTriggeredTimetable,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    NullTimetable,
)
from tests.engine.driver import SECOND, START
from tests.engine.random_dags import map_some, random_dag

ASSETS = tuple(AssetKey(name, name) for name in ("a", "b"))


def random_document(rng: random.Random, dag_id: str, file: str) -> DagDocument:
    """A DAG of the given id, of any shape."""
    document = random_dag(rng)
    if rng.random() < 0.5:
        document = map_some(rng, document)
    document = replace(document, dag_id=dag_id, fileloc=f"/dags/{file}", relative_fileloc=file)
    return _with_assets(rng, _with_options(rng, document))


def _with_options(rng: random.Random, document: DagDocument) -> DagDocument:
    tasks = tuple(
        replace(
            task,
            execution_timeout=rng.choice([None, None, 60.0, 3600.0]),
            callbacks=CallbackFlags(failure=rng.random() < 0.2, retry=rng.random() < 0.2, success=rng.random() < 0.1),
            pool="nowhere" if rng.random() < 0.02 else task.pool,
        )
        for task in document.tasks
    )
    return replace(
        document,
        tasks=tasks,
        start_date=START - rng.choice([0, 3]) * 86_400 * SECOND,
        catchup=rng.random() < 0.5,
        max_consecutive_failed_dag_runs=rng.choice([0, 0, 0, 2]),
        has_on_success_callback=rng.random() < 0.2,
        dagrun_timeout=rng.choice([None, None, 3600.0, 2 * 86_400.0]),
        timetable=rng.choice(
            [CronDataIntervalTimetable("0 0 * * *"), CronTriggerTimetable("0 */2 * * *"),
             CronDataIntervalTimetable("0 */6 * * *"), NullTimetable()]
        ),
    )  # fmt: skip


def _with_assets(rng: random.Random, document: DagDocument) -> DagDocument:
    options: dict[str, Any] = {}
    used: set[AssetKey] = set()
    if rng.random() < 0.25:
        condition = rng.choice([AllOf(ASSETS), AnyOf(ASSETS)])
        options["timetable"] = AssetTriggeredTimetable(condition)
        used.update(ASSETS)
    elif rng.random() < 0.4:
        outlet = rng.choice(ASSETS)
        chosen = rng.choice(document.tasks).task_id
        options["tasks"] = tuple(
            replace(task, outlets=(outlet,), is_empty=False) if task.task_id == chosen else task
            for task in document.tasks
        )
        used.add(outlet)
    options["assets"] = tuple(AssetDocument(name=key.name, uri=key.uri) for key in sorted(used))
    return replace(document, **options)


class Folder:
    """Files by name: the documents of each; None = it is broken. What the parser says of them."""

    def __init__(self) -> None:
        self.files: dict[str, list[DagDocument] | None] = {}
        self._edits = 0
        self._hashes: dict[str, str] = {}

    def write(self, name: str, documents: list[DagDocument] | None) -> Parsed:
        self._edits += 1
        self.files[name] = documents
        self._hashes[name] = f"{name}-{self._edits}"
        return self.parsed(name)

    def delete(self, name: str) -> Gone:
        del self.files[name]
        return Gone(relative_fileloc=name)

    def parsed(self, name: str) -> Parsed:
        documents = self.files[name]
        failures = [] if documents is not None else [ParseFailure(name, "SyntaxError: no", 1, "no")]
        return Parsed(
            relative_fileloc=name,
            file_hash=self._hashes[name],
            source=f"# {self._hashes[name]}",
            documents=[encode(document) for document in documents or []],
            failures=failures,
        )

    def scan(self) -> list[Parsed | ScanDone]:
        """What a parser says that has just started."""
        return [*(self.parsed(name) for name in sorted(self.files)), ScanDone(files=sorted(self.files))]
