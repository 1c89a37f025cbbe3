"""Async tasks in real workers: many at once, each with its own log, context, time limit and end."""

from __future__ import annotations

import os
import signal

from queuack.protocol import Finished, Started
from tests.integration.worker.test_attempts import texts

ASYNC = "import asyncio, logging, time\nfrom queuack import BaseAsyncOperator, Variable, get_current_context, task"
WAIT = """
async def until(path):
    while not os.path.exists(HOME + "/" + path):
        await asyncio.sleep(0.005)
"""


def submit(daemon, *workloads, **fields):
    daemon.executor.submit(
        [daemon.workload(task_id, ti_id, is_async=True, **fields) for ti_id, task_id in enumerate(workloads, 1)]
    )


def go(daemon, name="go"):
    (daemon.home.root / name).touch()


def test_they_run_at_once_beside_a_sync_task_and_each_has_its_own_log_and_context(run_with):
    function = """
async def work(n, ti, **context):
    print("begin", n, end=" ")
    await until("go")
    print("in", get_current_context()["ti"].task_id)
    logging.getLogger("mine").warning("logged %s", n)
    await asyncio.to_thread(print, "thread", n)
    await asyncio.get_running_loop().run_in_executor(None, print, "executor", n)
    return Variable.get("v") + await ti.axcom_pull(task_ids="before")
"""
    tasks = [f"task(work, task_id='t{n}')({n})" for n in range(20)]

    async def scenario(daemon):
        daemon.variables["v"] = "x"
        daemon.xcoms["d", "r", "before", -1, "return_value"] = {"encoding": "json", "value": b'"y"'}
        say = "Call(task_id='sync', function=lambda self, context: print('sync', get_current_context()['ti'].task_id))"
        daemon.dag(*tasks, say, before=f"{ASYNC}\n{WAIT}\n{function}")
        submit(daemon, *[f"t{n}" for n in range(20)])
        await daemon.until(lambda: len(daemon.of(Started)) == 20)
        daemon.executor.submit([daemon.workload("sync", 99)])
        assert (await daemon.finished(99)).outcome == "success"
        assert len(daemon.of(Finished)) == 1
        assert len({fact.pid for fact in daemon.of(Started)}) == 1
        go(daemon)
        await daemon.until(lambda: len(daemon.of(Finished)) == 21)
        assert {fact.outcome for fact in daemon.of(Finished)} == {"success"}
        for n in range(20):
            said = [f"begin {n} in t{n}", f"logged {n}", f"thread {n}", f"executor {n}"]
            assert texts(daemon.log(f"t{n}"))[:4] == said
            assert daemon.xcom(f"t{n}") == "xy"
        assert texts(daemon.log("sync")) == ["sync sync"]
        assert daemon.executor.load == 0

    run_with(scenario, max_workers=1)


def test_ends_of_all_kinds(run_with):
    before = f"""{ASYNC}
class Own(BaseAsyncOperator):
    template_fields = ("text",)
    def __init__(self, text, **kwargs):
        super().__init__(**kwargs)
        self.text = text
    def pre_execute(self, context):
        assert get_current_context() is context
    async def aexecute(self, context):
        await asyncio.sleep(0)
        return self.text
async def end(how):
    await asyncio.sleep(0)
    if how == "exit":
        raise SystemExit(3)
    if how == "task":
        async def leave():
            raise SystemExit(4)
        asyncio.create_task(leave())
        await asyncio.sleep(0.01)
    if how == "fail":
        1 / 0
    if how == "skip":
        raise AirflowSkipException("no")
    return how
async def choose():
    await asyncio.sleep(0)
    return "left"
def tell(context):
    print("told", type(context["exception"]).__name__)
"""
    tasks = [
        f"task(end, task_id='{how}', on_failure_callback=tell)('{how}')" for how in ("exit", "task", "fail", "skip")
    ]
    branches = "task.branch(choose, task_id='choose')() >> [task(end, task_id=x)(x) for x in ('left', 'right')]"

    async def scenario(daemon):
        daemon.dag(*tasks, "Own(task_id='own', text='{{ ti.task_id }}')", branches, before=before)
        submit(daemon, "exit", "task", "fail", "skip", "own", "choose")
        await daemon.until(lambda: len(daemon.of(Finished)) == 6)
        ends = {fact.ti_id: fact for fact in daemon.of(Finished)}
        outcomes = [ends[ti_id].outcome for ti_id in range(1, 7)]
        assert outcomes == ["failed", "success", "failed", "skipped", "success", "success"]
        assert daemon.log("fail")[0]["error_detail"][0]["exc_type"] == "ZeroDivisionError"
        assert texts(daemon.log("fail"))[-1] == "told ZeroDivisionError"
        assert daemon.xcom("own") == "own"
        assert ends[6].skip_tasks == ("right",)

    run_with(scenario)


