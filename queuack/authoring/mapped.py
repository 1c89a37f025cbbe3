"""MappedOperator: a task that becomes as many as there is to map over. Stands in the DAG where an operator would.

Decides what is known of the task before it is expanded (all from ``partial``), and how one instance's operator is made
when it runs. Airflow page: authoring-and-scheduling/dynamic-task-mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from queuack import config
from queuack.authoring.expand_input import ExpandInput, prevent_duplicates
from queuack.authoring.map_indexes import mapped_groups
from queuack.authoring.node import DAGNode, DependencyMixin
from queuack.authoring.operator import BaseOperator
from queuack.authoring.operator_arguments import (
    as_float_or_bool,
    as_list,
    as_retries,
    as_timedelta,
    as_trigger_rule,
    as_weight_rule,
)
from queuack.authoring.setup_teardown import SetupTeardownContext
from queuack.authoring.templating import Templater
from queuack.authoring.trigger_rule import TriggerRule
from queuack.authoring.weight import clamp_priority
from queuack.authoring.xcomarg import PlainXComArg, XComArg

if TYPE_CHECKING:
    from datetime import datetime

    from queuack.authoring.context import Context
    from queuack.authoring.dag import DAG
    from queuack.authoring.taskgroup import TaskGroup

T = TypeVar("T")


class _Given(Generic[T]):
    """An operator argument that ``partial`` was given, or its default; can be set."""

    def __init__(self, default: Callable[[], Any], read: Callable[[Any], T] = lambda value: value) -> None:
        self._default, self._read = default, read

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, task: None, owner: type) -> Self: ...

    @overload
    def __get__(self, task: MappedOperator, owner: type) -> T: ...

    def __get__(self, task: MappedOperator | None, owner: type) -> T | Self:
        if task is None:
            return self
        value = task.partial_kwargs.get(self._name)
        return self._read(self._default() if value is None else value)

    def __set__(self, task: MappedOperator, value: T) -> None:
        task.partial_kwargs[self._name] = value


class MappedOperator(DAGNode, Templater):
    """What ``Operator.partial(…).expand(…)`` gives. ``output`` refers to the results of all its instances.

    Raises NotImplementedError in a mapped task group, as Airflow does.
    """

    returns_dag_result: bool = False

    is_mapped = True
    _is_sensor = False
    _instantiated = True

    owner = _Given[str](lambda: config.get_str("operators", "default_owner"))
    email = _Given[Any](lambda: None)
    email_on_retry = _Given[bool](lambda: True)
    email_on_failure = _Given[bool](lambda: True)
    retries = _Given[int](lambda: None, as_retries)
    retry_delay = _Given[timedelta](lambda: config.get_int("core", "default_task_retry_delay"), as_timedelta)
    retry_exponential_backoff = _Given[float](lambda: 0, as_float_or_bool)
    max_retry_delay = _Given[Any](lambda: None, lambda value: None if value is None else as_timedelta(value))
    retry_policy = _Given[Any](lambda: None)
    ignore_first_depends_on_past = _Given[bool](lambda: False, bool)
    wait_for_past_depends_before_skipping = _Given[bool](lambda: False, bool)
    wait_for_downstream = _Given[bool](lambda: False, bool)
    priority_weight = _Given[int](lambda: 1, clamp_priority)
    queue = _Given[str](lambda: config.get_str("operators", "default_queue"))
    pool = _Given[str](lambda: "default_pool")
    pool_slots = _Given[int](lambda: 1)
    execution_timeout = _Given[Any](lambda: None, BaseOperator._check_execution_timeout)
    on_execute_callback = _Given[list[Any]](list, as_list)
    on_failure_callback = _Given[list[Any]](list, as_list)
    on_success_callback = _Given[list[Any]](list, as_list)
    on_retry_callback = _Given[list[Any]](list, as_list)
    on_skipped_callback = _Given[list[Any]](list, as_list)
    resources = _Given[Any](lambda: None)
    run_as_user = _Given[Any](lambda: None)
    map_index_template = _Given[Any](lambda: None)
    max_active_tis_per_dag = _Given[Any](lambda: None)
    max_active_tis_per_dagrun = _Given[Any](lambda: None)
    executor = _Given[Any](lambda: None)
    executor_config = _Given[dict[str, Any]](dict)
    do_xcom_push = _Given[bool](lambda: True)
    inlets = _Given[list[Any]](list, as_list)
    outlets = _Given[list[Any]](list, as_list)
    doc = _Given[Any](lambda: None)
    doc_md = _Given[Any](lambda: None)
    doc_json = _Given[Any](lambda: None)
    doc_yaml = _Given[Any](lambda: None)
    doc_rst = _Given[Any](lambda: None)
    allow_nested_operators = _Given[bool](lambda: True)
    logger_name = _Given[Any](lambda: None)
    is_setup = _Given[bool](lambda: False, bool)
    is_teardown = _Given[bool](lambda: False, bool)
    _pre_execute_hook = None
    _post_execute_hook = None

    def __init__(
        self,
        *,
        operator_class: type[BaseOperator],
        expand_input: ExpandInput,
        partial_kwargs: dict[str, Any],
        task_id: str,
        params: Any,
        dag: DAG | None,
        task_group: TaskGroup | None,
        start_date: datetime | None,
        end_date: datetime | None,
        strict: bool,
    ) -> None:
        self._dag = None
        self.upstream_task_ids = set()
        self.downstream_task_ids = set()
        self.task_group = task_group
        if next(mapped_groups(self), None) is not None:
            raise NotImplementedError("operator expansion in an expanded task group is not yet supported")
        self.task_group = None
        self.operator_class = operator_class
        self.expand_input = expand_input
        self.partial_kwargs = partial_kwargs
        self.task_id = task_id
        self.params = params
        self.start_date = start_date
        self.end_date = end_date
        self._strict = strict
        self._take_over(operator_class)
        self._check(dag)
        self._join_graph(dag, task_group)
        XComArg.apply_upstream_relationship(self, expand_input)
        for name, value in partial_kwargs.items():
            if name in self.template_fields:
                XComArg.apply_upstream_relationship(self, value)

    def _take_over(self, kind: type[BaseOperator]) -> None:
        """What the class says of all its tasks."""
        self.template_fields: Collection[str] = kind.template_fields
        self.template_ext: Sequence[str] = kind.template_ext
        self.template_fields_renderers = kind.template_fields_renderers
        self.ui_color = kind.ui_color
        self.ui_fgcolor = kind.ui_fgcolor
        self.operator_extra_links = kind.operator_extra_links
        self.task_type = kind.__name__
        self.task_module = kind.__module__
        self.operator_name: str = getattr(kind, "custom_operator_name", None) or kind.__name__
        self._is_sensor = kind._is_sensor
        self._can_skip_downstream = kind._can_skip_downstream
        given = self.partial_kwargs
        self.start_from_trigger = given.get("start_from_trigger", kind.start_from_trigger)
        self.start_trigger_args = given.get("start_trigger_args", kind.start_trigger_args)

    def _check(self, dag: DAG | None) -> None:
        """Raise for arguments of ``partial`` that no instance could have."""
        for name, kind in vars(MappedOperator).items():
            if isinstance(kind, _Given):
                getattr(self, name)
        as_trigger_rule(self.trigger_rule, dag.dag_id if dag is not None else "", self.task_id)
        if isinstance(self.pool_slots, int) and self.pool_slots < 1:
            where = f" in dag {dag.dag_id}" if dag is not None else ""
            raise ValueError(f"pool slots for {self.task_id}{where} cannot be less than 1")

    def _join_graph(self, dag: DAG | None, group: TaskGroup | None) -> None:
        if dag is not None:
            dag.check_new_task(self)  # type: ignore[arg-type]
        if group is not None:
            group.add(self)
        if SetupTeardownContext.is_active():
            SetupTeardownContext.add_task(self)
        if dag is not None:
            self.dag = dag

    # ── identity ─────────────────────────────────────────────────────────────────────────────────
    @property
    def node_id(self) -> str:
        return self.task_id

    @property
    def dag(self) -> DAG:
        """Raises RuntimeError when the task is in none."""
        if self._dag is None:
            raise RuntimeError(f"Operator {self} has not been assigned to a Dag yet")
        return self._dag

    @dag.setter
    def dag(self, dag: DAG | None) -> None:
        if dag is not None and self._dag is not None and self._dag is not dag:
            raise ValueError(f"The dag assigned to {self} can not be changed.")
        self._dag = dag
        if dag is not None and dag.task_dict.get(self.task_id) is not self:  # type: ignore[comparison-overlap]
            dag.add_task(self)  # type: ignore[arg-type]

    @property
    def dag_id(self) -> str:
        return self._dag.dag_id if self._dag is not None else f"adhoc_{self.owner}"

    @property
    def task_display_name(self) -> str:
        return self.partial_kwargs.get("task_display_name") or self.task_id

    @property
    def trigger_rule(self) -> Any:
        value = self.partial_kwargs.get("trigger_rule") or TriggerRule.ALL_SUCCESS
        return TriggerRule(value) if value in list(TriggerRule) else value

    @trigger_rule.setter
    def trigger_rule(self, value: Any) -> None:
        self.partial_kwargs["trigger_rule"] = value

    @property
    def weight_rule(self) -> Any:
        return as_weight_rule(self.partial_kwargs.get("weight_rule"), self.task_id)

    @weight_rule.setter
    def weight_rule(self, value: Any) -> None:
        self.partial_kwargs["weight_rule"] = value

    @property
    def depends_on_past(self) -> bool:
        return bool(self.partial_kwargs.get("depends_on_past")) or self.wait_for_downstream

    @depends_on_past.setter
    def depends_on_past(self, value: bool) -> None:
        self.partial_kwargs["depends_on_past"] = value

    @property
    def render_template_as_native_obj(self) -> bool | None:  # type: ignore[override]
        return self.partial_kwargs.get("render_template_as_native_obj")

    @property
    def multiple_outputs(self) -> bool:
        return bool(self.partial_kwargs.get("multiple_outputs"))

    @property
    def default_args(self) -> dict[str, Any]:
        return dict(self.partial_kwargs.get("default_args") or {})

    @property
    def on_failure_fail_dagrun(self) -> bool:
        return bool(self.partial_kwargs.get("on_failure_fail_dagrun"))

    @on_failure_fail_dagrun.setter
    def on_failure_fail_dagrun(self, value: bool) -> None:
        if value is True and not self.is_teardown:
            raise ValueError(
                f"Cannot set task on_failure_fail_dagrun for '{self.task_id}' because it is not a teardown task."
            )
        self.partial_kwargs["on_failure_fail_dagrun"] = value

    @property
    def inherits_from_empty_operator(self) -> bool:
        return self.operator_class._is_empty

    @property
    def inherits_from_skipmixin(self) -> bool:
        return self._can_skip_downstream

    @property
    def is_async(self) -> bool:
        return self.operator_class.is_async_with(self.partial_kwargs)

    @property
    def roots(self) -> list[Any]:
        return [self]

    @property
    def leaves(self) -> list[Any]:
        return [self]

    @property
    def output(self) -> XComArg:
        """A reference to what all instances return."""
        return PlainXComArg(self)  # type: ignore[arg-type]

    def iter_mapped_dependencies(self) -> Iterator[BaseOperator]:
        """The tasks whose results it is mapped over."""
        return (operator for operator, _ in self.expand_input.iter_references())

    def as_setup(self) -> Self:
        self.is_setup = True
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: bool | None = None) -> Self:
        """Make this a teardown, of ``setups`` if given."""
        self.is_teardown = True
        self.trigger_rule = TriggerRule.ALL_DONE_SETUP_SUCCESS
        if on_failure_fail_dagrun is not None:
            self.on_failure_fail_dagrun = on_failure_fail_dagrun
        before: list[Any] = [setups] if isinstance(setups, DependencyMixin) else list(setups or ())
        for setup in before:
            setup.is_setup = True
            setup >> self
        return self

    def add_inlets(self, inlets: Collection[Any]) -> None:
        self.inlets = [*self.inlets, *inlets]

    def add_outlets(self, outlets: Collection[Any]) -> None:
        self.outlets = [*self.outlets, *outlets]

    def __enter__(self) -> type[SetupTeardownContext]:
        return SetupTeardownContext.push(self)  # type: ignore[arg-type]

    def __exit__(self, *_: object) -> None:
        SetupTeardownContext.pop()

    def __repr__(self) -> str:
        return f"<Mapped({self.task_type}): {self.task_id}>"

    def __lt__(self, other: Any) -> bool:
        return bool(self.task_id < other.task_id)

    # ── one instance ─────────────────────────────────────────────────────────────────────────────
    def mapped_kwargs(self, context: Mapping[str, Any]) -> tuple[Mapping[str, Any], set[int]]:
        """The operator arguments of the running instance; see ``ExpandInput.resolve``."""
        return self.expand_input.resolve(context)

    def unmap_kwargs(self, mapped: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
        """All arguments of the operator for what ``mapped_kwargs`` gave. ``strict``: TypeError for one given twice."""
        if strict:
            prevent_duplicates(self.partial_kwargs, mapped, fail_reason="unmappable or already specified")
        params = self.params.copied()
        params.update(mapped.get("params") or {})
        return {**self.partial_kwargs, **mapped, "params": params}

    def unmap(self, resolve: Mapping[str, Any]) -> BaseOperator:
        """The operator of one instance; it takes this task's place in the DAG without joining it."""
        kwargs = self.unmap_kwargs(resolve, strict=self._strict)
        marks = {name: kwargs.pop(name, False) for name in ("is_setup", "is_teardown", "on_failure_fail_dagrun")}
        place = {"dag": self._dag, "task_group": self.task_group}
        dates = {"start_date": self.start_date, "end_date": self.end_date}
        task = self.operator_class(**{**place, **dates, **kwargs, "task_id": self.task_id}, _airflow_from_mapped=True)
        for name, value in marks.items():
            setattr(task, name, value)
        task.upstream_task_ids, task.downstream_task_ids = self.upstream_task_ids, self.downstream_task_ids
        return task

    def prepare_for_execution(self) -> Self:
        """Itself: what runs is the operator that ``render_template_fields`` makes."""
        return self

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Make the operator of the running instance, put it into the context, and render its template fields there.

        What came from XComs is not rendered.
        """
        mapped, resolved = self.mapped_kwargs(context)
        task = self.unmap(mapped)
        task._lock_for_execution = True
        context.replace_task(task)
        task.prepare_template()
        task._do_render_template_fields(task, task.template_fields, context, jinja_env, resolved)
