"""SIGKILL in the middle of committing: everything acknowledged is there, and nothing is there in part."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from queuack.store.database import Database

COMMITTER = """
    import sys
    sys.path.insert(0, sys.argv[3])
    from pathlib import Path
    from queuack.store.database import Database
    from queuack.store.writer import Writer
    from tests.store.sample import instance, instances, run, xcom
    database = Database.open(Path(sys.argv[1]))
    writer = Writer(database)
    for key in range(int(sys.argv[2]), 10**9):
        first = key * 10
        writer.commit([run(key), instances(key, first, 10), xcom(key, "t0")])
        writer.commit([instance(first + place) for place in range(10)])
        print(key, flush=True)
        if key % 20 == 0:
            database.checkpoint()
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_acknowledged_commits_survive_a_kill(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    acknowledged = 0
    for _ in range(4):
        root = Path(__file__).parents[2]
        command = [sys.executable, "-c", textwrap.dedent(COMMITTER), str(path), str(acknowledged + 2), str(root)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for _ in range(chance.randrange(5, 60)):
                acknowledged = int(child.stdout.readline())
            child.kill()
            acknowledged = max([acknowledged, *(int(line) for line in child.stdout if line.endswith("\n"))])
        with Database.open(path) as database, database.reader() as reader:
            runs = {row[0] for row in reader.execute("SELECT id FROM dag_run").fetchall()}
            done = reader.execute(
                "SELECT dag_run_id, count(*), count(*) FILTER (state = 'success') FROM task_instance GROUP BY ALL"
            ).fetchall()
            assert acknowledged in runs
            assert {key for key, _, _ in done} == runs
            assert all(total == 10 and good in (0, 10) for _, total, good in done)
            assert {key for key, _, good in done if good == 0} <= {max(runs), *unacknowledged(runs, acknowledged)}
            acknowledged = max(runs)


def unacknowledged(runs: set[int], acknowledged: int) -> set[int]:
    return {key for key in runs if key > acknowledged}
