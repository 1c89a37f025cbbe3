"""How each context key is computed: tables of key → function of the context. Airflow page.

Templates-ref, "Variables".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from queuack import config
from queuack.authoring.conf import conf
from queuack.authoring.context_accessors import ConnectionAccessor, VariableAccessor
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


def _inlet_events(context: Context) -> Any:
    from queuack.authoring.assets.events import InletEventsAccessors  # start-up time: few tasks look at assets

    return InletEventsAccessors(context._task.inlets)


def _outlet_events(context: Context) -> Any:
    from queuack.authoring.assets.events import OutletEventAccessors  # start-up time, as above

    return OutletEventAccessors()


def _triggering_events(context: Context) -> Any:
    from queuack.authoring.assets.events import triggering_events  # start-up time, as above

    run = context._run
    return triggering_events(run.dag_id, run.run_id, run.run_type)


def _place(context: Context) -> dict[str, Any]:
    ti = context._ti
    return {"dag_id": ti.dag_id, "run_id": ti.run_id, "task_id": ti.task_id, "map_index": ti.map_index}


def _task_state_store(context: Context) -> Any:
    from queuack.authoring.state_store import TaskStateStoreAccessor  # start-up time, as above

    return TaskStateStoreAccessor(**_place(context))


def _asset_state_store(context: Context) -> Any:
    from queuack.authoring.state_store import AssetStateStoreAccessors  # start-up time, as above

    return AssetStateStoreAccessors(context._task.inlets, context._task.outlets, writer=_place(context))


DAY, DAY_NODASH = "%Y-%m-%d", "%Y%m%d"

LAZY: dict[str, Maker] = {
    "conn": lambda context: ConnectionAccessor(),
    "dag": lambda context: context._task.dag,
    "dag_run": lambda context: DagRun(context._run),
    "data_interval_end": lambda context: moment(context._run.data_interval_end),
    "data_interval_start": lambda context: moment(context._run.data_interval_start),
    "ds": _ds,
    "ds_nodash": lambda context: context["ds"].replace("-", ""),
    "inlet_events": _inlet_events,
    "inlets": lambda context: context._task.inlets,
    "logical_date": lambda context: moment(context._run.logical_date),
    "macros": _macros,
    "map_index_template": lambda context: context._task.map_index_template,
    "outlet_events": _outlet_events,
    "outlets": lambda context: context._task.outlets,
    "params": _params,
    "partition_date": lambda context: moment(context._run.partition_date),
    "partition_key": lambda context: context._run.partition_key,
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
    "task_state_store": _task_state_store,
    "triggering_asset_events": _triggering_events,
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

SLOW: frozenset[str] = frozenset(name for name in LAZY if name.startswith("prev_")) | {
    "asset_state_store",
    "inlet_events",
    "triggering_asset_events",
}
"""Keys that ask the daemon, or may."""

WITH_ASSETS: dict[str, Maker] = {"asset_state_store": _asset_state_store}
"""Listed keys that only a task with an asset as inlet or outlet has."""

LEGACY: dict[str, Maker] = {
    "conf": lambda context: conf,
    "context": lambda context: context,
    "ctx": lambda context: context,
    "execution_date": lambda context: context["logical_date"],
    "expanded_ti_count": lambda context: context._ti.expanded_ti_count,
    "next_ds": _formatted("next_execution_date", DAY),
    "next_ds_nodash": _formatted("next_execution_date", DAY_NODASH),
    "next_execution_date": _neighbour("next"),
    "prev_ds": _formatted("prev_execution_date", DAY),
    "prev_ds_nodash": _formatted("prev_execution_date", DAY_NODASH),
    "prev_execution_date": _neighbour("prev"),
    "prev_execution_date_success": lambda context: context["prev_data_interval_start_success"],
    "triggering_dataset_events": lambda context: context["triggering_asset_events"],
    "tomorrow_ds": _day(1, DAY),
    "tomorrow_ds_nodash": _day(1, DAY_NODASH),
    "yesterday_ds": _day(-1, DAY),
    "yesterday_ds_nodash": _day(-1, DAY_NODASH),
}
"""Keys that answer but are not listed: those of 1.x and 2.x, and the context itself."""

SLOW_LEGACY: frozenset[str] = frozenset(name for name in LEGACY if name.startswith("prev_"))
"""Of these, those that ask the daemon."""

LEGACY_DATED: frozenset[str] = frozenset(LEGACY) - {
    "conf",
    "context",
    "ctx",
    "expanded_ti_count",
    "triggering_dataset_events",
}
