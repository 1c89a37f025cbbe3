"""How each context key is computed: tables of key → function of the context. Airflow page.

Templates-ref, "Variables".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from queuack import config
from queuack.authoring.conf import conf
from queuack.authoring.context_accessors import ConnectionAccessor, Unbuilt, VariableAccessor
from queuack.authoring.dag_run import DagRun, moment
from queuack.authoring.params import process_params

if TYPE_CHECKING:
    from pendulum import DateTime

    from queuack.authoring.context import Context

Maker = Callable[["Context"], Any]


def _ds(context: Context) -> str:
    return str(context["logical_date"].strftime("%Y-%m-%d"))


def _ts(context: Context) -> str:
    return str(context["logical_date"].isoformat())


def _params(context: Context) -> dict[str, Any]:
    task = context._task
    overrides = context._run.conf if config.get_boolean("core", "dag_run_conf_overrides_params") else None
    return process_params(task.get_dag(), task, overrides)


def _key_text(context: Context) -> str:
    end = context["ds_nodash"] if context._run.logical_date is not None else context._run.run_id
    return f"{context._run.dag_id}__{context._task.task_id}__{end}"


def _last_success(field: str) -> Maker:
    def value(context: Context) -> Any:
        run = context._ti.get_previous_dagrun(state="success")
        return None if run is None else getattr(run, field)

    return value


def _macros(context: Context) -> Any:
    from queuack.authoring import macros  # start-up time: few templates name it

    return macros


def _day(offset: int, pattern: str) -> Maker:
    return lambda context: (context["logical_date"] + timedelta(days=offset)).strftime(pattern)


def _neighbour(step: str) -> Maker:
    """2.x.

    The logical date of the next or previous scheduled run, here the data interval's other end or the run before.
    """

    def value(context: Context) -> DateTime | None:
        if step == "next":
            return context["data_interval_end"]  # type: ignore[no-any-return]
        run = context._ti.get_previous_dagrun()
        return run.logical_date if run is not None else None

    return value


def _formatted(key: str, pattern: str) -> Maker:
    def value(context: Context) -> str | None:
        date = context[key]
        return None if date is None else date.strftime(pattern)

    return value


DAY, DAY_NODASH = "%Y-%m-%d", "%Y%m%d"

LAZY: dict[str, Maker] = {
    "conn": lambda context: ConnectionAccessor(),
    "dag": lambda context: context._task.dag,
    "dag_run": lambda context: DagRun(context._run),
    "data_interval_end": lambda context: moment(context._run.data_interval_end),
    "data_interval_start": lambda context: moment(context._run.data_interval_start),
    "ds": _ds,
    "ds_nodash": lambda context: context["ds"].replace("-", ""),
    "inlet_events": lambda context: Unbuilt("inlet_events (asset events)"),
    "inlets": lambda context: context._task.inlets,
    "logical_date": lambda context: moment(context._run.logical_date),
    "macros": _macros,
    "map_index_template": lambda context: context._task.map_index_template,
    "outlet_events": lambda context: Unbuilt("outlet_events (asset events)"),
    "outlets": lambda context: context._task.outlets,
    "params": _params,
    "partition_date": lambda context: None,
    "partition_key": lambda context: None,
    "prev_data_interval_end_success": _last_success("data_interval_end"),
    "prev_data_interval_start_success": _last_success("data_interval_start"),
    "prev_end_date_success": _last_success("end_date"),
    "prev_start_date_success": _last_success("start_date"),
    "run_id": lambda context: context._run.run_id,
    "task": lambda context: context._task,
    "task_instance": lambda context: context._ti,
    "task_instance_key_str": _key_text,
    "task_reschedule_count": lambda context: context._ti.task_reschedule_count,
    "test_mode": lambda context: context._ti.test_mode,
    "ti": lambda context: context._ti,
    "triggering_asset_events": lambda context: {},
    "try_number": lambda context: context._ti.try_number,
    "ts": _ts,
    "ts_nodash": lambda context: context["logical_date"].strftime("%Y%m%dT%H%M%S"),
    "ts_nodash_with_tz": lambda context: context["ts"].replace("-", "").replace(":", ""),
    "var": lambda context: {
        "json": VariableAccessor(deserialize_json=True),
        "value": VariableAccessor(deserialize_json=False),
    },
}
"""Listed keys."""

DATED: frozenset[str] = frozenset(
    {
        "data_interval_end",
        "data_interval_start",
        "ds",
        "ds_nodash",
        "logical_date",
        "prev_data_interval_end_success",
        "prev_data_interval_start_success",
        "ts",
        "ts_nodash",
        "ts_nodash_with_tz",
    }
)
"""Keys that a run without logical date lacks."""

SLOW: frozenset[str] = frozenset(name for name in LAZY if name.startswith("prev_"))
"""Keys that ask the daemon."""

LEGACY: dict[str, Maker] = {
    "conf": lambda context: conf,
    "context": lambda context: context,
    "ctx": lambda context: context,
    "execution_date": lambda context: context["logical_date"],
    "next_ds": _formatted("next_execution_date", DAY),
    "next_ds_nodash": _formatted("next_execution_date", DAY_NODASH),
    "next_execution_date": _neighbour("next"),
    "prev_ds": _formatted("prev_execution_date", DAY),
    "prev_ds_nodash": _formatted("prev_execution_date", DAY_NODASH),
    "prev_execution_date": _neighbour("prev"),
    "prev_execution_date_success": lambda context: context["prev_data_interval_start_success"],
    "tomorrow_ds": _day(1, DAY),
    "tomorrow_ds_nodash": _day(1, DAY_NODASH),
    "yesterday_ds": _day(-1, DAY),
    "yesterday_ds_nodash": _day(-1, DAY_NODASH),
}
"""Keys that answer but are not listed: those of 1.x and 2.x, and the context itself."""

LEGACY_DATED: frozenset[str] = frozenset(LEGACY) - {"conf", "context", "ctx"}
