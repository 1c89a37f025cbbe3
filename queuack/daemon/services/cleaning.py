"""Old runs out of the database, in portions between two commits; before, into Parquet files of the archive.

Nothing here decides which runs may go (``store/clean.py``) or deletes (the writer); this is the order of the two.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from queuack import clock, config
from queuack.daemon.port import Port
from queuack.engine.effects import LogRow, RunsCleaned
from queuack.errors import StoreUnavailable
from queuack.store import clean

Row = dict[str, Any]

BATCH_SIZE = 10_000
"""Task instances that leave in one commit, where the caller does not say; a run is never divided."""

MOST_RUNS = 5_000
"""Runs in one commit."""


def runs_to_clean(
    port: Port, before: int, dag_ids: list[str] | None = None, exclude_dag_ids: list[str] | None = None
) -> Row:
    """What ``clean_runs`` would remove: {"dag_runs", "task_instances"}. ``before``: microseconds."""
    with port.reader() as reader:
        found = clean.candidates(reader, clean.Wanted(before, dag_ids, exclude_dag_ids))
    held = port.on_engine(lambda engine: set(engine.runs))
    left = [count for key, count in found if key not in held]
    return {"dag_runs": len(left), "task_instances": sum(left)}


def clean_runs(
    port: Port,
    before: int,
    dag_ids: list[str] | None = None,
    exclude_dag_ids: list[str] | None = None,
    skip_archive: bool = False,
    batch_size: int | None = None,
    after: int = 0,
) -> Row:
    """Remove one portion of finished runs with all that hangs on them; call again with ``after`` until it is None.

    {"rows": {table: removed}, "after"}."""
    folder = config.current().home.archive
    with port.recalling, port.reader() as reader:
        if not after:
            clean.settle(reader, folder)
        found = clean.candidates(reader, clean.Wanted(before, dag_ids, exclude_dag_ids), after, MOST_RUNS)
        if not found:
            return {"rows": {}, "after": None}
        portion = _portion(found, batch_size or BATCH_SIZE)
        held = port.on_engine(lambda engine: set(engine.runs))
        keys = [key for key in portion if key not in held]
        if not keys:
            return {"rows": {}, "after": portion[-1]}
        name = f"{clock.now_us()}-{os.getpid()}-{keys[0]}"
        try:
            rows = clean.count(reader, keys) if skip_archive else clean.export(reader, folder, name, keys)
        except OSError as error:
            clean.discard(folder, name)
            raise StoreUnavailable(f"The archive {folder} cannot be written: {error.strerror}.") from error
        except Exception:
            clean.discard(folder, name)
            raise
        files = clean.large_xcoms(reader, keys) if skip_archive else []
        port.write(
            RunsCleaned(run_keys=tuple(keys)),
            LogRow(event="db clean", at=clock.now_us(), extra=clean.audit(name, rows)),
        )
        clean.keep(folder, name)
    for file in files:
        (config.current().home.xcoms / Path(file).name).unlink(missing_ok=True)
    return {"rows": rows, "after": portion[-1]}


def _portion(found: list[tuple[int, int]], size: int) -> list[int]:
    keys: list[int] = []
    instances = 0
    for key, count in found:
        if keys and instances + count > size:
            break
        keys.append(key)
        instances += count
    return keys


METHODS = (runs_to_clean, clean_runs)
