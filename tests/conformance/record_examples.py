"""Records what a real Airflow makes of its own example DAGs, for ``test_examples.py`` to compare with.

Usage: ``python tests/conformance/record_examples.py AIRFLOW_PYTHON WHEEL_FOLDER [DAG_ID ...]``

``AIRFLOW_PYTHON`` is the interpreter of an environment with apache-airflow 3.3.2; ``WHEEL_FOLDER`` holds the released
wheels (``pip download --no-deps apache-airflow-core==3.3.2 apache-airflow-providers-standard==1.21.0``). Every DAG runs
by ``dag.test()`` in a temporary AIRFLOW_HOME; writes ``recordings/<dag_id>.json``. Values that differ between runs of
the same outcome are recorded as ``{"nondeterministic": true}``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from examples import EXAMPLES, LOGICAL_DATE, Example, StandInHost, unpack  # noqa: E402

VARIES = {"nondeterministic": True}

PLUGINS = """
from airflow.example_dags.plugins.decreasing_priority_weight_strategy import DecreasingPriorityWeightStrategyPlugin
from airflow.example_dags.plugins.workday import WorkdayTimetablePlugin
"""
"""What some examples want registered."""


def record(python: str, wheels: Path, only: set[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, StandInHost() as host:
        root = Path(folder)
        source = unpack(wheels, root / "source")
        environment = os.environ | {
            "AIRFLOW_HOME": str(root / "home"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        }
        (root / "dags").mkdir()
        (root / "home" / "plugins").mkdir(parents=True)
        (root / "home" / "plugins" / "examples.py").write_text(PLUGINS)
        migrate = [python, "-m", "airflow", "db", "migrate"]
        subprocess.run(migrate, env=environment, check=True, capture_output=True)
        for example in EXAMPLES:
            if not only or example.dag_id in only:
                found = _run(python, example, source, root, environment, host)
                if found is not None:
                    _write(example, found, host)


def _run(
    python: str, example: Example, source: Path, root: Path, environment: dict[str, str], host: StandInHost
) -> dict[str, Any] | None:
    shutil.rmtree(root / "dags")
    shutil.copytree(source / example.folder / "sql", root / "dags" / "sql")
    dag_file = Path(shutil.copy(source / example.path, root / "dags"))
    out = root / f"{example.dag_id}.json"
    conf = json.dumps(host.fill(example.conf))
    command = [python, str(HERE / "airflow_side.py"), str(dag_file), example.dag_id, LOGICAL_DATE, conf]
    command += [str(example.runs), json.dumps(example.moments), str(out)]
    command += [json.dumps([[str(source / path) for path in example.beside], example.before])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800, check=False)
    if not out.exists():
        print(f"{example.dag_id}: not recorded\n{(done.stderr or done.stdout)[-2000:]}", file=sys.stderr)
        return None
    print(f"{example.dag_id}: recorded", file=sys.stderr)
    found: dict[str, Any] = without_places(
        json.loads(out.read_text().replace(host.url, "http://stand-in")), (str(root), python)
    )
    return found


def _write(example: Example, found: dict[str, Any], host: StandInHost) -> None:
    outcomes: dict[str, dict[str, Any]] = {}
    for outcome in found["outcomes"]:
        states = {place: task["state"] for place, task in outcome["tasks"].items()}
        key = json.dumps([outcome["state"], states], sort_keys=True)
        outcomes[key] = merge(outcomes[key], outcome) if key in outcomes else outcome
    recording = {
        "file": example.path,
        "airflow": "3.3.2",
        "logical_date": LOGICAL_DATE,
        "conf": example.conf,
        "dag": found["dag"],
        "outcomes": [outcomes[key] for key in sorted(outcomes)],
    }
    text = json.dumps(recording, indent=1, sort_keys=True, ensure_ascii=False)
    (HERE / "recordings" / f"{example.dag_id}.json").write_text(text + "\n")


def without_places(value: Any, places: tuple[str, ...]) -> Any:
    """Texts that name the temporary folder or the interpreter, or tell a file's birth (one file serves both runs), marked as varying."""
    if isinstance(value, dict):
        return {key: without_places(inner, places) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_places(inner, places) for inner in value]
    named = isinstance(value, str) and any(place in value for place in places)
    return VARIES if named or (isinstance(value, str) and value.startswith(" Birth:")) else value


def merge(one: Any, other: Any) -> Any:
    """What two recordings agree on; the rest is marked as varying."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return {key: merge(one[key], other[key]) for key in one}
    return one if one == other else VARIES


if __name__ == "__main__":
    record(sys.argv[1], Path(sys.argv[2]), set(sys.argv[3:]))
