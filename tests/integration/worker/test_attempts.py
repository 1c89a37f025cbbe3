"""Attempts in real workers: outcomes, XComs, templates, time limits, callbacks."""

from __future__ import annotations

import json

from queuack.protocol import CallbackRan, Finished, Rendered, Started, XComPush


async def run_one(daemon, task, **fields):
    daemon.dag(task, before=fields.pop("before", ""), arguments=fields.pop("arguments", ""))
    daemon.executor.submit([daemon.workload("t", **fields)])
    return await daemon.finished()


def texts(lines):
    return [line["event"] for line in lines]


def test_return_value_is_pushed_before_the_outcome_and_nothing_is_logged(run_with):
    async def scenario(daemon):
        finished = await run_one(daemon, "Call(task_id='t', function=lambda self, context: {'a': (1, 2)})")
        assert finished.outcome == "success"
        assert finished.started_at <= finished.at
        assert [type(fact) for fact in daemon.facts] == [Started, XComPush, Finished]
        assert [fact.seq for fact in daemon.facts] == [1, 2, 3]
        assert daemon.xcom("t")["a"]["__data__"] == [1, 2]
        assert daemon.log("t") == []

    run_with(scenario)


def test_nothing_is_pushed_without_do_xcom_push_or_value(run_with):
    async def scenario(daemon):
        await run_one(daemon, "Call(task_id='t', function=lambda self, context: 1, do_xcom_push=False)")
        assert daemon.of(XComPush) == []

    run_with(scenario)


def test_multiple_outputs(run_with):
    async def scenario(daemon):
        await run_one(
            daemon, "Call(task_id='t', function=lambda self, context: {'a': 1, 'b': 2}, multiple_outputs=True)"
        )
        assert (daemon.xcom("t", "a"), daemon.xcom("t", "b")) == (1, 2)
        assert daemon.xcom("t") == {"a": 1, "b": 2}

    run_with(scenario)


def test_a_failure_is_logged_with_its_traceback(run_with):
    async def scenario(daemon):
        finished = await run_one(daemon, "Call(task_id='t', function=lambda self, context: 1 / 0)")
        assert finished.outcome == "failed"
        assert not finished.fail_without_retry
        detail = daemon.log("t")[-1]["error_detail"][0]
        assert detail["exc_type"] == "ZeroDivisionError"
        assert {frame["filename"] for frame in detail["frames"]} == {str(daemon.home.dags / "d.py")}
        assert "1 / 0" in detail["frames"][-1]["line"]

    run_with(scenario)


def test_exceptions_with_a_meaning(run_with):
    at = "datetime(2030, 1, 1, tzinfo=timezone.utc)"
    cases = {
        "AirflowSkipException('no')": ("skipped", False),
        "AirflowFailException('no')": ("failed", True),
        "AirflowSensorTimeout('no')": ("failed", True),
        "SystemExit(3)": ("failed", False),
        "KeyboardInterrupt()": ("failed", False),
        f"AirflowRescheduleException({at})": ("up_for_reschedule", False),
        "DownstreamTasksSkipped(tasks=['x', 'y'])": ("success", False),
        "TaskDeferred(trigger=None, method_name='go')": ("failed", False),
    }

    async def scenario(daemon):
        tasks = [
            f"Call(task_id='t{index}', function=lambda self, context: fail({error}))"
            for index, error in enumerate(cases)
        ]
        daemon.dag(*tasks)
        daemon.executor.submit([daemon.workload(f"t{index}", ti_id=index) for index in range(len(cases))])
        for index, (outcome, terminal) in enumerate(cases.values()):
            finished = await daemon.finished(index)
            assert (finished.outcome, finished.fail_without_retry) == (outcome, terminal)
        assert (await daemon.finished(5)).reschedule_at == 1_893_456_000_000_000
        assert (await daemon.finished(6)).skip_tasks == ("x", "y")
        assert "'NoneType' object has no attribute 'serialize'" in json.dumps(daemon.log("t7"))

    run_with(scenario)


def test_a_file_that_fails_to_load_fails_the_attempt_and_not_the_worker(run_with):
    async def scenario(daemon):
        daemon.write("raise SystemExit('broken')")
        daemon.executor.submit([daemon.workload("t")])
        assert (await daemon.finished()).outcome == "failed"
        worker = daemon.executor.workers[0].worker_id
        finished = await run_one(daemon, "Call(task_id='t', function=lambda self, context: 1)", ti_id=2)
        await daemon.finished(2)
        assert finished.outcome == "failed"
        assert daemon.of(Finished, 2)[0].outcome == "success"
        assert [worker.worker_id for worker in daemon.executor.workers] == [worker]

    run_with(scenario)


