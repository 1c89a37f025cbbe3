"""Functions in another interpreter: what they are given, what comes back, how they end. The interpreter is this one's."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
from datetime import UTC, datetime

import pendulum
import pytest

from queuack.authoring.dag import DAG
from queuack.authoring.decorators import setup, task
from queuack.authoring.decorators.source import function_source
from queuack.authoring.exceptions import AirflowException, AirflowSkipException, DeserializingResultError
from queuack.operators import python_elsewhere
from queuack.operators.external_python import BranchExternalPythonOperator, ExternalPythonOperator
from queuack.operators.interpreter import Interpreter, inspect_interpreter
from queuack.operators.python_script import Script


@pytest.fixture(autouse=True)
def _settings(settings):
    """A home of its own."""


def plain(a):
    return a


def external(function, **arguments):
    with DAG("d", params={"p": 1}):
        return ExternalPythonOperator(task_id="t", python=sys.executable, python_callable=function, **arguments)


def test_arguments_result_and_log(desk, caplog):
    def call(a, b, *, ds, templates_dict):
        import os
        import sys

        print("spoken", sys.argv[0].endswith("script.py"), os.environ["EXTRA"])
        return {"sum": a + b, "strings": virtualenv_string_args, "ds": ds, "t": templates_dict}  # noqa: F821

    op = external(
        call,
        op_args=[1],
        op_kwargs={"b": 2},
        string_args=["x", "{{ y }}"],
        templates_dict={"run": "{{ run_id }}"},
        env_vars={"EXTRA": "e"},
    )
    with caplog.at_level(logging.INFO):
        result = desk.execute(op)
    expected = {"sum": 3, "strings": ["x", "{{ y }}"], "ds": "2024-01-02", "t": {"run": "scheduled__2024-01-02"}}
    assert result == expected
    assert "spoken True e" in caplog.messages


def test_all_of_the_context_that_can_travel(desk):
    def call(**context):
        return {key: type(value).__module__.partition(".")[0] for key, value in context.items()}

    found = desk.execute(external(call))
    assert found["ds"] == "builtins"
    assert found["logical_date"] == "pendulum"
    assert found["dag_run"] == "queuack"
    assert found["templates_dict"] == "builtins"
    assert not {"ti", "task_instance", "var", "conn", "test_mode"} & set(found)


def test_named_keys(desk):
    def call(dag_run, params, macros, logical_date, execution_date):
        return dag_run.run_id, params["p"], macros.ds_add("2024-01-01", 1), str(logical_date) == str(execution_date)

    assert desk.execute(external(call)) == ("scheduled__2024-01-02", 1, "2024-01-02", True)


def test_the_current_context(desk):
    def call():
        from airflow.sdk import get_current_context

        return get_current_context()["ds"]

    assert desk.execute(external(call, use_airflow_context=True)) == "2024-01-02"


def plain_target(path, env=None):
    """What a bare interpreter says of itself."""
    found = inspect_interpreter(path, env)
    return Interpreter(found.path, found.version, None, None, None, None)


def test_an_interpreter_without_pendulum_and_queuack(desk, monkeypatch, caplog):
    monkeypatch.setattr(python_elsewhere, "inspect_interpreter", plain_target)

    def call(when, **context):
        return sorted(context), type(when).__module__, when.isoformat()

    keys, _module, text = desk.execute(external(call, op_args=[pendulum.datetime(2024, 3, 1, tz="Europe/Berlin")]))
    assert "logical_date" not in keys
    assert "dag_run" not in keys
    assert {"ds", "run_id", "ts"} <= set(keys)
    assert text == "2024-03-01T00:00:00+01:00"

    def wants(logical_date): ...

    with pytest.raises(AirflowException, match="logical_date"):
        desk.execute(external(wants))
    assert any("has no pendulum" in message for message in caplog.messages)


def test_datetimes_for_another_pendulum(desk, monkeypatch):
    """It is given the standard library's and makes its own of them."""

    def target(path, env=None):
        found = inspect_interpreter(path, env)
        return Interpreter(found.path, found.version, "2.1", None, None, None)

    monkeypatch.setattr(python_elsewhere, "inspect_interpreter", target)

    def call(logical_date):
        return [type(logical_date).__module__, logical_date.add(days=1)]

    module, later = desk.execute(external(call))
    assert module.startswith("pendulum")
    assert type(later) is datetime
    assert later == datetime(2024, 1, 3, tzinfo=UTC)


def test_an_exception_comes_back_as_text(desk):
    def call():
        raise KeyError("no such thing")

    with pytest.raises(AirflowException, match="exit status 1") as caught:
        desk.execute(external(call))
    assert "no such thing" in str(caught.value)


