"""Many people look at the pages while tasks run: what that costs the schedule.

The clients are a process of their own: each asks one page after the other and rests a second between two, as a page that
is open and live does.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from tests.bench.figure import Figure
from tests.bench.measures import CHAIN, FAN, home, run_once
from tests.live.daemon import LiveDaemon, until

CLIENTS = 50
REST = 1.0
PAGES = ("/", "/dags", "/dags/chain", "/dags/fan/runs", "/api/v2/dags/~/dagRuns?limit=50")
PASSWORD = "a long password"


def polled(chain: int = 200, fan: int = 2000) -> list[Figure]:
    """Chain and fan-out without and with clients, in one daemon, in turns."""
    with LiveDaemon(home(), command="standalone", api__port=0) as daemon:
        daemon.dag("chain", CHAIN.format(n=chain))
        daemon.dag("fan", FAN.format(n=fan))
        for dag_id in ("chain", "fan"):
            daemon.wait_dag(dag_id)
            run_once(daemon, dag_id, "warm")
        daemon.call("create_user", username="looker", password=PASSWORD, role="Admin")
        said = until(lambda: [line for line in daemon.output.read_text().splitlines() if "/login" in line], 30, "API")
        url = said[0].split("Open ")[1].split("/login")[0]
        hops: dict[bool, list[float]] = {False: [], True: []}
        rates: dict[bool, list[float]] = {False: [], True: []}
        answers: list[float] = []
        for turn in range(3):
            for looked_at in (False, True):
                with clients(url, answers) if looked_at else nobody():
                    run_once(daemon, "chain", f"{turn}{looked_at}")
                    run_once(daemon, "fan", f"{turn}{looked_at}")
                hops[looked_at] += hops_of(daemon, f"{turn}{looked_at}")
                rates[looked_at].append(fan / seconds_of(daemon, f"{turn}{looked_at}"))
    quiet, busy = (statistics.median(hops[looked_at]) for looked_at in (False, True))
    slow, fast = statistics.median(rates[True]), statistics.median(rates[False])
    asked = f"{CLIENTS} clients, median answer {statistics.median(answers):.0f} ms" if answers else ""
    return [
        Figure("chain while 50 clients look", busy, "ms", "≤ 1.2 × idle", f"idle {quiet:.2f} ms, {busy / quiet:.2f} ×"),
        Figure(
            "fan-out while 50 clients look", slow, "tasks/s", "≥ 0.8 × idle", f"idle {fast:.0f}, {slow / fast:.2f} ×"
        ),
        Figure("answers to the clients", statistics.median(answers) if answers else None, "ms", "", asked),
    ]


def hops_of(daemon: LiveDaemon, run_id: str) -> list[float]:
    rows = daemon.rows(
        "select epoch_us(start_date), epoch_us(end_date) from task_instance"
        f" where dag_id = 'chain' and run_id = '{run_id}' order by task_id"
    )
    return [(rows[i + 1][0] - rows[i][1]) / 1000 for i in range(len(rows) - 1)]


def seconds_of(daemon: LiveDaemon, run_id: str) -> float:
    begin, end = daemon.rows(
        "select min(epoch_us(r.start_date)), max(epoch_us(t.end_date)) from task_instance t"
        f" join dag_run r using (dag_id, run_id) where t.dag_id = 'fan' and run_id = '{run_id}'"
    )[0]
    return float(end - begin) / 1e6


@contextmanager
def nobody() -> Iterator[None]:
    yield


@contextmanager
def clients(url: str, answers: list[float]) -> Iterator[None]:
    """The clients at work; the milliseconds of their answers are added to ``answers``."""
    command = [sys.executable, "-m", "tests.bench.polling", url]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()  # logged in
    try:
        yield
    finally:
        said, _ = process.communicate()
        answers += [float(line) for line in said.split()]


async def look(url: str) -> list[float]:
    """Until standard input ends. Milliseconds of each answer."""
    times: list[float] = []
    async with httpx2.AsyncClient(base_url=url, timeout=60, follow_redirects=False) as first:
        entered = await first.post("/login", data={"username": "looker", "password": PASSWORD})
        cookies = dict(entered.cookies)
        token = (await first.post("/auth/token", json={"username": "looker", "password": PASSWORD})).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    print("in", flush=True)
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

    async def one(number: int) -> None:
        async with httpx2.AsyncClient(base_url=url, timeout=60, cookies=cookies, headers=headers) as client:
            turn = number
            while not ended.done():
                begin = time.perf_counter()
                answer = await client.get(PAGES[turn % len(PAGES)])
                assert answer.status_code in (200, 503), answer.text
                times.append((time.perf_counter() - begin) * 1000)
                turn += 1
                await asyncio.wait({ended}, timeout=REST)

    await asyncio.gather(*(one(number) for number in range(CLIENTS)))
    return times


if __name__ == "__main__":
    print("\n".join(f"{ms:.1f}" for ms in asyncio.run(look(sys.argv[1]))))
