"""DAG: tasks, their order, and when they run. Decides defaults and checks them; schedules nothing.

Airflow page: core-concepts/dags.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from queuack import config
from queuack.authoring import timezone as tz
from queuack.authoring.dag_arguments import (
    as_run_types,
    as_schedule,
    as_tags,
    check_owner_links,
    markdown,
    reject_or_warn,
)
from queuack.authoring.dag_stack import DagContext
from queuack.authoring.deadline import as_alerts
from queuack.authoring.exceptions import (
    DuplicateTaskIdFound,
    FailFastDagInvalidTriggerRule,
    ParamValidationError,
    TaskNotFound,
)
from queuack.authoring.graph import check_cycle, sorted_tasks
from queuack.authoring.node import validate_key
from queuack.authoring.params import DagParam, ParamsDict
from queuack.authoring.subdags import subdags_of
from queuack.authoring.taskgroup import TaskGroup
from queuack.authoring.templating import create_template_env
from queuack.authoring.trigger_rule import TriggerRule
from queuack.authoring.types import NOTSET
from queuack.errors import NotBuilt

if TYPE_CHECKING:
    import jinja2

    from queuack.authoring.operator import BaseOperator

Callbacks = Any
"""A function of the context, a list of them, or None."""


class DAG:
    """A DAG. ``schedule``: cron text, preset, timedelta, relativedelta, timetable, assets or None (only by hand).

    A naive ``start_date`` is in the default timezone; an aware one gives the DAG its timezone. Raises ValueError for a
    schedule, key, tag or param that is not valid.
    """

    def __init__(
        self,
        dag_id: str,
        description: str | None = None,
        schedule: Any = NOTSET,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        template_searchpath: str | Iterable[str] | None = None,
        template_undefined: Any = None,
        user_defined_macros: dict[str, Any] | None = None,
        user_defined_filters: dict[str, Any] | None = None,
        default_args: Mapping[str, Any] | None = None,
        max_active_tasks: int | None = None,
        max_active_runs: int | None = None,
        max_consecutive_failed_dag_runs: int | None = None,
        dagrun_timeout: timedelta | None = None,
        sla_miss_callback: Any = None,
        catchup: bool | None = None,
        on_success_callback: Callbacks = None,
        on_failure_callback: Callbacks = None,
        doc_md: str | None = None,
        params: Mapping[str, Any] | None = None,
        access_control: dict[str, Any] | None = None,
        is_paused_upon_creation: bool | None = None,
        jinja_environment_kwargs: dict[str, Any] | None = None,
        render_template_as_native_obj: bool = False,
        tags: Collection[str] | None = None,
        owner_links: dict[str, str] | None = None,
        auto_register: bool = True,
        fail_fast: bool = False,
        dag_display_name: str | None = None,
        deadline: Any = None,
        allowed_run_types: Any = None,
        disable_bundle_versioning: bool = False,
        rerun_with_latest_version: bool | None = None,
        **kwargs: Any,
    ) -> None:
        validate_key(dag_id)
        old = reject_or_warn(kwargs, sla_miss_callback)
        if max_active_tasks is None:
            max_active_tasks = old.get("concurrency")
        self.dag_id = dag_id
        self.description = _checked(description, str, "description")
        self.dag_display_name = dag_display_name or dag_id
        self._set_dates(start_date, end_date, default_args)
        self.schedule = as_schedule(schedule, old)
        self.max_active_tasks = self._limit(max_active_tasks, "max_active_tasks")
        self.max_active_runs = self._limit(max_active_runs, "max_active_runs")
        self.max_consecutive_failed_dag_runs = self._limit(
            max_consecutive_failed_dag_runs, "max_consecutive_failed_dag_runs"
        )
        self.dagrun_timeout = _checked(dagrun_timeout, timedelta, "dagrun_timeout")
        self.catchup = config.get_boolean("scheduler", "catchup_by_default") if catchup is None else bool(catchup)
        self.on_success_callback = on_success_callback
        self.on_failure_callback = on_failure_callback
        self.sla_miss_callback = sla_miss_callback
        self.doc_md = markdown(doc_md)
        self.params = self._merged_params(params)
        self.access_control = access_control
        self.is_paused_upon_creation = is_paused_upon_creation
        self.template_searchpath = _as_paths(template_searchpath)
        self.template_undefined = template_undefined
        self.user_defined_macros = user_defined_macros
        self.user_defined_filters = user_defined_filters
        self.jinja_environment_kwargs = jinja_environment_kwargs
        self.render_template_as_native_obj = bool(render_template_as_native_obj)
        self.tags = as_tags(tags)
        self.owner_links = check_owner_links(owner_links)
        self.auto_register = bool(auto_register)
        self.fail_fast = bool(fail_fast) or bool(old.get("fail_stop"))
        self.deadline = as_alerts(deadline, dag_id)
        self.allowed_run_types = as_run_types(allowed_run_types)
        self.disable_bundle_versioning = disable_bundle_versioning
        self.rerun_with_latest_version = rerun_with_latest_version
        self.fileloc = _caller_file()
        self.relative_fileloc: str | None = None
        self.partial = False
        self.parent_dag: DAG | None = None
        """Of a SubDAG, once its file is loaded: the DAG whose task runs it."""
        self.task_dict: dict[str, BaseOperator] = {}
        self.highest_suffix: dict[str, int] = {}
        """``name`` → the largest N among tasks called ``name__N``."""
        self.edge_info: dict[str, dict[str, dict[str, Any]]] = {}
        self.last_loaded = None
        self._environments: dict[bool, jinja2.Environment] = {}
        self._timetable: Any = None
        self.task_group = TaskGroup.create_root(self)
        self._check_schedule()

    def _set_dates(self, start: Any, end: Any, default_args: Mapping[str, Any] | None) -> None:
        if default_args is not None and not isinstance(default_args, Mapping):
            raise TypeError(f"default_args must be a dict, got {type(default_args)}")
        self.default_args: dict[str, Any] = dict(default_args or {})
        first = start or self.default_args.get("start_date")
        parsed = tz.parse(first) if isinstance(first, str) else first
        zone = getattr(parsed, "tzinfo", None)
        self.timezone: tzinfo = _named_zone(zone) if zone is not None else tz.default_timezone()
        for name in ("start_date", "end_date"):
            if self.default_args.get(name) is not None:
                self.default_args[name] = self._instant(self.default_args[name])
        self.start_date: datetime | None = self._instant(start)
        self.end_date: datetime | None = self._instant(end)

    def _instant(self, value: Any) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, str):
            value = tz.parse(value, timezone=self.timezone)
        if not isinstance(value, datetime):
            raise TypeError(f"DAG {self.dag_id!r}: a date must be a datetime, got {type(value).__name__} ({value!r})")
        return tz.convert_to_utc(value)

    @staticmethod
    def _limit(value: Any, name: str) -> int:
        if value is None:
            return config.get_int("core", f"{name}_per_dag")
        if not isinstance(value, int):
            raise TypeError(f"'{name}' must be <class 'int'> (got {value!r} that is a {type(value)}).")
        return value

    def _merged_params(self, params: Mapping[str, Any] | None) -> ParamsDict:
        """``default_args["params"]`` below ``params``."""
        merged = ParamsDict(self.default_args.pop("params", None))
        merged.update(ParamsDict(params))
        return merged

    def _check_schedule(self) -> None:
        if self.schedule is None:
            return
        try:
            self.params.validate()
        except ParamValidationError as error:
            raise ValueError(
                f"Dag {self.dag_id!r} is not allowed to define a Schedule, as there are required params without "
                "default values, or the default values are not valid."
            ) from error
        if self.catchup and self.start_date is None and "start_date" not in self.default_args:
            raise ValueError("start_date is required when catchup=True")
        if self.schedule == "@continuous" and self.max_active_runs > 1:
            raise ValueError("Invalid max_active_runs: ContinuousTimetable requires max_active_runs <= 1")

    # ── schedule ─────────────────────────────────────────────────────────────────────────────────
    @property
    def timetable(self) -> Any:
        """The authoring timetable of ``schedule``; ``.document`` is its data. Raises AirflowTimetableInvalid."""
        if self._timetable is None:
            from queuack.authoring.timetables import timetable_for  # start-up time: many DAGs are never scheduled here

            self._timetable = timetable_for(self.schedule, self.timezone)
        return self._timetable

    @property
    def schedule_interval(self) -> Any:
        """2.x spelling of ``schedule``."""
        return self.schedule

    # ── tasks ────────────────────────────────────────────────────────────────────────────────────
    @property
    def tasks(self) -> list[BaseOperator]:
        return list(self.task_dict.values())

    @property
    def task_ids(self) -> list[str]:
        return list(self.task_dict)

    @property
    def task_count(self) -> int:
        return len(self.task_dict)

    @property
    def teardowns(self) -> list[BaseOperator]:
        return [task for task in self.tasks if task.is_teardown]

    @property
    def roots(self) -> list[BaseOperator]:
        """Tasks without upstream."""
        return [task for task in self.tasks if not task.upstream_task_ids]

    @property
    def leaves(self) -> list[BaseOperator]:
        """Tasks without downstream."""
        return [task for task in self.tasks if not task.downstream_task_ids]

    @property
    def is_subdag(self) -> bool:
        return self.parent_dag is not None

    @property
    def root_dag(self) -> DAG:
        """The DAG at the top; of any other than a SubDAG, itself."""
        return self if self.parent_dag is None else self.parent_dag.root_dag

    @property
    def subdags(self) -> list[DAG]:
        """The DAGs that its tasks run, to any depth."""
        return subdags_of(self)

    @property
    def task_group_dict(self) -> dict[str | None, TaskGroup]:
        return {k: v for k, v in self.task_group.get_task_group_dict().items() if k is not None}

    @property
    def owner(self) -> str:
        return ", ".join(sorted({task.owner for task in self.tasks}))

    @property
    def folder(self) -> str:
        """The folder of the DAG's file (of the zip, for a file in one)."""
        return os.path.dirname(self.fileloc)

    @property
    def filepath(self) -> str:
        return self.relative_fileloc or self.fileloc

    @property
    def has_on_success_callback(self) -> bool:
        return self.on_success_callback is not None

    @property
    def has_on_failure_callback(self) -> bool:
        return self.on_failure_callback is not None

    def has_task(self, task_id: str) -> bool:
        return task_id in self.task_dict

    def has_task_group(self, group_id: str) -> bool:
        return group_id in self.task_group_dict

    def get_task(self, task_id: str, include_subdags: bool = False) -> BaseOperator:
        """Raises TaskNotFound."""
        dags: list[DAG] = [self, *self.subdags] if include_subdags else [self]
        for dag in dags:
            if task_id in dag.task_dict:
                return dag.task_dict[task_id]
        raise TaskNotFound(f"Task {task_id} not found")

    def check_new_task(self, task: BaseOperator) -> None:
        """Raise DuplicateTaskIdFound when another task or a group has its id."""
        other = self.task_dict.get(task.task_id)
        if (other is not None and other is not task) or task.task_id in self.task_group.used_group_ids:
            raise DuplicateTaskIdFound(f"Task id '{task.task_id}' has already been added to the DAG")

    def add_task(self, task: BaseOperator) -> None:
        """Take ``task`` in. Raises DuplicateTaskIdFound, FailFastDagInvalidTriggerRule."""
        FailFastDagInvalidTriggerRule.check(fail_fast=self.fail_fast, trigger_rule=task.trigger_rule)
        self.check_new_task(task)
        if self.task_dict.get(task.task_id) is task:
            return
        if task.start_date is None or (self.start_date is not None and task.start_date < self.start_date):
            task.start_date = self.start_date
        if task.end_date is None or (self.end_date is not None and task.end_date > self.end_date):
            task.end_date = self.end_date
        if task.task_group is None:
            self.task_group.add(task)
        self.task_dict[task.task_id] = task
        prefix, mark, number = task.task_id.rpartition("__")
        if mark and number.isdecimal():
            self.highest_suffix[prefix] = max(int(number), self.highest_suffix.get(prefix, 0))
        task.dag = self

    def add_tasks(self, tasks: Iterable[BaseOperator]) -> None:
        for task in tasks:
            self.add_task(task)

    def set_dependency(self, upstream_task_id: str, downstream_task_id: str) -> None:
        self.get_task(upstream_task_id).set_downstream(self.get_task(downstream_task_id))

    def get_edge_info(self, upstream_task_id: str, downstream_task_id: str) -> dict[str, Any]:
        return self.edge_info.get(upstream_task_id, {}).get(downstream_task_id, {})

    def set_edge_info(self, upstream_task_id: str, downstream_task_id: str, info: dict[str, Any]) -> None:
        self.edge_info.setdefault(upstream_task_id, {})[downstream_task_id] = info

    def topological_sort(self) -> tuple[BaseOperator, ...]:
        """Tasks such that each comes after what it depends on. Raises AirflowDagCycleException."""
        return tuple(sorted_tasks(self.task_group))

    def check_cycle(self) -> None:
        check_cycle(self)

    def validate(self) -> None:
        """What can only be judged when the file is done. Raises ValueError, AirflowDagCycleException."""
        check_cycle(self)
        check_owner_links(self.owner_links)
        for task in self.tasks:
            for after in task.downstream_list if task.is_setup else ():
                if not after.is_teardown and after.trigger_rule != TriggerRule.ALL_SUCCESS:
                    raise ValueError("Setup tasks must be followed with trigger rule ALL_SUCCESS.")

    # ── templates ────────────────────────────────────────────────────────────────────────────────
    def get_template_env(self, *, force_sandboxed: bool = False) -> jinja2.Environment:
        return self.template_environment(self.render_template_as_native_obj and not force_sandboxed)

    def template_environment(self, native: bool) -> jinja2.Environment:
        """The environment of this DAG's templates, made once for each kind."""
        env = self._environments.get(native)
        if env is None:
            env = self._environments[native] = create_template_env(
                native=native,
                searchpath=[self.folder, *self.template_searchpath],
                template_undefined=self.template_undefined,
                jinja_environment_kwargs=self.jinja_environment_kwargs,
                user_defined_macros=self.user_defined_macros,
                user_defined_filters=self.user_defined_filters,
            )
        return env

    def resolve_template_files(self) -> None:
        for task in self.tasks:
            task.resolve_template_files()

    # ── use ──────────────────────────────────────────────────────────────────────────────────────
    def param(self, name: str, default: Any = NOTSET) -> DagParam:
        """A reference to a param's value in the run."""
        return DagParam(self, name, default)

    def test(self, *args: Any, **kwargs: Any) -> Any:
        """Run the DAG in this process, live, without a daemon; what ``queuack dags test`` does."""
        return run_test(self, *args, **kwargs)

    def cli(self) -> None:
        """The command line of this DAG. Not built: ``queuack dags test FILE`` does it."""
        raise NotBuilt("dag.cli() is not built; use `queuack dags test FILE` or dag.test().")

    def partial_subset(self, *args: Any, **kwargs: Any) -> DAG:
        raise NotBuilt("DAG.partial_subset is not built yet.")

    def __enter__(self) -> Self:
        DagContext.push(self)
        return self

    def __exit__(self, *_: object) -> None:
        DagContext.pop()

    def __repr__(self) -> str:
        return f"<DAG: {self.dag_id}>"

    def __lt__(self, other: DAG) -> bool:
        return self.dag_id < other.dag_id


def run_test(dag: DAG, *args: Any, **kwargs: Any) -> Any:
    """What ``dag.test()`` does.

    ``queuack.testing.test_dag``, which stands above authoring and is found when asked for.
    """
    return import_module("queuack.testing").test_dag(dag, *args, **kwargs)


def _checked(value: Any, kind: type, name: str) -> Any:
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"'{name}' must be {kind} (got {value!r} that is a {type(value)}).")
    return value


def _as_paths(value: str | Iterable[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _named_zone(zone: tzinfo) -> tzinfo:
    """Airflow keeps pendulum zones; fixed offsets and zoneinfo become theirs."""
    import pendulum  # start-up time is paid by the datetime that got here

    return pendulum.instance(datetime(2000, 1, 1, tzinfo=zone)).timezone or zone


_PACKAGE = str(Path(__file__).parent.parent)


def _caller_file() -> str:
    """The file that calls ``DAG(...)``; loading a DAG file sets it again."""
    frame: Any = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE + os.sep):
        frame = frame.f_back
    return str(frame.f_code.co_filename)
