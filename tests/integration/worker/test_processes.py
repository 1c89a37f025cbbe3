"""Workers as processes: death, cancelling, recall, growth, recycling, a daemon that dies and comes back."""

from __future__ import annotations

import json
import os
import signal

from queuack.processes import start_ticks
from queuack.protocol import Finished, Started

WAITS = """
def touch(name):
    open(os.path.join(HOME, name), "w").close()

def wait(self, context):
    touch(self.task_id + ".begun")
    wait_for(os.path.join(HOME, self.task_id))
    return "done"

def die(self, context):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def waits(*names):
    return [f"Call(task_id='{name}', function=wait)" for name in names]


async def in_code(daemon, name):
    """Wait until the code of the task runs (Started is said before)."""
    await daemon.until(lambda: (daemon.home.root / f"{name}.begun").exists())


def go(daemon, *names):
    for name in names:
        (daemon.home.root / name).touch()


def test_a_killed_worker_loses_what_it_ran_and_returns_what_waited(run_with):
    async def scenario(daemon):
        daemon.dag("Call(task_id='dies', function=die)", *waits("other"), before=WAITS)
        await daemon.until(lambda: daemon.executor.workers[0].is_ready)
        pid = daemon.executor.workers[0].pid
        daemon.executor.submit([daemon.workload("dies", 1), daemon.workload("other", 2)])
        await daemon.until(lambda: daemon.losses)
        assert "SIGKILL" in daemon.losses[1, 1]
        last = daemon.log("dies")[-1]
        assert last["event"] == "The process of the task was killed by SIGKILL (out of memory?)."
        assert (last["level"], last["pid"], last["exit_status"]) == ("error", pid, -9)
        assert daemon.of(Started, 1)
        assert daemon.returns == [(2, 1)]
        await daemon.until(lambda: [worker for worker in daemon.executor.workers if worker.is_ready])
        assert daemon.executor.workers[0].pid != pid
        daemon.executor.submit([daemon.workload("other", 2)])
        go(daemon, "other")
        assert (await daemon.finished(2)).outcome == "success"

    run_with(scenario, parallelism=1)


def test_a_worker_that_dies_after_the_nursery_is_noticed(run_with):
    async def scenario(daemon):
        daemon.dag(*waits("t"), before=WAITS)
        daemon.executor.submit([daemon.workload("t")])
        started = await daemon.begun()
        nursery = daemon.nursery.pid
        os.kill(nursery, signal.SIGKILL)
        await daemon.until(lambda: daemon.nursery.pid != nursery and daemon.nursery.ready.is_set())
        os.kill(started.pid, signal.SIGKILL)
        await daemon.until(lambda: daemon.losses)
        await daemon.until(lambda: [worker for worker in daemon.executor.workers if worker.is_ready])

    run_with(scenario)


def test_an_exit_of_the_whole_process_names_its_code(run_with):
    async def scenario(daemon):
        daemon.dag("Call(task_id='t', function=lambda self, context: os._exit(7))")
        daemon.executor.submit([daemon.workload("t")])
        await daemon.until(lambda: daemon.losses)
        assert "code 7" in daemon.losses[1, 1]
        assert daemon.log("t")[-1]["exit_status"] == 7

    run_with(scenario)


def test_what_waits_behind_a_slow_task_goes_to_another_worker(run_with):
    async def scenario(daemon):
        daemon.dag(*waits("slow", "next", "last"), before=WAITS)
        go(daemon, "next", "last")
        daemon.executor.submit([daemon.workload(name, ti_id) for ti_id, name in enumerate(("slow", "next", "last"), 1)])
        await daemon.finished(2)
        await daemon.finished(3)
        assert daemon.of(Finished, 1) == []
        assert daemon.returns == []
        go(daemon, "slow")
        await daemon.finished(1)
        assert len(daemon.of(Started)) == 3

    run_with(scenario)


def test_many_tasks_that_wait_run_at_once_up_to_parallelism(run_with):
    names = [f"w{index}" for index in range(6)]

    async def scenario(daemon):
        daemon.dag(*waits(*names), before=WAITS)
        daemon.executor.submit([daemon.workload(name, ti_id) for ti_id, name in enumerate(names)])
        await daemon.until(lambda: len(daemon.of(Started)) == 4)
        assert len(daemon.executor.workers) == 4
        assert daemon.executor.load == 6
        go(daemon, *names)
        await daemon.until(lambda: len(daemon.of(Finished)) == 6)
        assert daemon.executor.load == 0

    run_with(scenario, parallelism=4)


def test_short_tasks_are_prefetched_and_run_once_each(run_with):
    async def scenario(daemon):
        daemon.dag("Call(task_id='t', function=lambda self, context: None)")
        daemon.executor.submit([daemon.workload("t", ti_id) for ti_id in range(500)])
        await daemon.until(lambda: len(daemon.of(Finished)) == 500)
        assert sorted(fact.ti_id for fact in daemon.of(Started)) == list(range(500))
        assert sorted(fact.ti_id for fact in daemon.of(Finished)) == list(range(500))

    run_with(scenario)


def test_cancelling_a_running_task_stops_it_and_says_nothing(run_with):
    async def scenario(daemon):
        daemon.dag(*waits("t", "u"), before=WAITS)
        daemon.executor.submit([daemon.workload("t")])
        await in_code(daemon, "t")
        daemon.executor.cancel(1, 1, "marked by hand")
        await daemon.until(lambda: daemon.executor.load == 0)
        assert daemon.of(Finished) == []
        assert daemon.losses == {}
        assert "on_kill was called" in [line["event"] for line in daemon.log("t")]
        go(daemon, "u")
        daemon.executor.submit([daemon.workload("u", 2)])
        assert (await daemon.finished(2)).outcome == "success"

    run_with(scenario)


def test_cancelling_what_has_not_begun(run_with):
    async def scenario(daemon):
        daemon.dag(*waits("a", "b", "c"), before=WAITS)
        daemon.executor.submit([daemon.workload(name, ti_id) for ti_id, name in enumerate("abc", 1)])
        await daemon.begun(1)
        daemon.executor.cancel(2, 1, "no longer wanted")
        daemon.executor.cancel(3, 1, "no longer wanted")
        go(daemon, "a", "b", "c")
        await daemon.finished(1)
        await daemon.until(lambda: daemon.executor.load == 0)
        assert [fact.ti_id for fact in daemon.of(Started)] == [1]

    run_with(scenario, parallelism=1)


def test_a_cancelled_task_that_does_not_stop_is_killed(run_with):
    body = (
        WAITS
        + """
