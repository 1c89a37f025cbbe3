"""From a DAG object to its DagDocument: what leaves the parser.

Decides what a document says of a DAG and what makes a DAG unfit (cycle, bad schedule); the objects stay as they are.
Does not read files or the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from queuack.authoring.alerts import sends_mail
from queuack.authoring.async_tasks import runs_on_loop
from queuack.authoring.exceptions import AirflowException, AirflowTimetableInvalid
from queuack.authoring.extra_links import extra_links_of
from queuack.authoring.mapped import MappedOperator
from queuack.authoring.mapped_group import MappedTaskGroup
from queuack.authoring.taskgroup import TaskGroup
from queuack.authoring.timetables.custom import TimetableNotRegistered
from queuack.authoring.types import is_arg_set
from queuack.authoring.weight import WeightRule, custom_weight
from queuack.clock import to_us
from queuack.document.assets import aliases_of, assets_of, leaves_of
from queuack.document.deadlines import deadlines_of
from queuack.document.expansion import expansion_of
from queuack.engine.spec import (
    CallbackFlags,
    DagDocument,
    Marker,
    StartTrigger,
    SubDagDocument,
    TaskDocument,
    TaskGroupDocument,
)
from queuack.errors import NotBuilt
from queuack.operators.subdag import SubDagOperator
from queuack.schedule.timetables import NullTimetable
from queuack.serialization.typed_json import dumps_ascii

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG
    from queuack.authoring.operator import BaseOperator


SAME_DATE = "{{ logical_date.isoformat() }}"
"""The logical date of an ExternalTaskMarker that names none."""


def document_of(dag: DAG, *, relative_fileloc: str, fileloc: str) -> DagDocument:
    """The document of ``dag``.

    Raises AirflowDagCycleException, AirflowTimetableInvalid, NotBuilt, ValueError and TypeError for
    what Airflow would report as an import error.
    """
    dag.validate()
    timetable = _timetable(dag)
    limit = timetable.active_runs_limit
    if limit is not None and limit < dag.max_active_runs:
        if dag.max_active_runs != 16:
            raise ValueError(f"Invalid max_active_runs: the schedule requires max_active_runs <= {limit}")
        dag.max_active_runs = limit
    tasks = [dag.task_dict[task_id] for task_id in sorted(dag.task_dict)]
    return DagDocument(
        dag_id=dag.dag_id,
        fileloc=fileloc,
        relative_fileloc=relative_fileloc,
        parent_dag_id=None if dag.parent_dag is None else dag.parent_dag.dag_id,
        root_dag_id=None if dag.parent_dag is None else dag.root_dag.dag_id,
        tasks=tuple(_task(task) for task in tasks),
        task_groups=tuple(_groups(dag.task_group)),
        edge_labels=_edge_labels(dag),
        timetable=timetable,
        timetable_summary=timetable.summary,
        timetable_description=timetable.description,
        timezone=_zone_name(dag.timezone),
        start_date=_earliest(dag, tasks),
        end_date=_us(dag.end_date),
        catchup=dag.catchup,
        max_active_runs=dag.max_active_runs,
        max_active_tasks=dag.max_active_tasks,
        max_consecutive_failed_dag_runs=dag.max_consecutive_failed_dag_runs,
        dagrun_timeout=_seconds(dag.dagrun_timeout),
        is_paused_upon_creation=dag.is_paused_upon_creation,
        fail_fast=dag.fail_fast,
        rerun_with_latest_version=dag.rerun_with_latest_version,
        allowed_run_types=dag.allowed_run_types,
        has_on_success_callback=bool(dag.on_success_callback),
        has_on_failure_callback=bool(dag.on_failure_callback),
        tags=tuple(sorted(dag.tags)),
        owner_links=dict(dag.owner_links),
        description=dag.description,
        doc_md=dag.doc_md,
        dag_display_name=dag.dag_display_name if dag.dag_display_name != dag.dag_id else None,
        default_args={str(key): jsonable(value) for key, value in dag.default_args.items()},
        params=_params(dag),
        render_template_as_native_obj=dag.render_template_as_native_obj,
        assets=assets_of(dag),
        asset_aliases=aliases_of(dag),
        deadlines=deadlines_of(dag),
    )


def _timetable(dag: DAG) -> Any:
    if dag.parent_dag is not None:  # it runs when its parent says so
        return NullTimetable()
    try:
        authoring = dag.timetable
        authoring.validate()
        return authoring.document
    except (NotBuilt, AirflowException, TimetableNotRegistered):
        raise
    except Exception as error:
        raise AirflowTimetableInvalid(f"Invalid schedule {dag.schedule!r} of DAG {dag.dag_id!r}: {error}") from error


def _task(task: BaseOperator) -> TaskDocument:
    flags = CallbackFlags(
        success=bool(task.on_success_callback),
        failure=bool(task.on_failure_callback) or _mails(task, "on_failure_callback"),
        retry=bool(task.on_retry_callback) or _mails(task, "on_retry_callback"),
        execute=bool(task.on_execute_callback),
        skipped=bool(task.on_skipped_callback),
    )
    is_built_in = isinstance(task.weight_rule, WeightRule)
    return TaskDocument(
        task_id=task.task_id,
        task_type=task.task_type,
        task_module=task.operator_class.__module__,
        operator_name=task.operator_name,
        downstream_task_ids=tuple(sorted(task.downstream_task_ids)),
        trigger_rule=str(task.trigger_rule),
        owner=task.owner,
        retries=_retries(task),
        retry_delay=_seconds(task.retry_delay) or 0.0,
        retry_exponential_backoff=float(task.retry_exponential_backoff),
        max_retry_delay=_seconds(task.max_retry_delay),
        has_retry_policy=task.retry_policy is not None,
        depends_on_past=task.depends_on_past,
        ignore_first_depends_on_past=task.ignore_first_depends_on_past,
        wait_for_past_depends_before_skipping=task.wait_for_past_depends_before_skipping,
        wait_for_downstream=task.wait_for_downstream,
        pool=task.pool,
        pool_slots=task.pool_slots,
        priority_weight=task.priority_weight,
        weight_rule=task.weight_rule.value if is_built_in else WeightRule.ABSOLUTE.value,
        custom_weight=None if is_built_in else custom_weight(task),
        queue=task.queue,
        executor=task.executor,
        isolation=_isolation(task),
        is_async=runs_on_loop(task),
        execution_timeout=_seconds(task.execution_timeout),
        max_active_tis_per_dag=task.max_active_tis_per_dag,
        max_active_tis_per_dagrun=task.max_active_tis_per_dagrun,
        start_date=_us(task.start_date),
        end_date=_us(task.end_date),
        is_setup=task.is_setup,
        is_teardown=task.is_teardown,
        expansion=expansion_of(task.expand_input) if isinstance(task, MappedOperator) else None,
        start_trigger=_start_trigger(task),
        subdag=_subdag(task),
        marker=_marker(task),
        triggers_dag=_other_dag(task, "TriggerDagRunOperator", "trigger_dag_id"),
        waits_for_dag=_other_dag(task, "ExternalTaskSensor", "external_dag_id"),
        on_failure_fail_dagrun=task.on_failure_fail_dagrun,
        callbacks=flags,
        is_empty=_needs_no_worker(task, flags),
        task_group=task.task_group.group_id if task.task_group is not None else None,
        inlets=leaves_of(task.inlets),
        outlets=leaves_of(task.outlets),
        template_fields=tuple(task.template_fields),
        returns_dag_result=bool(task.returns_dag_result),
        extra_links=tuple(sorted((str(link.name), str(link.xcom_key)) for link in extra_links_of(task))),
        ui_color=task.ui_color,
        ui_fgcolor=task.ui_fgcolor,
        doc_md=task.doc_md,
        task_display_name=task.task_display_name if task.task_display_name != task.task_id else None,
    )


def _mails(task: BaseOperator, kind: str) -> bool:
    """A task that does nothing cannot fail."""
    return not task.inherits_from_empty_operator and sends_mail(task, kind)


def _needs_no_worker(task: BaseOperator, flags: CallbackFlags) -> bool:
    """An EmptyOperator nobody listens to is marked successful by the scheduler, as in Airflow."""
    hooks = task._pre_execute_hook is not None or task._post_execute_hook is not None
    marker = _marker(task)
    if marker is not None and "{{" in f"{marker.dag_id}{marker.task_id}{marker.logical_date}":
        return False  # a worker renders it
    return task.inherits_from_empty_operator and not task.outlets and not hooks and flags == CallbackFlags()


def _start_trigger(task: BaseOperator) -> StartTrigger | None:
    """Raises TypeError for arguments that cannot be JSON. Those of a mapped task are known to its worker only."""
    arguments = task.start_trigger_args if task.start_from_trigger else None
    if arguments is None or getattr(task, "is_mapped", False):
        return None
    for name, value in (arguments.trigger_kwargs or {}).items():
        if callable(value):
            raise ValueError(
                f"{task.task_type} with task_id {task.task_id!r} has a callable in trigger kwargs named {name!r}, "
                "which is not allowed when start_from_trigger is enabled."
            )
    return StartTrigger(
        classpath=arguments.trigger_cls,
        kwargs=dumps_ascii(arguments.trigger_kwargs or {}).decode(),
        next_method=arguments.next_method,
        next_kwargs=dumps_ascii(arguments.next_kwargs or {}).decode(),
        timeout=_seconds(arguments.timeout),
    )


def _marker(task: BaseOperator) -> Marker | None:
    """Of an ExternalTaskMarker, this one or the provider package's. A mapped one marks nothing, as in Airflow."""
    if task.task_type != "ExternalTaskMarker" or getattr(task, "is_mapped", False):
        return None
    said: Any = task
    date = None if said.logical_date == SAME_DATE else str(said.logical_date)
    return Marker(
        dag_id=said.external_dag_id,
        task_id=said.external_task_id,
        logical_date=date,
        recursion_depth=said.recursion_depth,
    )


