"""``dag.test()``: how a run in this process goes, what it returns and what it tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from queuack import DAG, Param, Variable, clock, task
from queuack.authoring.exceptions import AirflowSkipException
from queuack.client import connect
from queuack.errors import InvalidRequest, QueuackError
from queuack.home import Home
from queuack.operators.bash import BashOperator
from queuack.operators.empty import EmptyOperator
from queuack.operators.python import PythonOperator
from queuack.testing import TestRun, test_dag

DATE = datetime(2025, 3, 4, 5, 6, tzinfo=UTC)


def states(run: TestRun) -> dict[str, str | None]:
    return {task_id: state for (task_id, _), state in run.task_states.items()}


def test_results_and_rendered_fields(told: Any) -> None:
    with DAG("d", schedule=None) as dag:

        @task(multiple_outputs=True)
        def numbers() -> dict[str, Any]:
            return {"one": 1, "many": [1, 2]}

        @task
        def total(many: list[int]) -> int:
            return sum(many)

        shell = BashOperator(task_id="shell", bash_command="echo {{ ds }} {{ params.word }}", params={"word": "hi"})
        total(numbers()["many"]) >> shell
    run = told.run(dag, logical_date=DATE)
    assert run.state == "success"
    assert states(run) == {"numbers": "success", "total": "success", "shell": "success"}
    assert run.xcoms["numbers", -1, "return_value"] == {"one": 1, "many": [1, 2]}
    assert run.xcoms["numbers", -1, "many"] == [1, 2]
    assert run.xcoms["total", -1, "return_value"] == 3
    assert run.xcoms["shell", -1, "return_value"] == "2025-03-04 hi"
    assert run.rendered["shell", -1]["bash_command"] == "echo 2025-03-04 hi"
    assert told.states("total") == [("running", 1), ("success", 1)]
    assert [event["state"] for event in told.events if event["kind"] == "run"][-1] == "success"


def test_the_run_id_is_made_of_run_after_which_is_now(told: Any) -> None:
    with DAG("d", schedule="@daily", start_date=datetime(2025, 1, 1, tzinfo=UTC)) as dag:
        EmptyOperator(task_id="nothing")

        @task
        def dates(logical_date: Any, run_id: str, dag_run: Any) -> list[str]:
            return [logical_date.isoformat(), run_id, dag_run.triggering_user_name]

        dates()
    before = datetime.now(UTC)
    run = told.run(dag, logical_date=DATE)
    assert before <= datetime.fromisoformat(run.run_id.removeprefix("manual__")) <= datetime.now(UTC)
    assert run.xcoms["dates", -1, "return_value"] == [DATE.isoformat(), run.run_id, "dag_test"]
    assert told.run(dag, run_after=DATE).run_id == f"manual__{DATE.isoformat()}"
    later = datetime.now(UTC) + timedelta(days=1)
    assert told.run(dag, run_after=later).run_id == f"manual__{later.isoformat()}"
    assert (
        told.run(dag, logical_date=DATE.replace(tzinfo=None)).xcoms["dates", -1, "return_value"][0] == DATE.isoformat()
    )


def test_a_run_without_logical_date(told: Any) -> None:
    with DAG("d", schedule=None) as dag:

        @task
        def date(dag_run: Any) -> Any:
            return dag_run.logical_date

        date()
    run = told.run(dag, logical_date=None)
    assert (run.state, run.xcoms.get(("date", -1, "return_value"))) == ("success", None)


def test_a_failing_task(told: Any) -> None:
    with DAG("d", schedule=None) as dag:

        @task
        def bad() -> None:
            raise ValueError("no luck")

        @task
        def after() -> None: ...

        @task(trigger_rule="all_done")
        def clean_up() -> None: ...

        bad() >> after() >> clean_up()
    run = told.run(dag)
    assert run.state == "success"  # as Airflow: the leaf decides
    assert states(run) == {"bad": "failed", "after": "upstream_failed", "clean_up": "success"}
    traceback = told.log[told.log.index("Traceback") :].splitlines()
    assert __file__ in traceback[1]
    assert traceback[2].strip() == 'raise ValueError("no luck")'
    assert "ValueError: no luck" in traceback[-1]


def test_an_operator_that_fails_is_shown_from_its_own_frame(told: Any) -> None:
    with DAG("d", schedule=None) as dag:
        BashOperator(task_id="shell", bash_command="exit 3")
    assert told.run(dag).state == "failed"
    files = [line for line in told.log.splitlines() if line.startswith('  File "')]
    assert len(files) == 1
    assert "operators/bash.py" in files[0]


def test_retries_wait_their_delay(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that goes on by what is slept and stands otherwise."""
    now = [clock.now_us()]
    start = now[0]

    def sleep(seconds: float) -> None:
        now[0] += round(seconds * clock.SECOND)

    monkeypatch.setattr("queuack.testing.run.time.sleep", sleep)
    monkeypatch.setattr(clock, "now_us", lambda: now[0])
    tries: list[int] = []
    with DAG("d", schedule=None) as dag:

        @task(retries=2, retry_delay=timedelta(minutes=5))
        def flaky(ti: Any) -> int:
            tries.append(ti.try_number)
            if ti.try_number < 3:
                raise ValueError(ti.try_number)
            return int(ti.max_tries)

        flaky()
    run = told.run(dag)
    assert (run.state, tries) == ("success", [1, 2, 3])
    assert run.xcoms["flaky", -1, "return_value"] == 2
    assert told.states("flaky")[1::2] == [("up_for_retry", 1), ("up_for_retry", 2), ("success", 3)]
    assert 600 <= (now[0] - start) / clock.SECOND < 601


