"""``python -m tests.crash [--kills N] [--seed N]``: the campaign; prints a summary, exits with 1 when anything is wrong."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.crash.campaign import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description="Strike a deployment under load.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", type=Path, default=None, help="leave the deployment in this folder")
    found = parser.parse_args()
    seed = random.randrange(1_000_000) if found.seed is None else found.seed
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="crash") as folder:
        report = run(found.keep or Path(folder), found.kills, seed)
    print(report)
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
