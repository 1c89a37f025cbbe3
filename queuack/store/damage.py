"""What is wrong with a database file that cannot be used, in words. Reads a few bytes; opens and changes nothing.

Decides what counts as damage: by a look at the files before they are opened, for what DuckDB would take for something
else (a lost file, a log that is none), and by the words of its errors for all else. What to do about it is said in
``app.py``, which knows where the backups are.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

from queuack.errors import StoreDamaged, StoreError, StoreTooNew
from queuack.store.reader import Reader

WAL_START = b"d\x00b"
"""How every write-ahead log of DuckDB begins (its first entry is the version)."""

_HEADERS = (4096, 8192)
"""Where the two headers are that checkpoints write in turn."""

_HEADER = struct.Struct("<8xQqqQQ")
"""Checksum; iteration, two pointers, number of blocks, size of a block."""

_BLOCKS_START = 12288

_WHAT = (
    ("WAL does not match", "its write-ahead log {wal} belongs to another"),
    ("Failure while replaying WAL", "its write-ahead log {wal} is damaged"),
    ("Corrupt WAL", "its write-ahead log {wal} is damaged"),
    ("not a valid DuckDB database", "it is not a DuckDB database"),
    ("Could not read enough bytes", "it is shorter than it should be: it has been cut off"),
    ("Corrupt database file", "a part of it is not what was written (its checksum is wrong)"),
)
"""Words of DuckDB's errors that mean damage, and ours."""

_VERSION = re.compile(r"database file with version number|serialized .* newer version|storage version", re.IGNORECASE)


def wal_of(path: Path) -> Path:
    """The write-ahead log beside a database file."""
    return path.with_name(path.name + ".wal")


def look_at(path: Path) -> None:
    """Raise StoreDamaged for what DuckDB would open without a word, and then overwrite."""
    wal = wal_of(path)
    try:
        with wal.open("rb") as file:
            start = file.read(len(WAL_START))
    except FileNotFoundError:
        return
    except OSError:
        return  # opening it says why
    if start and not path.exists():
        raise StoreDamaged(f"The database {path} is gone, but its write-ahead log {wal} is there.")
    if start != WAL_START[: len(start)]:
        raise StoreDamaged(f"The database {path} is damaged: {wal} is not its write-ahead log.")


def is_short(path: Path) -> bool:
    """Whether the file ends before its last block. It may: a checkpoint cuts off free blocks at its end. Then
    ``check_length`` tells."""
    try:
        with path.open("rb") as file:
            head = file.read(_BLOCKS_START)
            if len(head) < _BLOCKS_START:
                return False  # opening it says what is wrong
            _, _, _, blocks, size = max(_HEADER.unpack_from(head, place) for place in _HEADERS)
            return file.seek(0, 2) < _BLOCKS_START + int(blocks) * int(size)
    except OSError:
        return False


def check_length(path: Path, reader: Reader) -> None:
    """Raise StoreDamaged when a block that is in use lies behind the end of the file: DuckDB would open it.

    Reads where every segment of every table is: 0.4 s for ten million task instances."""
    reader.execute("SELECT block_size FROM pragma_database_size()")
    size = int(reader.fetchall()[0][0])
    reader.execute("SELECT coalesce(max(block_id), -1) FROM pragma_metadata_info()")
    last = int(reader.fetchall()[0][0])
    reader.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary")
    for (table,) in reader.fetchall():
        reader.execute(
            "SELECT coalesce(greatest(max(block_id), max(list_max(additional_block_ids))), -1)"
            f" FROM pragma_storage_info('{table}') WHERE persistent"
        )
        last = max(last, int(reader.fetchall()[0][0]))
    there = (path.stat().st_size - _BLOCKS_START) // size
    if last >= there:
        raise StoreDamaged(
            f"The database {path} is damaged: it has been cut off; {there} of at least {last + 1} blocks are there."
        )


def damage_in(path: Path, text: str) -> StoreError | None:
    """The error that DuckDB's ``text`` stands for, None when it is not about the state of the file."""
    if _VERSION.search(text):
        return StoreTooNew(f"The database {path} was written by a newer DuckDB than the one installed here: {text}")
    for words, meaning in _WHAT:
        if words in text:
            return StoreDamaged(f"The database {path} is damaged: {meaning.format(wal=wal_of(path))}. ({text})")
    return None
