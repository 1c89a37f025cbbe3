"""Peers, each driven by a script in its own environment that prints JSON lines: name, value, unit, detail."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from tests.bench.measures import Figure

HERE = Path(__file__).parent
PEERS = {"airflow": "peer_airflow.py", "dask": "peer_dask.py", "dbos": "peer_dbos.py"}


def measure(name: str, interpreter: str) -> list[tuple[str, Figure]]:
    """Run a peer's script; its failure is a line of the table, not the end of the run."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "QUEUACK"))}
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
        environment |= {"AIRFLOW_HOME": folder, "BENCH_FOLDER": folder}
        environment["PATH"] = f"{Path(interpreter).parent}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(
            [interpreter, str(HERE / PEERS[name])],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=900,
        )
    rows = [json.loads(text) for text in done.stdout.splitlines() if text.startswith("{")]
    if done.returncode or not rows:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return [(name, Figure("failed", None, "", "", reason))]
    return [(name, Figure(row["name"], row["value"], row["unit"], "", row.get("detail", ""))) for row in rows]
