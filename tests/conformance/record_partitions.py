"""Records what Airflow's partition mappers make of keys.

Usage: ``python record_partitions.py OUT_FILE`` with the interpreter of an environment that has Airflow 3.3.2. Each case is
a mapper as data (see ``test_recorded_partitions``), an upstream key, and Airflow's answers. Must not import Queuack.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

SEED = 20260105
ZONES = ["UTC", "Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
PERIODS = ["Hour", "Day", "Week", "Month", "Quarter", "Year"]
WINDOWS = {"Hour": "Hour", "Day": "Day", "Week": "Week", "Month": "Month", "Quarter": "Quarter", "Year": "Year"}


def main(out: str) -> None:
    rng = random.Random(SEED)
    cases = [answer(case) for case in generated(rng)]
    Path(out).write_text(json.dumps({"cases": cases}, separators=(",", ":"), sort_keys=True) + "\n")


def generated(rng: random.Random) -> list[dict[str, Any]]:
    found = []
    for _ in range(400):
        found.append({"mapper": temporal(rng), "key": moment(rng)})
    for _ in range(200):
        spec = temporal(rng)
        window = {"class": spec["class"].removeprefix("StartOf").removesuffix("Mapper") + "Window"}
        window["direction"] = rng.choice(["forward", "backward"])
        found.append({"mapper": {"class": "RollupMapper", "upstream": spec, "window": window}, "key": moment(rng)})
    for _ in range(150):
        spec = temporal(rng, format_too=False)
        period = spec["class"].removeprefix("StartOf").removesuffix("Mapper")
        if period == "Hour":
            continue
        window = {"class": f"{period}Window", "direction": rng.choice(["forward", "backward"])}
        found.append({"mapper": {"class": "FanOutMapper", "upstream": spec, "window": window}, "key": moment(rng)})
    for _ in range(80):
        parts = [{"class": "IdentityMapper"}, temporal(rng), {"class": "AllowedKeyMapper", "allowed": ["us", "eu"]}]
        rng.shuffle(parts)
        keys = [
            moment(rng) if part["class"].startswith("Start") else rng.choice(["us", "eu", "apac"]) for part in parts
        ]
        if rng.random() < 0.1:
            keys.append("more")
        found.append({"mapper": {"class": "ProductMapper", "mappers": parts}, "key": "|".join(keys)})
    for _ in range(60):
        chain = [
            temporal(rng, format_too=False),
            {"class": "IdentityMapper"},
            {"class": "FixedKeyMapper", "key": "all"},
        ]
        found.append({"mapper": {"class": "ChainMapper", "mappers": chain[: rng.randint(2, 3)]}, "key": moment(rng)})
    for key in ("us", "eu", "", "x"):
        found.append({"mapper": {"class": "AllowedKeyMapper", "allowed": ["us", "eu"]}, "key": key})
        window = {"class": "SegmentWindow", "segments": ["us", "eu", "apac"]}
        rollup = {"class": "RollupMapper", "upstream": {"class": "FixedKeyMapper", "key": "all"}, "window": window}
        found.append({"mapper": rollup, "key": key})
    return found


def temporal(rng: random.Random, *, format_too: bool = True) -> dict[str, Any]:
    period = rng.choice(PERIODS)
    spec: dict[str, Any] = {"class": f"StartOf{period}Mapper", "timezone": rng.choice(ZONES)}
    if format_too and rng.random() < 0.3:
        spec["input_format"] = rng.choice(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d", "%Y%m%d %H"])
    if format_too and rng.random() < 0.2:
        spec["output_format"] = {
            "Hour": "%Y%m%d%H", "Day": "%d.%m.%Y", "Week": "%Y/%m/%d", "Month": "%m-%Y", "Quarter": "Q{quarter} %Y",
            "Year": "y%Y",
        }[period]  # fmt: skip
    return spec


def moment(rng: random.Random) -> str:
    near = rng.choice([datetime(2024, 3, 10), datetime(2024, 3, 31), datetime(2024, 10, 27), datetime(2024, 1, 1)])
    at = (
        near + timedelta(minutes=rng.randint(-3000, 3000))
        if rng.random() < 0.5
        else datetime(2024, 1, 1) + timedelta(minutes=rng.randint(0, 1_000_000))
    )
    return at.strftime(rng.choice(["%Y-%m-%dT%H:%M:%S"] * 6 + ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S+02:00", "%Y%m%d %H"]))


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """The case with Airflow's answers; an exception is its class."""
    made = mapper(case["mapper"])
    found: dict[str, Any] = {}
    try:
        keys = made.to_downstream(case["key"])
        found["downstream"] = [keys] if isinstance(keys, str) else list(keys)
    except Exception as error:
        found["error"] = type(error).__name__
        return {**case, **found}
    first = found["downstream"][0]
    try:
        date = made.to_partition_date(first)
        found["date"] = None if date is None else date.astimezone(__import__("datetime").UTC).isoformat()
    except Exception as error:
        found["date_error"] = type(error).__name__
    if made.is_rollup:
        try:
            found["upstream"] = sorted(made.to_upstream(first))
        except Exception as error:
            found["upstream_error"] = type(error).__name__
    return {**case, **found}


def mapper(spec: dict[str, Any]) -> Any:
    from airflow import partition_mappers as module

    cls = getattr(module, spec["class"], None)
    if cls is None:
        from airflow.partition_mappers import temporal as more

        cls = getattr(more, spec["class"])
    if spec["class"].startswith("StartOf"):
        return cls(**{name: value for name, value in spec.items() if name != "class"})
    if "upstream" in spec:
        return cls(upstream_mapper=mapper(spec["upstream"]), window=window(spec["window"]))
    if "mappers" in spec:
        return cls(*[mapper(each) for each in spec["mappers"]])
    if "allowed" in spec:
        return cls(spec["allowed"])
    return cls(spec["key"]) if "key" in spec else cls()


def window(spec: dict[str, Any]) -> Any:
    from airflow.partition_mappers import window as module

    cls = getattr(module, spec["class"])
    return cls(spec["segments"]) if "segments" in spec else cls(direction=spec["direction"])


if __name__ == "__main__":
    main(*sys.argv[1:])