def test_a_time_limit_and_a_cancel_end_one_and_no_other(run_with):
    function = """
async def wait(name):
    try:
        await until("go")
    except asyncio.CancelledError:
        print("cleaned up", name)
        raise
class Killed(BaseAsyncOperator):
    async def aexecute(self, context):
        await wait("killed")
    def on_kill(self):
        print("on_kill")
"""

    async def scenario(daemon):
        daemon.dag(
            "task(wait, task_id='late', execution_timeout=timedelta(seconds=0.1))('late')",
            "Killed(task_id='killed')",
            "task(wait, task_id='other')('other')",
            before=f"{ASYNC}\nfrom datetime import timedelta\n{WAIT}\n{function}",
        )
        submit(daemon, "late", "killed", "other")
        finished = await daemon.finished(1)
        assert finished.outcome == "failed"
        assert texts(daemon.log("late"))[0] == "cleaned up late"
        assert daemon.log("late")[-1]["error_detail"][0]["exc_type"] == "AirflowTaskTimeout"
        daemon.executor.cancel(2, 1, "a person said so")
        await daemon.until(lambda: daemon.executor.load == 1)
        assert texts(daemon.log("killed")) == ["cleaned up killed", "on_kill", "The task was stopped: a person said so"]
        go(daemon)
        assert (await daemon.finished(3)).outcome == "success"
        assert [fact.ti_id for fact in daemon.of(Finished)] == [1, 3]
        assert daemon.losses == {}

    run_with(scenario)


def test_one_that_does_not_yield_takes_its_worker_with_it_and_the_others_are_lost(run_with):
    async def scenario(daemon):
        daemon.dag(
            "task(block, task_id='blocks', execution_timeout=timedelta(seconds=0.1))()",
            "task(until, task_id='other')('go')",
            before=f"{ASYNC}\nfrom datetime import timedelta\n{WAIT}\nasync def block():\n    time.sleep(60)",
        )
        submit(daemon, "other", "blocks", execution_timeout=0.1)
        await daemon.until(lambda: len(daemon.losses) == 2)
        assert "execution_timeout" in daemon.losses[1, 1]
        assert daemon.executor.load == 0

    run_with(scenario, kill_grace=0.1)


def test_a_killed_worker_loses_all_it_had(run_with):
    async def scenario(daemon):
        daemon.dag(*[f"task(until, task_id='t{n}')('go')" for n in range(3)], before=ASYNC + WAIT)
        submit(daemon, "t0", "t1", "t2")
        await daemon.until(lambda: len(daemon.of(Started)) == 3)
        os.kill(daemon.of(Started)[0].pid, signal.SIGKILL)
        await daemon.until(lambda: len(daemon.losses) == 3)
        assert [len(daemon.log(f"t{n}")) for n in range(3)] == [1, 1, 1]

    run_with(scenario)


def test_a_terminated_worker_ends_them_as_failed(run_with):
    async def scenario(daemon):
        daemon.dag("task(until, task_id='t')('go')", before=ASYNC + WAIT)
        submit(daemon, "t")
        os.kill((await daemon.begun()).pid, signal.SIGTERM)
        assert (await daemon.finished()).outcome == "failed"
        assert daemon.log("t")[-1]["error_detail"][0]["exc_type"] == "AirflowTaskTerminated"

    run_with(scenario)


def test_they_spread_over_workers_and_respect_the_limits(run_with):
    async def scenario(daemon):
        tasks = [f"task(until, task_id='t{n}')('go')" for n in range(9)]
        daemon.dag(*tasks, "Call(task_id='sync', function=lambda self, context: 1)", before=ASYNC + WAIT)
        await daemon.until(lambda: sum(worker.is_ready for worker in daemon.executor.workers) == 2)
        submit(daemon, *[f"t{n}" for n in range(9)])
        await daemon.until(lambda: len(daemon.of(Started)) == 7)
        assert sorted(len(worker.coroutines) for worker in daemon.executor.workers) == [3, 4]
        daemon.executor.submit([daemon.workload("sync", 20)])
        go(daemon)
        await daemon.until(lambda: len(daemon.of(Finished)) == 10)

    run_with(scenario, min_workers=2, max_workers=2, parallelism=7)


def test_a_new_daemon_takes_them_over(run_with, home):
    async def scenario(daemon):
        daemon.dag("task(until, task_id='t')('go')", before=ASYNC + WAIT)
        submit(daemon, "t")
        await daemon.begun()
        await daemon.die()
        after = type(daemon)(home, daemon.settings, {})
        await after.start(recover=10)
        assert after.recovered == {(1, 1)}
        assert [len(worker.coroutines) for worker in after.executor.workers] == [1]
        go(daemon)
        assert (await after.finished()).outcome == "success"
        await after.stop()

    run_with(scenario)