def test_output_of_every_kind_goes_to_the_log(run_with):
    body = """
def talk(self, context):
    print("from print")
    print("to stderr", file=sys.stderr)
    sys.stdout.buffer.write(b"from the buffer\\n")
    self.log.warning("from the task's logger %d", 7)
    logging.getLogger("other").info("from another logger", extra={"rows": 3})
    subprocess.run("echo from a child; echo child error >&2", shell=True, check=True)
    os.write(1, b"from the descriptor, no newline")
    logging.getLogger("other").debug("too low")
    print("no newline", end="")
"""

    async def scenario(daemon):
        await run_one(daemon, "Call(task_id='t', function=talk)", before=body)
        lines = {line["event"]: line for line in daemon.log("t")}
        assert {event: (line["level"], line["logger"].split(".")[0]) for event, line in lines.items()} == {
            "from print": ("info", "task"),
            "to stderr": ("error", "task"),
            "from the buffer": ("info", "task"),
            "from the task's logger 7": ("warning", lines["from the task's logger 7"]["logger"].split(".")[0]),
            "from another logger": ("info", "other"),
            "from a child": ("info", "task"),
            "child error": ("error", "task"),
            "from the descriptor, no newline": ("info", "task"),
            "no newline": ("info", "task"),
        }
        assert lines["from another logger"]["rows"] == 3
        assert all(line["timestamp"].endswith("Z") for line in lines.values())

    run_with(scenario)


def test_the_log_is_live(run_with):
    body = "def talk(self, context):\n    print('begun'); os.write(1, b'low\\n'); wait_for(HOME + '/go')\n"

    async def scenario(daemon):
        daemon.dag("Call(task_id='t', function=talk)", before=body)
        daemon.executor.submit([daemon.workload("t")])
        await daemon.until(lambda: {"begun", "low"} <= set(texts(daemon.log("t"))))
        assert daemon.of(Finished) == []
        (daemon.home.root / "go").touch()
        await daemon.finished()

    run_with(scenario)


def test_much_output_of_a_child_does_not_block(run_with):
    body = (
        "def talk(self, context):\n"
        "    subprocess.run([sys.executable, '-c', 'print(\"x\" * 999 + chr(10), end=str()) ; '"
        " 'import sys; sys.stdout.write((\"y\" * 999 + chr(10)) * 500)'], check=True)\n"
    )

    async def scenario(daemon):
        await run_one(daemon, "Call(task_id='t', function=talk)", before=body)
        assert len(daemon.log("t")) == 501

    run_with(scenario)


def test_secrets_are_masked(run_with):
    body = """
from queuack.authoring.variable import Variable
def talk(self, context):
    print("variable", Variable.get("api_key"))
    print("other", Variable.get("harmless"))
    raise ValueError("with " + Variable.get("api_key"))
"""

    async def scenario(daemon):
        daemon.variables.update(api_key="hunter2hunter2", harmless="plain-value")
        await run_one(daemon, "Call(task_id='t', function=talk)", before=body)
        assert texts(daemon.log("t"))[:2] == ["variable ***", "other plain-value"]
        assert "hunter2" not in json.dumps(daemon.log("t"))

    run_with(scenario)


def test_secrets_of_the_environment_are_masked_from_the_start(run_with):
    async def scenario(daemon):
        task = "Call(task_id='t', function=lambda self, context: print('pass' + 'word-1234', 'key' + '-5678'))"
        await run_one(daemon, task)
        assert texts(daemon.log("t")) == ["*** ***"]

    environ = {"AIRFLOW_CONN_DB": "postgres://me:password-1234@host", "QUEUACK_VAR_API_KEY": "key-5678"}
    run_with(scenario, environ=environ)


def test_a_long_result_is_cut_in_the_log(run_with):
    body = "from queuack.operators.python import PythonOperator"

    async def scenario(daemon):
        await run_one(daemon, "PythonOperator(task_id='t', python_callable=lambda: 'x' * 300_000)", before=body)
        (text,) = texts(daemon.log("t"))
        assert len(text) < 70_000
        assert len(daemon.of(XComPush)) == 1

    run_with(scenario)