@pytest.mark.parametrize("codes", [7, [7, 8]])
def test_exit_codes_that_skip(desk, codes):
    def call():
        import sys

        sys.exit(7)

    with pytest.raises(AirflowSkipException):
        desk.execute(external(call, skip_on_exit_code=codes))
    with pytest.raises(subprocess.CalledProcessError) as caught:
        desk.execute(external(call))
    assert caught.value.returncode == 7


def test_zero_may_skip_too(desk):
    def call():
        return 1

    with pytest.raises(AirflowSkipException):
        desk.execute(external(call, skip_on_exit_code=0))


def test_async_functions(desk):
    async def call(a):
        return a + 1

    op = external(call, op_args=[1])
    assert not op.is_async
    assert desk.execute(op) == 2


@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle"])
def test_serializers(desk, serializer):
    def call(f):
        return f(2)

    function = abs if serializer == "pickle" else lambda value: value * 3
    assert desk.execute(external(call, op_args=[function], serializer=serializer)) == function(2)


def test_a_serializer_that_is_not_there(desk, monkeypatch):
    monkeypatch.setitem(sys.modules, "dill", None)

    op = external(plain, op_args=[1], use_dill=True)
    assert op.serializer == "dill"
    assert op._serializer() is pickle

    def call(a): ...

    with pytest.raises(AirflowException, match="Unsupported serializer"):
        external(call, op_args=[1], serializer="marshal")


def test_what_cannot_be_pickled_is_named(desk):
    def call(lock): ...

    import threading

    with pytest.raises(AirflowException, match="'lock'"):
        desk.execute(external(call, op_kwargs={"lock": threading.Lock()}))


def test_a_result_that_cannot_be_read(desk):
    class Bad:
        def __reduce__(self):
            return int, ("x",)

    def call():
        class Bad:
            def __reduce__(self):
                return int, ("x",)

        return Bad()

    with pytest.raises(DeserializingResultError, match="deserializing"):
        desk.execute(external(call))


def test_what_is_refused_at_once():
    def generator():
        yield 1

    for wrong in (lambda: 1, generator, len):
        with pytest.raises(ValueError, match="python_callable"):
            external(wrong)
    with pytest.raises(ValueError, match="must be defined"), DAG("d"):
        ExternalPythonOperator(task_id="t", python="", python_callable=test_async_functions)


@pytest.mark.parametrize(("python", "said"), [("/nowhere/python", "must exists"), ("/", "must be a file")])
def test_paths_of_interpreters(desk, python, said):
    def call(): ...

    with DAG("d"):
        op = ExternalPythonOperator(task_id="t", python=python, python_callable=call)
    with pytest.raises(ValueError, match=said):
        desk.execute(op)
    with DAG("d"):
        op = ExternalPythonOperator(task_id="t", python="/bin/false", python_callable=call)
    with pytest.raises(AirflowException, match="does not run as a Python"):
        desk.execute(op)


def test_branching(desk):
    def choose():
        return "a"

    with DAG("d"):

        @task
        def a(): ...

        @task
        def b(): ...

        op = BranchExternalPythonOperator(task_id="t", python=sys.executable, python_callable=choose)
        op >> [a(), b()]
    desk.execute(op)
    assert desk.skipped == {"b"}


def test_decorated(desk):
    with DAG("d") as dag:

        @task.external_python(python=sys.executable, task_id="t", multiple_outputs=True)
        def call(a, ds=None):
            # said in a comment
            text = """
# not a comment"""
            return {"a": a, "ds": ds, "text": text}

        @task.branch_external_python(python=sys.executable)
        def branch():
            return "t"

        branch() >> call(5)
    found = desk.execute(dag.get_task("t"))
    assert found == {"a": 5, "ds": "2024-01-02", "text": "\n# not a comment"}
    assert dag.get_task("t").operator_name == "@task.external_python"
    assert "python" in dag.get_task("t").template_fields
    desk.execute(dag.get_task("branch"))
    assert desk.skipped == set()


def test_source_without_the_decorators_of_tasks():
    def kept(function):
        return function

    @setup
    @task.virtualenv(
        requirements=["a"],
    )
    @kept
    def f(a):
        """Doc."""
        return a

    assert function_source(f.function.__wrapped__ if hasattr(f.function, "__wrapped__") else f.function) == (
        "@kept\ndef f(a):\n" + '    """Doc."""\n    return a\n'
    )


def test_the_script_compiles_in_every_form():
    for flag in (False, True):
        script = Script(
            function="f",
            source="def f():\n    return 1\n",
            serializer="pickle",
            has_arguments=flag,
            module="unusual_prefix_x" if flag else None,
            airflow_names=flag,
            translate_pendulum=flag,
            context=flag,
        )
        compile(script.text(), "script.py", "exec")
