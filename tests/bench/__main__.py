"""``python -m tests.bench [--only NAME ...] [--json FILE]``: measure, print a table, write JSON.

Peers are measured in the same run when their interpreters are named: ``QUEUACK_BENCH_AIRFLOW``, ``QUEUACK_BENCH_DASK``,
``QUEUACK_BENCH_DBOS`` (each the python of an environment that has the peer installed).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from tests.bench import measures
from tests.bench.figure import Figure
from tests.bench.peers import PEERS, measure
from tests.bench.polling import polled

MEASURES = measures.MEASURES | {"polled": polled}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=[*MEASURES, *PEERS], help="measure only these")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    arguments = parser.parse_args()
    chosen = arguments.only or [*MEASURES, *PEERS]
    figures: list[tuple[str, Figure]] = []
    for name in chosen:
        if name in MEASURES:
            rows = [("Queuack", figure) for figure in MEASURES[name]()]
        else:
            interpreter = os.environ.get(f"QUEUACK_BENCH_{name.upper()}")
            rows = (
                measure(name, interpreter)
                if interpreter
                else [(name, Figure("not measured", None, "", "", "no interpreter named"))]
            )
        for who, figure in rows:
            print(line(who, figure), flush=True)
        figures += rows
    if arguments.json:
        machine = {"cores": os.cpu_count(), "python": platform.python_version()}
        arguments.json.write_text(
            json.dumps(
                {"machine": machine, "figures": [{"who": who, **asdict(figure)} for who, figure in figures]}, indent=1
            )
        )
    return 0


def line(who: str, figure: Figure) -> str:
    value = "–" if figure.value is None else f"{figure.value:,.2f}" if figure.value < 100 else f"{figure.value:,.0f}"
    return f"{who:<8} {figure.name:<52} {value:>9} {figure.unit:<12} {figure.budget:<16} {figure.detail}"


if __name__ == "__main__":
    sys.exit(main())