def test_xcoms_of_others_are_read(run_with):
    async def scenario(daemon):
        daemon.dag(
            "Call(task_id='a', function=lambda self, context: timedelta(hours=1))",
            "Call(task_id='t', function=lambda self, context: str(context['ti'].xcom_pull(task_ids='a')))",
        )
        daemon.executor.submit([daemon.workload("a", ti_id=1)])
        await daemon.finished(1)
        daemon.executor.submit([daemon.workload("t", ti_id=2)])
        assert (await daemon.finished(2)).outcome == "success", daemon.log("t")
        assert daemon.xcom("t") == "1:00:00"

    run_with(scenario)


def test_a_second_try_clears_the_xcoms_of_the_first(run_with):
    body = """
def work(self, context):
    if context["ti"].try_number == 1:
        context["ti"].xcom_push(key="old", value=1)
        raise ValueError
"""

    async def scenario(daemon):
        await run_one(daemon, "Call(task_id='t', function=work, retries=1)", before=body, max_tries=1)
        assert daemon.xcom("t", "old") == 1
        daemon.executor.submit([daemon.workload("t", try_number=2, max_tries=1)])
        await daemon.until(lambda: len(daemon.of(Finished)) == 2)
        assert daemon.xcom("t", "old") is None

    run_with(scenario)


def test_rendered_fields_are_reported_when_rendering_changed_them(run_with):
    async def scenario(daemon):
        await run_one(daemon, "Call(task_id='t', word='{{ ds }}', function=lambda self, context: self.word)")
        assert json.loads(daemon.of(Rendered)[0].rendered) == {"word": "2023-11-14"}
        assert daemon.xcom("t") == "2023-11-14"
        await run_one(daemon, "Call(task_id='t', word='plain', function=lambda self, context: None)", ti_id=2)
        await daemon.finished(2)
        assert len(daemon.of(Rendered)) == 1

    run_with(scenario)


def test_execution_timeout(run_with):
    task = "Call(task_id='t', function=lambda self, context: time.sleep(60), execution_timeout=timedelta(seconds=0.05))"

    async def scenario(daemon):
        assert (await run_one(daemon, task, execution_timeout=0.05)).outcome == "failed"
        assert texts(daemon.log("t"))[0] == "on_kill was called"
        assert daemon.log("t")[-1]["error_detail"][0]["exc_type"] == "AirflowTaskTimeout"
        assert daemon.losses == {}

    run_with(scenario)


def test_a_task_that_does_not_yield_to_its_time_limit_is_killed(run_with):
    body = """
def stubborn(self, context):
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
"""

    async def scenario(daemon):
        task = "Call(task_id='t', function=stubborn, execution_timeout=timedelta(seconds=0.05))"
        daemon.dag(task, before=body)
        daemon.executor.submit([daemon.workload("t", execution_timeout=0.05)])
        await daemon.until(lambda: daemon.losses)
        assert "execution_timeout" in daemon.losses[1, 1]
        assert "killed: the task did not yield to its execution_timeout" in daemon.log("t")[-1]["event"]

    run_with(scenario, kill_grace=0.1)


CALLBACKS = """
def note(name):
    def callback(context):
        print(name, context["ti"].task_id, type(context.get("exception")).__name__)
    return callback

def broken(context):
    raise RuntimeError("in the callback")

NOTES = {
    f"on_{kind}_callback": [broken, note(kind)] for kind in ("success", "failure", "retry", "skipped")
}
"""


def test_the_callbacks_of_each_outcome(run_with):
    async def scenario(daemon):
        daemon.dag(
            "Call(task_id='good', function=lambda self, context: None, **NOTES)",
            "Call(task_id='bad', function=lambda self, context: 1 / 0, **NOTES)",
            "Call(task_id='again', function=lambda self, context: 1 / 0, **NOTES)",
            "Call(task_id='skip', function=lambda self, context: fail(AirflowSkipException()), **NOTES)",
            before=CALLBACKS,
        )
        expected = {
            "good": "success good NoneType",
            "bad": "failure bad ZeroDivisionError",
            "again": "retry again ZeroDivisionError",
            "skip": "skipped skip NoneType",
        }
        for ti_id, task_id in enumerate(expected):
            workload = daemon.workload(task_id, ti_id=ti_id, max_tries=1 if task_id == "again" else 0)
            daemon.executor.submit([workload])
            await daemon.finished(ti_id)
        for task_id, line in expected.items():
            await daemon.until(lambda task_id=task_id, line=line: line in texts(daemon.log(task_id)))
            assert any("RuntimeError" in json.dumps(entry) for entry in daemon.log(task_id))

    run_with(scenario)


