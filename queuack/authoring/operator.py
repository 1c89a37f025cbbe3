"""BaseOperator: one task of a DAG and all its settings. Decides defaults and checks them; runs nothing by itself.

Airflow pages: core-concepts/operators, core-concepts/tasks.
"""

from __future__ import annotations

import copy
import functools
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from queuack import config
from queuack.authoring import timezone
from queuack.authoring.exceptions import TaskDeferralError, TaskDeferralTimeout, TaskDeferred
from queuack.authoring.node import DAGNode, DependencyMixin, validate_key
from queuack.authoring.operator_arguments import (
    as_float_or_bool,
    as_list,
    as_retries,
    as_timedelta,
    as_trigger_rule,
    as_weight_rule,
    check_types,
    reject_or_warn,
)
from queuack.authoring.operator_meta import BaseOperatorMeta
from queuack.authoring.params import ParamsDict
from queuack.authoring.setup_teardown import SetupTeardownContext
from queuack.authoring.templating import Templater
from queuack.authoring.trigger import TRIGGER_FAIL_REPR, StartTriggerArgs, TriggerFailureReason
from queuack.authoring.trigger_rule import TriggerRule
from queuack.authoring.weight import clamp_priority
from queuack.authoring.xcomarg import PlainXComArg, XComArg

if TYPE_CHECKING:
    from queuack.authoring.context import Context
    from queuack.authoring.dag import DAG
    from queuack.authoring.partial import OperatorPartial
    from queuack.authoring.taskgroup import TaskGroup


class _Partial:
    """``partial`` of an operator class; tasks have none."""

    def __get__(self, task: BaseOperator | None, kind: type[BaseOperator]) -> Callable[..., OperatorPartial]:
        if task is not None:
            return _no_partial
        from queuack.authoring.partial import partial  # start-up time: few DAG files map; it stands above operators

        return functools.partial(partial, kind)


def _no_partial(**_: Any) -> NoReturn:
    raise TypeError("partial can only be called on Operator classes, not Tasks themselves")


