"""Context: keys, laziness, what is beyond Airflow."""

from __future__ import annotations

import pytest

from queuack.authoring import context_variables
from queuack.authoring.context import current_context, get_current_context
from queuack.authoring.context_values import LEGACY_DATED
from queuack.authoring.dag import DAG
from queuack.authoring.exceptions import AirflowRescheduleException, AirflowSensorTimeout, ParamValidationError
from queuack.authoring.params import Param
from queuack.operators.empty import EmptyOperator
from queuack.sensors.python import PythonSensor
from tests.unit.authoring.conftest import run_info

AIRFLOW_KEYS = {
    "conn",
    "dag",
    "dag_run",
    "data_interval_end",
    "data_interval_start",
    "ds",
    "ds_nodash",
    "inlet_events",
    "inlets",
    "logical_date",
    "macros",
    "map_index_template",
    "outlet_events",
    "outlets",
    "params",
    "prev_data_interval_end_success",
    "prev_data_interval_start_success",
    "prev_end_date_success",
    "prev_start_date_success",
    "run_id",
    "task",
    "task_instance",
    "task_instance_key_str",
    "task_reschedule_count",
    "ti",
    "triggering_asset_events",
    "ts",
    "ts_nodash",
    "ts_nodash_with_tz",
    "var",
}


@pytest.fixture
def context(desk):
    with DAG("d", params={"size": Param(3, type="integer")}):
        before, task = EmptyOperator(task_id="before"), EmptyOperator(task_id="t")
        before >> task
    return desk.context_of(task, try_number=2)


def test_the_names_of_the_context_in_the_environment(desk):
    with DAG("d"):
        task = EmptyOperator(task_id="t", owner="me", email=["a@b.c", "d@e.f"])
    context = desk.context_of(task)
    mapping = context_variables.AIRFLOW_VAR_NAME_FORMAT_MAPPING
    plain, variables = (context_variables.context_to_airflow_vars(context, form) for form in (False, True))
    assert plain["airflow.ctx.dag_email"] == variables["AIRFLOW_CTX_DAG_EMAIL"] == "a@b.c,d@e.f"
    assert plain["airflow.ctx.try_number"] == "1"
    assert plain.keys() < {spelling["default"] for spelling in mapping.values()}
    assert variables.keys() < {spelling["env_var_format"] for spelling in mapping.values()}
    assert mapping["AIRFLOW_CONTEXT_DAG_ID"] == {
        "default": "airflow.ctx.dag_id",
        "env_var_format": "AIRFLOW_CTX_DAG_ID",
    }


def test_airflows_keys_and_values(context):
    assert set(context) >= AIRFLOW_KEYS
    assert {key: context[key] for key in ("ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz")} == {
        "ds": "2024-01-02",
        "ds_nodash": "20240102",
        "ts": "2024-01-02T00:00:00+00:00",
        "ts_nodash": "20240102T000000",
        "ts_nodash_with_tz": "20240102T000000+0000",
    }
    assert context["ti"] is context["task_instance"]
    assert context["ti"].try_number == 2
    assert context["task_instance_key_str"] == "d__t__20240102"
    assert context["dag_run"].run_type == "scheduled"
    assert context["data_interval_end"].to_date_string() == "2024-01-03"


def test_keys_of_old_versions_answer_but_are_not_listed(context):
    assert context["execution_date"] == context["logical_date"]
    assert (context["next_ds"], context["yesterday_ds"], context["tomorrow_ds_nodash"]) == (
        "2024-01-03",
        "2024-01-01",
        "20240103",
    )
    assert "execution_date" in context
    assert "execution_date" not in set(context)
    assert context["context"] is context


def test_without_logical_date_the_keys_are_missing(desk, context):
    desk.run = run_info(logical_date=None, data_interval_start=None, data_interval_end=None)
    bare = desk.context_of(context["task"])
    assert "ds" not in bare
    assert bare.get("logical_date", 7) == 7
    with pytest.raises(KeyError):
        bare["execution_date"]
    assert bare["task_instance_key_str"] == "d__t__scheduled__2024-01-02"


def test_it_is_a_dict_that_computes_late(desk, context):
    assert isinstance(context, dict)
    assert dict(**context)["ds"] == "2024-01-02"
    desk.runtime.asked = 0
    everything = context.copy().as_kwargs()
    assert set(everything) == set(context) | LEGACY_DATED
    assert everything["execution_date"] == context["logical_date"]
    context["mine"] = 1
    assert ("mine" in context, context.pop("mine"), "mine" in context) == (True, 1, False)
    del context["ds"]
    assert "ds" not in context


def test_previous_runs_are_asked_for_only_when_used(desk, context):
    values = context.as_kwargs()
    assert desk.runtime.asked == 0
    desk.runtime.before = {"run_id": "r0", "data_interval_start": 0, "logical_date": 0}
    assert values["prev_data_interval_start_success"].year == 1970
    assert desk.runtime.asked == 1
    assert context["prev_execution_date"].year == 1970


def test_params_take_conf_and_are_validated(desk, context):
    assert context["params"] == {"size": 3}
    desk.run = run_info(conf={"size": 5, "more": "x"})
    assert desk.context_of(context["task"])["params"] == {"size": 5, "more": "x"}
    desk.run = run_info(conf={"size": "big"})
    with pytest.raises(ParamValidationError, match="size"):
        desk.execute(context["task"])
    assert context["dag"].params["size"] == 3


def test_upstream_results(desk, context):
    assert (context.upstream_ids, context.has_upstream("before")) == (["before"], False)
    desk.runtime.xcoms["before", "return_value"] = 9
    assert (context.upstream("before"), context.has_upstream("before")) == (9, True)
    assert context.upstream_results() == {"before": 9}
    assert context.upstream("nobody", default=1) == 1


def test_get_current_context(context):
    with pytest.raises(RuntimeError, match="no context was found"):
        get_current_context()
    with current_context(context):
        assert get_current_context() is context


def test_xcom_pull_shapes(desk, context):
    desk.runtime.xcoms.update({("a", "return_value"): 1, ("b", "k"): 2, ("t", "return_value"): 3})
    pull = context["ti"].xcom_pull
    assert pull("a") == 1
    assert pull(["a", "nobody"], default=0) == [1, 0]
    assert pull() == 3
    assert pull("b", key="k") == 2
    assert pull("nobody", default=5) == 5
    assert pull("a", map_indexes=[-1]) == [1]
    context["ti"].xcom_push("key", [1])
    assert pull(key="key") == [1]


def test_sensor_reschedules_and_times_out(desk):
    with DAG("d"):
        sensor = PythonSensor(task_id="s", python_callable=lambda: False, mode="reschedule", poke_interval=30)
        done = PythonSensor(task_id="s2", python_callable=lambda ds: ds == "2024-01-02")
    with pytest.raises(AirflowRescheduleException):
        desk.execute(sensor)
    with pytest.raises(AirflowSensorTimeout):
        desk.execute(sensor, task_reschedule_count=1, first_reschedule_us=0)
    assert desk.execute(done) is None