def stubborn(self, context):
    touch("t.begun")
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
"""
    )

    async def scenario(daemon):
        daemon.dag("Call(task_id='t', function=stubborn)", before=body)
        daemon.executor.submit([daemon.workload("t")])
        await in_code(daemon, "t")
        pid = daemon.executor.workers[0].pid
        daemon.executor.cancel(1, 1, "marked by hand")
        await daemon.until(lambda: pid not in [worker.pid for worker in daemon.executor.workers])
        assert daemon.losses == {}
        assert "did not stop when it was cancelled (marked by hand)" in daemon.log("t")[-1]["event"]

    run_with(scenario, kill_grace=0.1)


def test_a_worker_is_replaced_after_so_many_tasks(run_with):
    async def scenario(daemon):
        daemon.dag("Call(task_id='t', function=lambda self, context: os.getpid())")
        daemon.executor.submit([daemon.workload("t", ti_id) for ti_id in range(50)])
        await daemon.until(lambda: len(daemon.of(Finished)) == 50)
        per_process = {}
        for fact in daemon.of(Finished):
            per_process[fact.pid] = per_process.get(fact.pid, 0) + 1
        assert max(per_process.values()) == 10
        assert daemon.losses == {}

    run_with(scenario, environ={"QUEUACK__WORKERS__MAX_TASKS_PER_WORKER": "10"}, parallelism=2)


def test_idle_workers_beyond_the_least_leave(run_with):
    async def scenario(daemon):
        names = ["a", "b", "c"]
        daemon.dag(*waits(*names), before=WAITS)
        daemon.executor.submit([daemon.workload(name, ti_id) for ti_id, name in enumerate(names)])
        await daemon.until(lambda: len(daemon.of(Started)) == 3)
        go(daemon, *names)
        await daemon.until(lambda: len(daemon.executor.workers) == 1)

    run_with(scenario, idle_timeout=0.0)


def test_a_hung_worker_is_killed(run_with):
    async def scenario(daemon):
        daemon.dag("Call(task_id='t', function=lambda self, context: os.kill(os.getpid(), signal.SIGSTOP))")
        daemon.executor.submit([daemon.workload("t")])
        await daemon.until(lambda: daemon.losses)
        assert "heartbeat" in daemon.losses[1, 1]

    run_with(scenario, heartbeat_timeout=0.3)


def test_sigterm_ends_the_task_and_the_worker(run_with):
    async def scenario(daemon):
        daemon.dag(*waits("t"), before=WAITS)
        daemon.executor.submit([daemon.workload("t")])
        started = await daemon.begun()
        await in_code(daemon, "t")
        os.kill(started.pid, signal.SIGTERM)
        assert (await daemon.finished()).outcome == "failed"
        await daemon.until(lambda: started.pid not in [worker.pid for worker in daemon.executor.workers])
        assert daemon.losses == {}

    run_with(scenario)


class TestFork:
    def test_each_attempt_has_its_own_process(self, run_with):
        async def scenario(daemon):
            daemon.variables["v"] = "asked"
            daemon.dag(
                "Call(task_id='t', function=talk)",
                before=(
                    "from queuack.authoring.variable import Variable\n"
                    "def talk(self, context):\n"
                    "    print('hello'); os.write(1, b'low\\n'); return Variable.get('v')\n"
                ),
            )
            worker = await daemon.until(lambda: daemon.executor.workers[0].pid)
            daemon.executor.submit([daemon.workload("t", isolation="fork")])
            finished = await daemon.finished()
            assert finished.outcome == "success", daemon.log("t")
            assert finished.pid != worker
            assert daemon.xcom("t") == "asked"
            assert {line["event"] for line in daemon.log("t")} == {"hello", "low"}

        run_with(scenario)

    def test_a_crash_fails_the_attempt_and_spares_the_worker(self, run_with):
        async def scenario(daemon):
            daemon.dag(
                "Call(task_id='t', function=die, on_failure_callback=tell)",
                before=WAITS + "\ndef tell(context):\n    print('told', context['exception'])\n",
            )
            worker = await daemon.until(lambda: daemon.executor.workers[0].pid)
            daemon.executor.submit([daemon.workload("t", isolation="fork")])
            assert (await daemon.finished()).outcome == "failed"
            await daemon.until(lambda: "told" in json.dumps(daemon.log("t")))
            assert "SIGKILL" in json.dumps(daemon.log("t"))
            assert [entry.pid for entry in daemon.executor.workers] == [worker]
            assert daemon.losses == {}

        run_with(scenario)

    def test_cancelling(self, run_with):
        async def scenario(daemon):
            daemon.dag(*waits("t"), before=WAITS)
            daemon.executor.submit([daemon.workload("t", isolation="fork")])
            await daemon.begun()
            daemon.executor.cancel(1, 1, "marked by hand")
            await daemon.until(lambda: daemon.executor.load == 0)
            assert daemon.of(Finished) == []
            assert len(daemon.executor.workers) == 1

        run_with(scenario)

    def test_a_time_limit_that_is_ignored(self, run_with):
        body = (
            WAITS
            + """
