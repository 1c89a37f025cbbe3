"""The nursery by itself: forking, reporting ends, what becomes of its children without a daemon."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from queuack.executors.nursery import NurseryClient
from queuack.processes import start_ticks


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
def with_nursery(home):
    def run(scenario):
        async def main():
            nursery = NurseryClient(home, {"QUEUACK__WORKERS__RECONNECT_TIMEOUT": "60"})
            await nursery.start()
            try:
                await scenario(nursery)
            finally:
                await nursery.stop()

        asyncio.run(main())

    return run


def test_a_child_runs_and_its_end_is_reported(with_nursery):
    async def scenario(nursery):
        ends = []
        pid = await nursery.fork("worker", "w1", on_exit=lambda *end: ends.append(end))
        await until(lambda: os.getsid(pid) == pid)
        nursery.signal(pid, signal.SIGKILL)
        await until(lambda: ends)
        assert ends == [(pid, signal.SIGKILL)]

    with_nursery(scenario)


@pytest.mark.skipif(not os.path.exists("/proc/self/comm"), reason="needs Linux")
def test_each_has_its_name(with_nursery):
    def name(pid):
        return Path(f"/proc/{pid}/comm").read_text().strip()

    async def scenario(nursery):
        pids = {role: await nursery.fork(role, f"{role}-1") for role in ("worker", "parser")}
        await until(lambda: all(name(pid) == f"queuack-{role}" for role, pid in pids.items()))
        assert name(nursery.pid) == "queuack-nursery"
        nursery.signal(pids["worker"], signal.SIGKILL)

    with_nursery(scenario)


def test_workers_outlive_it_and_parsers_do_not(with_nursery, home):
    pids = {}

    async def scenario(nursery):
        for role in ("worker", "parser"):
            pids[role] = await nursery.fork(role, f"{role}-1")
        await until(lambda: (home.workers / "worker-1.json").exists())

    with_nursery(scenario)
    try:
        asyncio.run(until(lambda: start_ticks(pids["parser"]) is None))
        assert start_ticks(pids["worker"]) is not None
    finally:
        os.kill(pids["worker"], signal.SIGKILL)


def test_it_is_started_again_when_it_dies(with_nursery):
    async def scenario(nursery):
        await nursery.ready.wait()
        first = nursery.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: nursery.pid != first and nursery.ready.is_set())
        pid = await nursery.fork("worker", "w2")
        nursery.signal(pid, signal.SIGKILL)

    with_nursery(scenario)