def test_a_branch(told: Any) -> None:
    with DAG("d", schedule=None) as dag:

        @task.branch
        def choose() -> str:
            return "left"

        join = EmptyOperator(task_id="join", trigger_rule="none_failed_min_one_success")
        choose() >> [EmptyOperator(task_id="left"), EmptyOperator(task_id="right")] >> join
    run = told.run(dag)
    assert states(run) == {"choose": "success", "left": "success", "right": "skipped", "join": "success"}


def test_a_skip(told: Any) -> None:
    def skip() -> None:
        raise AirflowSkipException("not today")

    with DAG("d", schedule=None) as dag:
        PythonOperator(task_id="skip", python_callable=skip) >> EmptyOperator(task_id="after")
    assert states(told.run(dag)) == {"skip": "skipped", "after": "skipped"}


def test_params(told: Any) -> None:
    with DAG("d", schedule=None, params={"n": Param(3, type="integer", minimum=1)}) as dag:

        @task
        def show(params: Any) -> Any:
            return params["n"]

        show()
    assert told.run(dag).xcoms["show", -1, "return_value"] == 3
    assert told.run(dag, run_conf={"n": 5}).xcoms["show", -1, "return_value"] == 5
    assert dag.test(conf={"n": 6}).xcoms["show", -1, "return_value"] == 6
    with pytest.raises(InvalidRequest, match=r"Param 'n' of DAG 'd' breaks its rule minimum: 1"):
        told.run(dag, run_conf={"n": 0})
    assert told.events == []


def test_variables_come_from_the_environment_and_the_home(
    told: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(home)
    client.call("set_variable", key="stored", value="s")
    client.close()
    monkeypatch.setenv("AIRFLOW_VAR_FROM_ENV", '{"a": 1}')
    with DAG("d", schedule=None) as dag:

        @task
        def read() -> list[Any]:
            return [
                Variable.get("from_env", deserialize_json=True),
                Variable.get("stored"),
                Variable.get("missing", default=None),
            ]

        read()
        BashOperator(task_id="shell", bash_command="echo {{ var.value.stored }} {{ var.json.from_env.a }}")
    run = told.run(dag)
    assert run.state == "success", told.log
    assert run.xcoms["read", -1, "return_value"] == [{"a": 1}, "s", None]
    assert run.xcoms["shell", -1, "return_value"] == "s 1"
    client = connect(home)
    assert client.call("list_runs") == []  # the home's database is left alone
    client.close()


def test_variables_that_a_run_sets_are_its_own(told: Any, home: Home) -> None:
    client = connect(home)
    client.call("set_variable", key="stored", value="s")
    client.close()
    with DAG("d", schedule=None) as dag:

        @task
        def change() -> list[Any]:
            Variable.set("mine", "m")
            Variable.delete("stored")
            return [Variable.get("mine"), Variable.get("stored", default=None)]

        change()
    assert told.run(dag).xcoms["change", -1, "return_value"] == ["m", None]
    client = connect(home)
    assert [row["key"] for row in client.call("list_variables")] == ["stored"]
    client.close()


def test_a_date_at_which_nothing_runs(told: Any) -> None:
    begin, end = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    with DAG("d", schedule="@daily", start_date=begin, end_date=end) as dag:
        EmptyOperator(task_id="a")
        EmptyOperator(task_id="b", start_date=datetime(2025, 6, 1, tzinfo=UTC))
    with pytest.raises(InvalidRequest) as caught:
        told.run(dag, logical_date=datetime(2024, 1, 1, tzinfo=UTC))
    assert caught.value.message == (
        "DAG 'd' has nothing to run: the logical date 2024-01-01T00:00:00+00:00 is before the start_date, "
        "2025-01-01T00:00:00+00:00. Give another date."
    )
    with pytest.raises(InvalidRequest, match="is after the end_date, 2026-01-01"):
        told.run(dag, logical_date=datetime(2027, 1, 1, tzinfo=UTC))
    run = told.run(dag, logical_date=DATE)
    assert states(run) == {"a": "success"}
    assert told.log.startswith("b takes no part: the logical date is outside its start_date and end_date.")
    assert told.states("a")[-1] == ("success", 1)


def test_a_dag_without_tasks_succeeds(told: Any) -> None:
    assert told.run(DAG("d", schedule=None)).state == "success"


def test_what_is_not_built_is_named(home: Home) -> None:
    with pytest.raises(QueuackError, match=r"dag\.test\(use_executor=…\) is not built"):
        test_dag(DAG("d", schedule=None), use_executor=True)