def _other_dag(task: BaseOperator, kind: str, argument: str) -> str | None:
    """The value of ``argument`` of an operator of class ``kind`` (ours, the provider package's, or derived); None where
    it is a template, or comes from another task."""
    said: Any = task
    mapped = isinstance(task, MappedOperator)
    cls: Any = said.operator_class if mapped else type(task)
    if not any(base.__name__ == kind for base in getattr(cls, "__mro__", ())):
        return None
    value = said.partial_kwargs.get(argument) if mapped else getattr(said, argument, None)
    return value if isinstance(value, str) and "{{" not in value else None


def _subdag(task: BaseOperator) -> SubDagDocument | None:
    if not isinstance(task, SubDagOperator):
        return None
    return SubDagDocument(
        dag_id=task.subdag.dag_id,
        conf=task.conf,
        propagate_skipped_state=task.propagate_skipped_state,
        timeout=_seconds(task.timeout),
    )


def _retries(task: BaseOperator) -> int:
    if not isinstance(task.retries, int) or isinstance(task.retries, bool):
        raise TypeError(f"'retries' of task {task.task_id!r} must be an int, not {type(task.retries).__name__}")
    return task.retries


def _isolation(task: BaseOperator) -> str | None:
    value = task.executor_config.get("isolation") if isinstance(task.executor_config, Mapping) else None
    if value not in (None, "fork", "warm"):
        raise ValueError(
            f"executor_config['isolation'] of task {task.task_id!r} must be 'fork' or 'warm', not {value!r}"
        )
    return value