def test_a_callback_of_the_dag(run_with):
    async def scenario(daemon):
        daemon.dag(
            "Call(task_id='t', function=lambda self, context: None)",
            before="def tell(context):\n    print(context['dag'].dag_id, context['reason'])\n",
            arguments="on_failure_callback=tell",
        )
        workload = daemon.workload(
            "",
            ti_id=-7,
            callback_id=7,
            callback_kind="failure",
            callback_reason="task_failure",
            log_path="callback.log",
        )
        daemon.executor.submit([workload])
        await daemon.until(lambda: daemon.of(CallbackRan))
        assert daemon.of(Started) == []
        lines = (daemon.home.logs / "callback.log").read_text().splitlines()
        assert [json.loads(line)["event"] for line in lines] == ["d task_failure"]

    run_with(scenario)


def test_an_older_version_is_taken_from_the_store(run_with):
    async def scenario(daemon):
        path = daemon.dag("Call(task_id='t', function=lambda self, context: 'old')")
        daemon.sources[5] = {"source": path.read_text(), "file_hash": "x"}
        old = daemon.workload("t", ti_id=1, version_id=5)
        daemon.dag("Call(task_id='t', function=lambda self, context: 'new')")
        daemon.executor.submit([old])
        await daemon.finished(1)
        assert daemon.xcom("t") == "old"
        daemon.executor.submit([daemon.workload("t", ti_id=2, version_id=6)])
        await daemon.finished(2)
        assert daemon.xcom("t") == "new"

    run_with(scenario)


def test_a_changed_neighbour_is_imported_again(run_with):
    async def scenario(daemon):
        daemon.write("VALUE = 1\n", "neighbour.py")
        task = "Call(task_id='t', function=lambda self, context: VALUE)"
        daemon.dag(task, before="from neighbour import VALUE")
        workload = daemon.workload("t", ti_id=1)
        daemon.executor.submit([workload])
        await daemon.finished(1)
        assert daemon.xcom("t") == 1
        daemon.write("VALUE = 2\n", "neighbour.py")
        daemon.executor.submit([daemon.workload("t", ti_id=2)])
        await daemon.finished(2)
        assert daemon.xcom("t") == 2

    run_with(scenario)


POLICY = """
from datetime import timedelta
from queuack import RetryDecision, RetryPolicy

class Policy(RetryPolicy):
    def evaluate(self, exception, try_number, max_tries, context=None):
        assert context["ti"].try_number == try_number
        says = {"again": RetryDecision.retry(timedelta(seconds=7), "x" * 600), "stop": RetryDecision.fail("no use")}
        says |= {"usual": RetryDecision.default(), "nonsense": 7}
        return says[str(exception)]

def fail(what):
    def function(self, context):
        from queuack.authoring.exceptions import AirflowFailException
        raise AirflowFailException("again") if what == "end" else ValueError(what)
    return function
"""


def test_a_retry_policy_is_asked(run_with):
    async def scenario(daemon):
        kinds = ("again", "stop", "usual", "nonsense", "broken", "end")
        call = "Call(task_id={0!r}, retries=2, retry_policy=Policy(), function=fail({0!r}))"
        daemon.dag(*(call.format(kind) for kind in kinds), before=POLICY)
        daemon.executor.submit([daemon.workload(kind, n, max_tries=2) for n, kind in enumerate(kinds, 1)])
        said = {}
        for n, kind in enumerate(kinds, 1):
            finished = await daemon.finished(n)
            said[kind] = (finished.fail_without_retry, finished.retry_delay, finished.retry_reason)
        usual = (False, None, None)
        assert said["again"] == (False, 7.0, "x" * 500)
        assert (said["stop"][0], said["end"]) == (True, (True, None, None))
        assert (said["usual"], said["nonsense"], said["broken"]) == (usual, usual, usual)
        assert any("must return a RetryDecision, not int" in str(line) for line in daemon.log("nonsense"))

    run_with(scenario)