class BaseOperator(DAGNode, Templater, metaclass=BaseOperatorMeta):
    """Base of all operators: subclasses define ``__init__`` and ``execute``.

    Durations are timedeltas or seconds. Arguments that nobody knows raise TypeError; old ones (``provide_context``,
    ``sla``, ``task_concurrency``, …) are taken with a warning.
    """

    partial = _Partial()
    """``Operator.partial(task_id=…, …).expand(…)``: the arguments that all instances share."""
    template_fields: Collection[str] = ()
    template_ext: Sequence[str] = ()
    template_fields_renderers: ClassVar[dict[str, str]] = {}
    ui_color: str = "#fff"
    ui_fgcolor: str = "#000"
    operator_extra_links: Collection[Any] = ()
    shallow_copy_attrs: Sequence[str] = ()
    start_from_trigger: bool = False
    start_trigger_args: StartTriggerArgs | None = None
    """With ``start_from_trigger``: the trigger that the task begins with, without a worker."""
    overwrite_rtif_after_execution: bool = False
    """Its template fields are recorded once more at its end: it sets some of them itself."""
    is_setup: bool = False
    is_teardown: bool = False
    is_mapped: bool = False
    _on_failure_fail_dagrun: bool = False
    returns_dag_result: bool = False
    """Whether what it returns is the result of the DAG: ``@result``."""
    _is_empty: bool = False
    _is_sensor: bool = False
    _can_skip_downstream: bool = False
    _instantiated: bool = False
    _lock_for_execution: bool = False
    _from_mapped: bool = False
    """Made for one instance of a mapped task."""
    _init_kwargs: dict[str, Any]

    def __init__(
        self,
        *,
        task_id: str,
        owner: str | None = None,
        email: str | Sequence[str] | None = None,
        email_on_retry: bool = True,
        email_on_failure: bool = True,
        retries: int | None = None,
        retry_delay: timedelta | float | None = None,
        retry_exponential_backoff: float | bool = 0,
        max_retry_delay: timedelta | float | None = None,
        retry_policy: Any = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        depends_on_past: bool = False,
        ignore_first_depends_on_past: bool = False,
        wait_for_past_depends_before_skipping: bool = False,
        wait_for_downstream: bool = False,
        dag: DAG | None = None,
        params: Mapping[str, Any] | None = None,
        default_args: dict[str, Any] | None = None,
        priority_weight: int = 1,
        weight_rule: Any = None,
        queue: str | None = None,
        pool: str | None = None,
        pool_slots: int = 1,
        execution_timeout: timedelta | None = None,
        on_execute_callback: Any = None,
        on_failure_callback: Any = None,
        on_success_callback: Any = None,
        on_retry_callback: Any = None,
        on_skipped_callback: Any = None,
        pre_execute: Any = None,
        post_execute: Any = None,
        trigger_rule: str = TriggerRule.ALL_SUCCESS,
        resources: dict[str, Any] | None = None,
        run_as_user: str | None = None,
        map_index_template: str | None = None,
        max_active_tis_per_dag: int | None = None,
        max_active_tis_per_dagrun: int | None = None,
        executor: str | None = None,
        executor_config: dict[str, Any] | None = None,
        do_xcom_push: bool = True,
        multiple_outputs: bool = False,
        inlets: Any = None,
        outlets: Any = None,
        task_group: TaskGroup | None = None,
        doc: str | None = None,
        doc_md: str | None = None,
        doc_json: str | None = None,
        doc_yaml: str | None = None,
        doc_rst: str | None = None,
        task_display_name: str | None = None,
        logger_name: str | None = None,
        allow_nested_operators: bool = True,
        render_template_as_native_obj: bool | None = None,
        **kwargs: Any,
    ) -> None:
        old = reject_or_warn(type(self).__name__, task_id, kwargs)
        if "task_concurrency" in old and max_active_tis_per_dag is None:
            max_active_tis_per_dag = old["task_concurrency"]
        if not isinstance(task_id, str):
            validate_key(task_id)
        self._dag = None
        self.upstream_task_ids = set()
        self.downstream_task_ids = set()
        self.task_group = None
        prefixed = task_group is not None and not self._from_mapped
        self.task_id = task_group.child_id(task_id) if prefixed and task_group is not None else task_id
        validate_key(self.task_id)
        self._set_plain(locals())
        self.retries = as_retries(retries)
        self.retry_delay = as_timedelta(retry_delay, config.get_int("core", "default_task_retry_delay"))
        self.retry_exponential_backoff = as_float_or_bool(retry_exponential_backoff)
        self.max_retry_delay = None if max_retry_delay is None else as_timedelta(max_retry_delay)
        self.start_date: datetime | None = timezone.convert_to_utc(start_date)
        self.end_date: datetime | None = timezone.convert_to_utc(end_date)
        self.owner = owner if owner is not None else config.get_str("operators", "default_owner")
        self.queue = queue if queue is not None else config.get_str("operators", "default_queue")
        self.pool = pool if pool is not None else "default_pool"
        self.pool_slots = self._check_pool_slots(pool_slots, dag)
        self.execution_timeout = self._check_execution_timeout(execution_timeout)
        self.trigger_rule = as_trigger_rule(trigger_rule, dag.dag_id if dag is not None else "", task_id)
        self.weight_rule = as_weight_rule(weight_rule, task_id)
        self.depends_on_past = depends_on_past or wait_for_downstream
        self.params: Any = params if isinstance(params, ParamsDict) else ParamsDict(params)
        self.on_execute_callback = as_list(on_execute_callback)
        self.on_failure_callback = as_list(on_failure_callback)
        self.on_success_callback = as_list(on_success_callback)
        self.on_retry_callback = as_list(on_retry_callback)
        self.on_skipped_callback = as_list(on_skipped_callback)
        self.inlets = as_list(inlets)
        self.outlets = as_list(outlets)
        self.executor_config = executor_config or {}
        self._pre_execute_hook = pre_execute
        self._post_execute_hook = post_execute
        self._task_display_name = task_display_name
        self._logger_name = logger_name
        if isinstance(self.template_fields, str):
            warnings.warn(
                f"The `template_fields` value for {self.task_type} is a string "
                "but should be a list or tuple of string.",
                UserWarning,
                stacklevel=3,
            )
            self.template_fields = [self.template_fields]
        check_types(self)
        self.priority_weight = clamp_priority(priority_weight)
        self._join_graph(dag, task_group)

    def _set_plain(self, given: dict[str, Any]) -> None:
        """Arguments that are kept as they come."""
        for name in _PLAIN:
            setattr(self, name, given[name])

    email: str | Sequence[str] | None
    email_on_retry: bool
    email_on_failure: bool
    retry_policy: Any
    ignore_first_depends_on_past: bool
    wait_for_past_depends_before_skipping: bool
    wait_for_downstream: bool
    default_args: dict[str, Any] | None
    resources: dict[str, Any] | None
    run_as_user: str | None
    map_index_template: str | None
    max_active_tis_per_dag: int | None
    max_active_tis_per_dagrun: int | None
    executor: str | None
    do_xcom_push: bool
    multiple_outputs: bool
    doc: str | None
    doc_md: str | None
    doc_json: str | None
    doc_yaml: str | None
    doc_rst: str | None
    allow_nested_operators: bool
    render_template_as_native_obj: bool | None

    def _check_pool_slots(self, pool_slots: int, dag: DAG | None) -> int:
        if isinstance(pool_slots, int) and pool_slots < 1:
            where = f" in dag {dag.dag_id}" if dag is not None else ""
            raise ValueError(f"pool slots for {self.task_id}{where} cannot be less than 1")
        return pool_slots

    @staticmethod
    def _check_execution_timeout(value: timedelta | None) -> timedelta | None:
        if value is None:
            seconds = config.get("core", "default_task_execution_timeout")
            return timedelta(seconds=float(seconds)) if seconds else None
        if not isinstance(value, timedelta):
            raise ValueError(f"execution_timeout must be timedelta object but passed as type: {type(value)}")
        return value

    def _join_graph(self, dag: DAG | None, group: TaskGroup | None) -> None:
        if self._from_mapped:  # the mapped task has the place in the DAG
            self._dag, self.task_group = dag, group
            return
        if dag is not None:
            dag.check_new_task(self)
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
        """Raises RuntimeError when the operator is in none."""
        if self._dag is None:
            raise RuntimeError(f"Operator {self} has not been assigned to a Dag yet")
        return self._dag

    @dag.setter
    def dag(self, dag: DAG | None) -> None:
        if dag is None:
            self._dag = None
            return
        if self._dag is not None and self._dag is not dag:
            raise ValueError(f"The dag assigned to {self} can not be changed.")
        self._dag = dag
        if dag.task_dict.get(self.task_id) is not self:
            dag.add_task(self)

    @property
    def dag_id(self) -> str:
        return self._dag.dag_id if self._dag is not None else f"adhoc_{self.owner}"

    @property
    def task_type(self) -> str:
        return type(self).__name__

    @property
    def operator_name(self) -> str:
        """What the UI shows: ``custom_operator_name`` or the class name."""
        return getattr(self, "custom_operator_name", None) or self.task_type

    @property
    def operator_class(self) -> type[BaseOperator]:
        return type(self)

    @property
    def task_display_name(self) -> str:
        return self._task_display_name or self.task_id

    @property
    def is_async(self) -> bool:
        return False

    @classmethod
    def is_async_with(cls, arguments: Mapping[str, Any]) -> bool:
        """Whether an instance made with these arguments is async."""
        return False

    @property
    def inherits_from_empty_operator(self) -> bool:
        return self._is_empty

    @property
    def inherits_from_skipmixin(self) -> bool:
        return self._can_skip_downstream

    @property
    def roots(self) -> list[BaseOperator]:
        return [self]

    @property
    def leaves(self) -> list[BaseOperator]:
        return [self]

    @property
    def output(self) -> XComArg:
        """A reference to what this task returns."""
        return PlainXComArg(self)

    def __repr__(self) -> str:
        return f"<Task({self.task_type}): {self.task_id}>"

    def __lt__(self, other: Any) -> bool:
        return bool(self.task_id < other.task_id)

    # ── dependencies ─────────────────────────────────────────────────────────────────────────────
    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if self._instantiated and not self._lock_for_execution and name in self.template_fields:
            XComArg.apply_upstream_relationship(self, value)

    def _link_xcomargs(self) -> None:
        """Put this task after those its template fields refer to. Called once, when construction is over."""
        for name in self.template_fields:
            if hasattr(self, name):
                XComArg.apply_upstream_relationship(self, getattr(self, name))
        self._instantiated = True

    def add_inlets(self, inlets: Collection[Any]) -> None:
        self.inlets.extend(inlets)

    def add_outlets(self, outlets: Collection[Any]) -> None:
        self.outlets.extend(outlets)

    @property
    def on_failure_fail_dagrun(self) -> bool:
        return self._on_failure_fail_dagrun

    @on_failure_fail_dagrun.setter
    def on_failure_fail_dagrun(self, value: bool) -> None:
        if value is True and not self.is_teardown:
            raise ValueError(
                f"Cannot set task on_failure_fail_dagrun for '{self.task_id}' because it is not a teardown task."
            )
        self._on_failure_fail_dagrun = value

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

    def __enter__(self) -> type[SetupTeardownContext]:
        return SetupTeardownContext.push(self)

    def __exit__(self, *_: object) -> None:
        SetupTeardownContext.pop()

    # ── execution ────────────────────────────────────────────────────────────────────────────────
    def prepare_for_execution(self) -> Self:
        """A copy to run: rendering it, or changing its plain containers, leaves this one as it was."""
        other = copy.copy(self)
        values = other.__dict__
        for name, value in values.items():
            if type(value) in (dict, list) and name not in ("_init_kwargs", "default_args"):
                values[name] = value.copy()
        values["_lock_for_execution"] = True
        return other

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Replace every template field by its rendered value, in place."""
        if self.template_ext:
            self.resolve_template_files()
        else:
            self.prepare_template()
        self._do_render_template_fields(self, self.template_fields, context, jinja_env, set())

    def pre_execute(self, context: Any) -> None:
        """Runs right before ``execute``."""

    def execute(self, context: Context) -> Any:
        """The work; the return value becomes the XCom ``return_value``."""
        raise NotImplementedError(f"{self.task_type} does not define execute(context)")

    def post_execute(self, context: Any, result: Any = None) -> None:
        """Runs right after ``execute``."""

    def on_kill(self) -> None:
        """Ends what the task started outside its process, when it is killed."""

    def defer(
        self,
        *,
        trigger: Any,
        method_name: str | None,
        kwargs: dict[str, Any] | None = None,
        timeout: timedelta | int | float | None = None,
    ) -> NoReturn:
        """Give the worker back until ``trigger`` fires; then go on in the method ``method_name`` of this operator.

        It is called with the context, ``event`` (what the trigger fired with) and ``kwargs``, which must be JSON-able.
        None for a trigger that ends the task itself (``TaskSuccessEvent`` and its like). Longer than ``timeout``
        (seconds or timedelta; default: no limit) raises TaskDeferralTimeout in the task. Airflow page:
        authoring-and-scheduling/deferring.
        """
        raise TaskDeferred(trigger=trigger, method_name=method_name, kwargs=kwargs, timeout=timeout)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after a deferral. Raises TaskDeferralTimeout or TaskDeferralError when the trigger failed."""
        arguments = next_kwargs or {}
        if next_method == TRIGGER_FAIL_REPR:
            if traceback := arguments.get("traceback"):
                self.log.error("Trigger failed:\n%s", "\n".join(traceback))
            error = arguments.get("error", "Unknown")
            if error == TriggerFailureReason.TRIGGER_TIMEOUT:
                raise TaskDeferralTimeout(error)
            raise TaskDeferralError(error)
        return getattr(self, next_method)(context, **arguments)

    def dry_run(self) -> None:
        """Log the template fields."""
        for name in self.template_fields:
            self.log.info("Rendering template for %s\n%s", name, getattr(self, name))

    @staticmethod
    def xcom_push(context: Any, key: str, value: Any, execution_date: Any = None) -> None:
        """2.x spelling of ``ti.xcom_push``."""
        context["ti"].xcom_push(key=key, value=value)

    @staticmethod
    def xcom_pull(
        context: Any, task_ids: Any = None, dag_id: str | None = None, key: str = "return_value", **kwargs: Any
    ) -> Any:
        """2.x spelling of ``ti.xcom_pull``."""
        return context["ti"].xcom_pull(key=key, task_ids=task_ids, dag_id=dag_id, **kwargs)


_PLAIN = (
    "email",
    "email_on_retry",
    "email_on_failure",
    "retry_policy",
    "ignore_first_depends_on_past",
    "wait_for_past_depends_before_skipping",
    "wait_for_downstream",
    "default_args",
    "resources",
    "run_as_user",
    "map_index_template",
    "max_active_tis_per_dag",
    "max_active_tis_per_dagrun",
    "executor",
    "do_xcom_push",
    "multiple_outputs",
    "doc",
    "doc_md",
    "doc_json",
    "doc_yaml",
    "doc_rst",
    "allow_nested_operators",
    "render_template_as_native_obj",
)
