"""A database for each test, copied from a template that is built once a session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from queuack.engine import effects as fx
from queuack.store.database import Database
from queuack.store.writer import Writer


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "queuack.duckdb"
    Database.open(path).close()
    return path


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(template, tmp_path / "queuack.duckdb"))


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with Database.open(path) as opened:
        yield opened


class FoldingWriter(Writer):
    """What it commits is in its table at once. What waits in the journal is ``test_journal``'s business."""

    def commit(self, writes: Sequence[fx.Write], *, fold: bool = True) -> None:
        super().commit(writes, fold=fold)


@pytest.fixture
def writer(database: Database) -> Writer:
    return FoldingWriter(database)
