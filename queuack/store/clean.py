"""Old runs leave the database: which may, what hangs on them, and how they become Parquet files first.

Decides what must stay because scheduling, or its memory after a restart, depends on it: the engine built from the file
is the same before and after. A portion's files are ``.pending`` until its deletion is committed; ``settle`` decides,
after a crash, what became of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from queuack.store.reader import Reader, fetch, fetch_value

BY_RUN = (
    "task_instance", "task_instance_history", "task_reschedule", "rendered_task_instance_fields", "xcom", "task_map",
    "task_state_store", "dagrun_asset_event", "dag_run_note",
)  # fmt: skip
"""Tables whose rows name their run by ``dag_run_id``."""

BY_INSTANCE = {"hitl_detail": "ti_id", "hitl_detail_history": "ti_history_id", "task_instance_note": "ti_id"}
"""Tables whose rows name their task instance."""

TABLES = ("dag_run", *BY_RUN, *BY_INSTANCE, "callback", "deadline")
"""All that is cleaned, the runs first."""

PENDING = ".pending"


@dataclass(frozen=True)
class Wanted:
    """Which runs are to go: those that ended before an instant (microseconds), of some DAGs or of all but some."""

    before: int
    dag_ids: Sequence[str] | None = None
    exclude_dag_ids: Sequence[str] | None = None


def candidates(reader: Reader, wanted: Wanted, after: int = 0, limit: int | None = None) -> list[tuple[int, int]]:
    """(id, number of task instances) of runs that may go, by id, beyond the id ``after``."""
    params = {
        "before": wanted.before,
        "dag_ids": None if wanted.dag_ids is None else list(wanted.dag_ids),
        "exclude_dag_ids": list(wanted.exclude_dag_ids or ()),
        "after": after,
        "limit": 1 << 40 if limit is None else limit,
    }
    keys = [row[0] for row in fetch(reader, "runs_to_clean", params)]
    if not keys:
        return []
    counts = dict(fetch(reader, "instances_of_runs", {"run_key": keys}))
    return [(key, counts.get(key, 0)) for key in keys]


def which(table: str) -> str:
    """The condition that a row hangs on one of the runs ``$run_key``; bounds first, so that zone maps skip the rest."""
    keys = "(SELECT unnest($run_key::BIGINT[]))"
    bounds = "BETWEEN list_min($run_key::BIGINT[]) AND list_max($run_key::BIGINT[])"
    if table == "dag_run":
        return f"id {bounds} AND id IN {keys}"
    if table == "deadline":
        return f"dagrun_id {bounds} AND dagrun_id IN {keys}"
    if table in BY_INSTANCE:
        return (
            f"{BY_INSTANCE[table]} IN (SELECT id FROM task_instance WHERE dag_run_id {bounds} AND dag_run_id IN {keys})"
        )
    if table == "callback":
        return f"(dag_id, run_id) IN (SELECT dag_id, run_id FROM dag_run WHERE id {bounds} AND id IN {keys})"
    return f"dag_run_id {bounds} AND dag_run_id IN {keys}"


def export(reader: Reader, folder: Path, portion: str, run_keys: Sequence[int]) -> dict[str, int]:
    """Write what hangs on some runs to ``folder/TABLE/PORTION.parquet.pending``. Rows by table, those with none left
    out."""
    counts = count(reader, run_keys)
    for table in counts:
        target = folder / table / f"{portion}.parquet{PENDING}"
        target.parent.mkdir(parents=True, exist_ok=True)
        quoted = str(target).replace("'", "''")
        query = f"SELECT * FROM {table} WHERE {which(table)}"
        reader.execute(f"COPY ({query}) TO '{quoted}' (FORMAT parquet)", {"run_key": list(run_keys)})
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return counts


def count(reader: Reader, run_keys: Sequence[int]) -> dict[str, int]:
    """Rows by table that hang on some runs, those with none left out."""
    counts: dict[str, int] = {}
    for table in TABLES:
        reader.execute(f"SELECT count(*) FROM {table} WHERE {which(table)}", {"run_key": list(run_keys)})
        if rows := int(reader.fetchall()[0][0]):
            counts[table] = rows
    return counts


def large_xcoms(reader: Reader, run_keys: Sequence[int]) -> list[str]:
    """The files of the large XComs of some runs."""
    return [row[0].decode() for row in fetch(reader, "large_xcoms_of_runs", {"run_key": list(run_keys)})]


def keep(folder: Path, portion: str) -> None:
    """The deletion of a portion is committed: its files are the archive now."""
    for file in folder.glob(f"*/{portion}.parquet{PENDING}"):
        file.rename(file.with_suffix(""))


def discard(folder: Path, portion: str) -> None:
    """The deletion did not happen."""
    for file in folder.glob(f"*/{portion}.parquet{PENDING}"):
        file.unlink()


def settle(reader: Reader, folder: Path) -> None:
    """After a crash: a pending portion whose deletion the audit log knows is kept, any other was not made."""
    for portion in {file.name.partition(".parquet")[0] for file in folder.glob(f"*/*.parquet{PENDING}")}:
        if fetch_value(reader, "was_cleaned", {"portion": portion}):
            keep(folder, portion)
        else:
            discard(folder, portion)


def audit(portion: str, counts: dict[str, int]) -> str:
    """What the audit log says of a portion."""
    return json.dumps({"portion": portion, "rows": counts})


# ── the archive ──────────────────────────────────────────────────────────────────────────────────────
ARCHIVED = "archived_"
"""What the views over the archive's tables begin with."""


def archived_tables(folder: Path) -> list[str]:
    """The tables that the archive has rows of."""
    return [table for table in TABLES if next((folder / table).glob("*.parquet"), None) is not None]


def files_of(folder: Path, table: str) -> str:
    """SQL that reads a table of the archive; columns that were added later are NULL in older files."""
    quoted = str(folder / table / "*.parquet").replace("'", "''")
    return f"read_parquet('{quoted}', union_by_name = true)"


def show_archives(reader: Reader, folder: Path) -> None:
    """Make the views, for this cursor only."""
    for table in archived_tables(folder):
        reader.execute(f"CREATE OR REPLACE TEMP VIEW {ARCHIVED}{table} AS FROM {files_of(folder, table)}")


def export_csv(reader: Reader, folder: Path, table: str, target: Path) -> int:
    """Write a table of the archive as CSV. Rows written."""
    reader.execute(f"SELECT count(*) FROM {files_of(folder, table)}")
    rows = int(reader.fetchall()[0][0])
    quoted = str(target).replace("'", "''")
    reader.execute(f"COPY (FROM {files_of(folder, table)}) TO '{quoted}' (FORMAT csv, HEADER)")
    return rows


def drop(folder: Path, table: str) -> None:
    """Delete a table of the archive."""
    for file in (folder / table).glob("*.parquet"):
        file.unlink()
