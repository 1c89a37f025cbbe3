"""Records which tasks Airflow takes along when some are cleared: setups, teardowns, upstream, downstream.

Run it with the interpreter of an environment that has Airflow::

    /path/to/that/environment/bin/python tests/conformance/record_clearing.py

It writes ``recordings/clearing.json.gz`` beside itself: random DAGs, and for some choices of tasks and directions what
Airflow clears. Nothing of Queuack is imported, nothing is run.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).parent / "recordings" / "clearing.json.gz"
DAGS, CHOICES = 300, 4


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(AIRFLOW_HOME=home, AIRFLOW__CORE__LOAD_EXAMPLES="False")
        rng = random.Random(7)
        text = json.dumps([record(rng, number) for number in range(DAGS)], separators=(",", ":"))
    OUTPUT.write_bytes(gzip.compress(text.encode(), mtime=0))


def record(rng: random.Random, number: int) -> dict[str, Any]:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG
    from airflow.serialization.serialized_objects import DagSerialization

    size = rng.randint(3, 8)
    with DAG(f"d{number}", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
        tasks = [EmptyOperator(task_id=f"t{i}") for i in range(size)]
        for one in tasks:
            kind = rng.choice("nnnsstt")
            if kind == "s":
                one.as_setup()
            elif kind == "t":
                one.as_teardown()
        for i, one in enumerate(tasks):
            for other in tasks[i + 1 :]:
                if rng.random() < 0.35:
                    one >> other
    serialized = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    cases = []
    for _ in range(CHOICES):
        named = sorted(rng.sample([one.task_id for one in tasks], rng.randint(1, 2)))
        upstream, downstream = rng.random() < 0.5, rng.random() < 0.5
        found = serialized.partial_subset(named, include_upstream=upstream, include_downstream=downstream)
        cases.append([named, upstream, downstream, sorted(found.task_dict)])
    return {
        "tasks": [
            [one.task_id, sorted(one.downstream_task_ids), one.is_setup, one.is_teardown] for one in serialized.tasks
        ],
        "cases": cases,
    }


if __name__ == "__main__":
    main()