def _groups(group: TaskGroup) -> Iterable[TaskGroupDocument]:
    """Every group below ``group``, parents first."""
    for child in group.children.values():
        if not isinstance(child, TaskGroup):
            continue
        yield TaskGroupDocument(
            group_id=child.node_id,
            parent=group.group_id,
            label=child.label or "",
            tooltip=child.tooltip,
            ui_color=child.ui_color,
            ui_fgcolor=child.ui_fgcolor,
            children=tuple(node.node_id for node in child.children.values()),
            expansion=expansion_of(child.expand_input) if isinstance(child, MappedTaskGroup) else None,
        )
        yield from _groups(child)


def _edge_labels(dag: DAG) -> tuple[tuple[str, str, str], ...]:
    """Labels between tasks (those between groups are kept under the groups' join ids)."""
    return tuple(
        sorted(
            (before, after, str(info["label"]))
            for before, others in dag.edge_info.items()
            for after, info in others.items()
            if info.get("label") is not None
        )
    )


def _earliest(dag: DAG, tasks: list[BaseOperator]) -> int | None:
    if dag.start_date is not None:
        return to_us(dag.start_date)
    starts = [to_us(task.start_date) for task in tasks if task.start_date is not None]
    default = dag.default_args.get("start_date")
    return min(starts) if starts else _us(default)


def _params(dag: DAG) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, param in dag.params.param_items():
        entry: dict[str, Any] = {"schema": jsonable(param.schema), "description": param.description}
        if is_arg_set(param.value):
            entry["value"] = jsonable(param.value)
        found[name] = entry
    return found


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)


def _seconds(duration: timedelta | float | None) -> float | None:
    if duration is None:
        return None
    return duration.total_seconds() if isinstance(duration, timedelta) else float(duration)


def _zone_name(zone: Any) -> str:
    name = getattr(zone, "name", None) or getattr(zone, "key", None) or str(zone)
    return str(name)


def jsonable(value: Any) -> Any:
    """``value`` as JSON can hold it: containers kept, dates and durations as text or seconds, the rest by name."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): jsonable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(one) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted((jsonable(one) for one in value), key=repr)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if callable(value):
        return f"<function {getattr(value, '__qualname__', type(value).__name__)}>"
    return f"<{type(value).__name__}>"
