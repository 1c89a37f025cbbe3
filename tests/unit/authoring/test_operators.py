"""The standard operators when they run: results, skips, failures."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from queuack.authoring.dag import DAG
from queuack.authoring.decorators import task
from queuack.authoring.exceptions import AirflowException, AirflowSkipException
from queuack.authoring.execution import run_callbacks
from queuack.authoring.taskgroup import TaskGroup
from queuack.operators.bash import BashOperator
from queuack.operators.empty import EmptyOperator
from queuack.operators.latest_only import LatestOnlyOperator
from queuack.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from tests.unit.authoring.conftest import run_info


def test_python_operator_takes_arguments_and_context(desk):
    def call(a, b, ds, templates_dict, **context):
        return a, b, ds, templates_dict, context["run_id"]

    with DAG("d"):
        op = PythonOperator(
            task_id="p",
            python_callable=call,
            op_args=["{{ ds_nodash }}"],
            op_kwargs={"b": 2},
            templates_dict={"x": "{{ ds }}"},
        )
    expected = ("20240102", 2, "2024-01-02", {"x": "2024-01-02"}, "scheduled__2024-01-02")
    assert desk.execute(op) == expected
    assert desk.execute(op) == expected
    with pytest.raises(AirflowException, match="must be callable"):
        PythonOperator(task_id="q", python_callable="text")


def test_positional_arguments_may_not_shadow_the_context(desk):
    with DAG("d"):
        op = PythonOperator(task_id="p", python_callable=lambda ds: ds, op_args=[1])
    with pytest.raises(ValueError, match="reserved"):
        desk.execute(op)


@pytest.mark.parametrize(
    ("choice", "skipped"),
    [
        ("a", {"b", "g.x"}),
        (["a", "b"], {"g.x"}),
        ("g", {"a", "b"}),
        (None, {"a", "b", "g.x", "join"}),
        ([], {"a", "b", "g.x", "join"}),
    ],
)
def test_branching(desk, choice, skipped):
    with DAG("d"):
        branch = BranchPythonOperator(task_id="branch", python_callable=lambda: choice)
        join = EmptyOperator(task_id="join")
        a, b = EmptyOperator(task_id="a"), EmptyOperator(task_id="b")
        with TaskGroup("g") as group:
            EmptyOperator(task_id="x")
        branch >> [a, b, group, join]
        [a, b, group] >> join
    assert desk.execute(branch) is None
    assert desk.skipped == skipped
    assert ("branch", "return_value") not in desk.runtime.xcoms
    assert set(desk.runtime.xcoms["branch", "skipmixin_key"]["followed"]) == {"a", "b", "g.x", "join"} - skipped


@pytest.mark.parametrize("choice", ["nobody", ["a", 3], 5])
def test_branching_to_nowhere_fails(desk, choice):
    with DAG("d"):
        branch = BranchPythonOperator(task_id="branch", python_callable=lambda: choice)
        branch >> EmptyOperator(task_id="a")
    with pytest.raises(AirflowException, match="branch_task_ids"):
        desk.execute(branch)


@pytest.mark.parametrize(("ignore", "skipped"), [(True, {"a", "b"}), (False, {"a"})])
def test_short_circuit(desk, ignore, skipped):
    with DAG("d"):
        stop = ShortCircuitOperator(task_id="stop", python_callable=lambda: 0, ignore_downstream_trigger_rules=ignore)
        stop >> EmptyOperator(task_id="a") >> EmptyOperator(task_id="b")
        go = ShortCircuitOperator(task_id="go", python_callable=lambda: "yes")
        go >> EmptyOperator(task_id="c")
    assert desk.execute(stop) is None
    assert desk.skipped == skipped
    assert desk.execute(go) == "yes"
    assert desk.skipped == set()


def test_bash_returns_the_last_line_and_knows_the_context(desk, monkeypatch):
    monkeypatch.setenv("INHERITED", "yes")
    with DAG("d"):
        plain = BashOperator(task_id="b", bash_command="echo one; echo {{ ds }} $AIRFLOW_CTX_DAG_ID $INHERITED")
        only = BashOperator(task_id="c", bash_command="echo [$INHERITED] $X", env={"X": "{{ ds }}"})
        both = BashOperator(task_id="e", bash_command="echo $INHERITED $X", env={"X": "1"}, append_env=True)
    assert desk.execute(plain) == "2024-01-02 d yes"
    assert desk.execute(only) == "[] 2024-01-02"
    assert desk.execute(both) == "yes 1"


def test_bash_exit_codes(desk):
    with DAG("d"):
        fail = BashOperator(task_id="f", bash_command="exit 3")
        skip = BashOperator(task_id="s", bash_command="exit 99")
        other = BashOperator(task_id="o", bash_command="exit 4", skip_on_exit_code=[4, 5])
        none = BashOperator(task_id="n", bash_command="exit 99", skip_on_exit_code=None)
        where = BashOperator(task_id="w", bash_command="pwd", cwd="/nowhere")
    for op in (skip, other):
        with pytest.raises(AirflowSkipException):
            desk.execute(op)
    for op in (fail, none):
        with pytest.raises(AirflowException, match="non-zero exit code"):
            desk.execute(op)
    with pytest.raises(AirflowException, match="Can not find the cwd"):
        desk.execute(where)


def test_bash_scripts_are_templates(desk, tmp_path):
    (tmp_path / "run.sh").write_text("echo from-file {{ ds }}")
    with DAG("d", template_searchpath=str(tmp_path)):
        op = BashOperator(task_id="b", bash_command="run.sh")
    assert desk.execute(op) == "from-file 2024-01-02"


def test_an_interrupted_command_dies_with_its_children(desk, tmp_path):
    class Interrupted(BaseException):
        pass

    def interrupt(signum, frame):
        raise Interrupted

    fifo = tmp_path / "started"
    os.mkfifo(fifo)
    with DAG("d"):
        op = BashOperator(task_id="b", bash_command=f"echo $$ > {fifo}; sleep 1000 & wait")
    pids: list[int] = []

    def when_started():
        pids.append(int(fifo.read_text()))
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, interrupt)
    watcher = threading.Thread(target=when_started)
    watcher.start()
    try:
        with pytest.raises(Interrupted):
            desk.execute(op)
    finally:
        watcher.join()
        signal.signal(signal.SIGUSR1, before)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_task_bash_renders_what_the_function_returns(desk):
    @task.bash
    def say(word, ds):
        return f"echo {word} {ds} {{{{ run_id }}}}"

    with DAG("d") as d:
        say("hi")
    assert desk.execute(d.get_task("say")) == "hi 2024-01-02 scheduled__2024-01-02"


def test_latest_only(desk):
    with DAG("d", schedule="@daily"):
        latest = LatestOnlyOperator(task_id="l")
        latest >> EmptyOperator(task_id="a")
    desk.execute(latest)
    assert desk.skipped == {"a"}
    desk.run = run_info(run_type="manual")
    desk.execute(latest)
    assert desk.skipped == set()


def test_hooks_around_execution_and_callbacks(desk, caplog):
    calls: list[str] = []

    def broken(context):
        raise RuntimeError("no")

    with DAG("d"):
        op = PythonOperator(
            task_id="p",
            python_callable=lambda: calls.append("execute"),
            on_execute_callback=[broken, lambda context: calls.append("callback")],
            pre_execute=lambda context: calls.append("pre"),
            post_execute=lambda context, result: calls.append("post"),
        )
    desk.execute(op)
    assert calls == ["pre", "callback", "execute", "post"]
    assert "broken failed" in caplog.text
    run_callbacks(None, desk.context)