def stubborn(self, context):
    touch("t.begun")
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
"""
        )

        async def scenario(daemon):
            daemon.dag("Call(task_id='t', function=stubborn, execution_timeout=timedelta(seconds=0.05))", before=body)
            daemon.executor.submit([daemon.workload("t", isolation="fork", execution_timeout=0.05)])
            assert (await daemon.finished()).outcome == "failed"
            assert "execution_timeout" in json.dumps(daemon.log("t"))
            assert len(daemon.executor.workers) == 1

        run_with(scenario, environ={"QUEUACK__WORKERS__KILL_GRACE": "0.1"})


class TestDaemonDies:
    def test_a_running_task_is_taken_over(self, run_with):
        async def scenario(daemon):
            daemon.dag(*waits("t", "u"), before=WAITS)
            daemon.executor.submit([daemon.workload("t")])
            pid = (await daemon.begun()).pid
            await daemon.die()
            daemon.facts.clear()
            await daemon.start(recover=10)
            assert daemon.recovered == {(1, 1)}
            assert daemon.executor.workers[0].pid == pid
            go(daemon, "t", "u")
            assert (await daemon.finished()).outcome == "success"
            assert daemon.xcom("t") == "done"
            daemon.executor.submit([daemon.workload("u", 2)])
            await daemon.finished(2)

        run_with(scenario)

    def test_an_outcome_that_was_not_acknowledged_is_said_again(self, run_with):
        async def scenario(daemon):
            daemon.acknowledges = False
            daemon.dag("Call(task_id='t', function=lambda self, context: 5)")
            daemon.executor.submit([daemon.workload("t")])
            await daemon.finished()
            first = [(type(fact), fact.seq) for fact in daemon.facts]
            await daemon.die()
            daemon.facts.clear()
            daemon.acknowledges = True
            await daemon.start(recover=10)
            assert daemon.recovered == {(1, 1)}
            await daemon.finished()
            assert [(type(fact), fact.seq) for fact in daemon.facts] == first

        run_with(scenario)

    def test_the_task_ends_while_no_daemon_is_there(self, run_with):
        async def scenario(daemon):
            daemon.dag(*waits("t"), before=WAITS + "\nimport atexit\n")
            daemon.executor.submit([daemon.workload("t")])
            await daemon.begun()
            await daemon.die()
            daemon.facts.clear()
            go(daemon, "t")
            await daemon.start(recover=10)
            assert (await daemon.finished()).outcome == "success"
            assert len(daemon.of(Finished)) == 1

        run_with(scenario)

    def test_a_worker_that_died_too_is_not_waited_for(self, run_with):
        async def scenario(daemon):
            daemon.dag(*waits("t"), before=WAITS)
            daemon.executor.submit([daemon.workload("t")])
            pid = (await daemon.begun()).pid
            await daemon.die()
            os.kill(pid, signal.SIGKILL)
            await daemon.start(recover=10)
            assert daemon.recovered == set()

        run_with(scenario)

    def test_what_it_began_is_known_when_nobody_heard_of_it(self, run_with):
        async def scenario(daemon):
            daemon.dag(*waits("t", "u"), before=WAITS)
            daemon.executor.submit([daemon.workload("t"), daemon.workload("u", 2)])
            started = await daemon.begun()
            await daemon.die()
            os.kill(started.pid, signal.SIGKILL)
            await daemon.start(recover=10)
            assert daemon.executor.begun_by_the_dead()[1, 1] == (1, 1, started.at, started.pid, 0)
            daemon.executor.forget_the_dead()
            assert daemon.executor.begun_by_the_dead() == {}

        run_with(scenario)

    def test_a_worker_that_does_not_come_back_is_killed(self, run_with):
        async def scenario(daemon):
            daemon.dag(*waits("t"), before=WAITS)
            daemon.executor.submit([daemon.workload("t")])
            pid = (await daemon.begun()).pid
            await daemon.die()
            os.kill(pid, signal.SIGSTOP)
            await daemon.start(recover=0.2)
            assert daemon.recovered == set()
            assert start_ticks(pid) is None

        run_with(scenario)

    def test_a_worker_gives_up_at_last(self, run_with):
        async def scenario(daemon):
            await daemon.until(lambda: daemon.executor.workers[0].is_ready)
            await daemon.die()
            await daemon.until(lambda: not list(daemon.home.workers.iterdir()))

        run_with(scenario, environ={"QUEUACK__WORKERS__RECONNECT_TIMEOUT": "0.1"})


def test_stopping_waits_for_what_runs_and_ends_the_rest(run_with):
    async def scenario(daemon):
        daemon.dag(*waits("t"), "Call(task_id='u', function=lambda self, context: time.sleep(60))", before=WAITS)
        daemon.executor.submit([daemon.workload("t", 1), daemon.workload("u", 2)])
        await daemon.begun(1)
        await daemon.begun(2)
        go(daemon, "t")
        await daemon.stop(grace=0.2)
        assert daemon.of(Finished, 1)[0].outcome == "success"
        assert daemon.of(Finished, 2)[0].outcome == "failed"

    run_with(scenario)
