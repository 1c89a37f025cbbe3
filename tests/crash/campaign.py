"""Random signals to random processes of a deployment under load, as many as asked; then the invariants.

A seed gives the same choices; the moments are the machine's.
"""

from __future__ import annotations

import random
import select
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.crash import invariants, load
from tests.live.daemon import LiveDaemon, until

ROLES = {"daemon": 4, "worker": 5, "nursery": 1, "parser": 2, "triggerer": 3}
"""Who is struck → how often, in proportion."""

SIGNALS = {signal.SIGKILL: 6, signal.SIGTERM: 2, signal.SIGSTOP: 1}

LONGEST_PAUSE = 0.6
"""Seconds between two strikes."""

FROZEN = 0.3
"""Seconds that a stopped process is left so, but for every other worker: it counts as hung and is killed."""


@dataclass
class Report:
    seed: int
    strikes: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: float = 0.0
    figures: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {sum(self.strikes.values())} strikes in {self.seconds:.0f} s"]
        for role in ROLES:
            by_signal = {name: count for (who, name), count in sorted(self.strikes.items()) if who == role}
            lines.append(f"  {role:<10} " + ", ".join(f"{name} {count}" for name, count in by_signal.items()))
        lines.append("  " + ", ".join(f"{what}: {count}" for what, count in self.figures.items()))
        lines.append(f"  violations: {len(self.violations)}")
        return "\n".join([*lines, *(f"    {each}" for each in self.violations[:40])])


def run(root: Path, kills: int, seed: int) -> Report:
    """The whole campaign in a fresh folder."""
    report, dice, began = Report(seed), random.Random(seed), time.monotonic()
    daemon, record = load.deploy(root)
    with daemon:
        daemon.wait_dag("ticks")
        until(record.exists, 30, "the first task")
        for number in range(kills):
            _strike(daemon, dice, report)
            if number % 10 == 5:
                load.write(daemon, record, remark=str(number))
            pause(dice.uniform(0.0, LONGEST_PAUSE))
        _revive(daemon)
        invariants.settle(daemon, record)
        report.violations = invariants.violations(daemon, record)
        report.figures = {
            "runs": daemon.value("select count(*) from dag_run"),
            "task instances": daemon.value("select count(*) from task_instance"),
            "attempts": daemon.value("select sum(try_number) from task_instance"),
            "workers lost": daemon.value("select count(*) from log where event = 'worker lost'"),
            "bodies executed": len(record.read_text().splitlines()),
            "versions": daemon.value("select count(*) from dag_version where dag_id = 'ticks'"),
        }
        if code := daemon.stop():
            report.violations.append(f"the daemon ended with {code}")
        report.violations += [f"still runs: {each}" for each in invariants.orphans(daemon)]
    report.seconds = time.monotonic() - began
    return report


def pause(seconds: float) -> None:
    select.select([], [], [], seconds)


def _strike(daemon: LiveDaemon, dice: random.Random, report: Report) -> None:
    role = dice.choices([*ROLES], [*ROLES.values()])[0]
    number = dice.choices([*SIGNALS], [*SIGNALS.values()])[0]
    target = _find(daemon, role, dice)
    while target is None:  # none such just now
        pause(0.02)
        if daemon.process is not None and daemon.process.poll() is not None:
            _revive(daemon)
        role = dice.choices([*ROLES], [*ROLES.values()])[0]
        target = _find(daemon, role, dice)
    try:
        target.send_signal(number)
        if number == signal.SIGSTOP and (role != "worker" or dice.random() < 0.5):
            pause(FROZEN)
            target.send_signal(signal.SIGCONT)
    except psutil.NoSuchProcess:
        pass
    report.strikes[role, number.name] += 1
    if role == "daemon" and number != signal.SIGSTOP:
        assert daemon.process is not None
        daemon.process.wait(60)
        daemon.spawn()
        if dice.random() < 0.7:
            _answers(daemon)


def _find(daemon: LiveDaemon, role: str, dice: random.Random) -> psutil.Process | None:
    assert daemon.process is not None
    if role == "daemon":
        return psutil.Process(daemon.process.pid) if daemon.process.poll() is None else None
    found = []
    for process in invariants.processes(daemon):
        try:
            if process.name()[:15] == f"queuack-{role}"[:15] and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return dice.choice(found) if found else None


def _revive(daemon: LiveDaemon) -> None:
    assert daemon.process is not None
    if daemon.process.poll() is not None:
        daemon.spawn()
    _answers(daemon)


def _answers(daemon: LiveDaemon) -> None:
    process = daemon.process
    assert process is not None
    until(lambda: daemon._answers(process), 60, "the daemon's answer")
