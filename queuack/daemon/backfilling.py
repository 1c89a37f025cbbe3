"""Answers the engine's question which runs of a backfill exist: a look at the store, in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from queuack.daemon.loop import Loop
from queuack.engine.effects import FindRuns
from queuack.engine.events import FoundRun, RunsFound
from queuack.errors import QueuackError
from queuack.store.database import Database
from queuack.store.queries import backfills
from queuack.store.snapshot import load_runs

log = logging.getLogger("queuack.daemon")

RETRY_SECONDS = 1.0
"""Pause after a look that failed."""


def find(database: Database, command: FindRuns) -> RunsFound:
    """What the store has, as one snapshot. Raises StoreError."""
    by_place = {(run.logical_date, run.partition_date): run.ordinal for run in command.runs}
    with database.reader() as reader:
        reader.execute("BEGIN TRANSACTION READ ONLY")
        try:
            rows = backfills.runs_at(
                reader,
                command.dag_id,
                logical_dates=[run.logical_date for run in command.runs if run.logical_date is not None],
                partition_dates=[run.partition_date for run in command.runs if run.partition_date is not None],
            )
            wanted = [row["id"] for row in rows if row["state"] in command.recalled_states and row["logical_date"]]
            recalls = load_runs(reader, wanted)
            named = {run.run_id: run.ordinal for run in command.runs if run.run_id is not None}
            taken = backfills.taken_run_ids(reader, command.dag_id, [*named])
        finally:
            reader.execute("ROLLBACK")
    found = []
    for row in rows:
        place = (row["logical_date"], None if row["logical_date"] is not None else row["partition_date"])
        if place in by_place:
            found.append(FoundRun(by_place[place], row["state"], recalls.get(row["id"])))
    return RunsFound(
        backfill_id=command.backfill_id, number=command.number, runs=found, taken=[named[run_id] for run_id in taken]
    )


class RunFinder:
    """For the event loop's thread."""

    def __init__(self, database: Database, loop: Loop) -> None:
        self._database = database
        self._loop = loop
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, command: FindRuns) -> None:
        """Look, and hand the answer to the loop."""
        task = asyncio.get_running_loop().create_task(self._answer(command))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, command: FindRuns) -> None:
        look: Callable[[Database, FindRuns], RunsFound] = find
        while True:
            try:
                self._loop.post(await asyncio.get_running_loop().run_in_executor(None, look, self._database, command))
            except QueuackError as error:
                log.error("Backfill %s waits for the database: %s", command.backfill_id, error.message)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return
