"""TaskFlow's machinery: a decorated function, and the operator its call makes. Airflow page: core-concepts/taskflow.

Decides task ids, which arguments must be given at call time, and what ``multiple_outputs`` is inferred from.
"""

from __future__ import annotations

import inspect
import re
import textwrap
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from queuack.authoring.call_arguments import determine_kwargs
from queuack.authoring.context import INJECTED_NAMES, KNOWN_CONTEXT_KEYS
from queuack.authoring.dag_stack import DagContext, TaskGroupContext
from queuack.authoring.operator import BaseOperator
from queuack.authoring.trigger_rule import TriggerRule
from queuack.authoring.xcomarg import PlainXComArg, XComArg
from queuack.errors import NotBuilt

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG
    from queuack.authoring.taskgroup import TaskGroup

_EMPTY = inspect.Parameter.empty
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def get_unique_task_id(task_id: str, dag: DAG | None = None, task_group: TaskGroup | None = None) -> str:
    """``task_id``, or with ``__1``, ``__2``, … when the DAG has it already."""
    dag = dag or DagContext.get_current()
    if dag is None:
        return task_id
    group = task_group or TaskGroupContext.get_current(dag)
    full = group.child_id(task_id) if group is not None else task_id
    if full not in dag.task_dict:
        return task_id
    prefix = re.split(r"__\d+$", full)[0]
    return f"{re.split(r'__[0-9]+$', task_id)[0]}__{dag.highest_suffix.get(prefix, 0) + 1}"


class DecoratedOperator(BaseOperator):
    """Base of the operators behind ``@task.*``: ``python_callable`` with ``op_args`` and ``op_kwargs``."""

    template_fields: Collection[str] = ("op_args", "op_kwargs")
    template_fields_renderers: ClassVar[dict[str, str]] = {"op_args": "py", "op_kwargs": "py"}
    shallow_copy_attrs: Sequence[str] = ("python_callable",)
    custom_operator_name = "@task"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        task_id: str,
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        kwargs_to_upstream: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        task_id = get_unique_task_id(task_id, kwargs.get("dag"), kwargs.get("task_group"))
        self.python_callable = python_callable
        self.op_args = op_args or []
        self.op_kwargs = op_kwargs or {}
        check_call(python_callable, self.op_args, self.op_kwargs)
        super().__init__(task_id=task_id, **(kwargs_to_upstream or {}), **kwargs)

    @staticmethod
    def _more_arguments(kwargs: dict[str, Any], defaults: dict[str, Any]) -> None:
        """Parameters of the function may come from default_args too."""
        function = kwargs.get("python_callable")
        if function is None:
            return
        given = dict(kwargs.get("op_kwargs") or {})
        positional = list(inspect.signature(function).parameters)[: len(kwargs.get("op_args") or ())]
        for name in inspect.signature(function).parameters:
            if name not in given and name not in positional and name in defaults:
                given[name] = defaults[name]
        kwargs["op_kwargs"] = given

    def determine_kwargs(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        return determine_kwargs(self.python_callable, self.op_args, context)

    def get_python_source(self) -> str:
        """The function's source without comments and the decorator."""
        lines = textwrap.dedent(inspect.getsource(self.python_callable)).splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith(("def ", "async def ")))
        return "\n".join(line for line in lines[start:] if not line.strip().startswith("#")) + "\n"


class FunctionDecoratedOperator(DecoratedOperator):
    """Base of those beside an operator that takes the function too: ``python_callable`` and arguments go on to it."""

    template_fields: Collection[str] = ("templates_dict", "op_args", "op_kwargs")

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        function = {"python_callable": python_callable, "op_args": op_args, "op_kwargs": op_kwargs}
        super().__init__(kwargs_to_upstream=function, **function, **kwargs)  # type: ignore[arg-type]


def check_call(function: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]) -> None:
    """Raise TypeError when an argument lacks that neither the call nor the context will give."""
    signature = inspect.signature(function)
    for name, parameter in signature.parameters.items():
        if name in KNOWN_CONTEXT_KEYS and parameter.default not in (None, _EMPTY):
            raise ValueError(f"Context key parameter {name} can't have a default other than None")
    needed: set[str] = set()
    parameters: list[inspect.Parameter] = []
    seen_default = False
    for name, parameter in signature.parameters.items():
        from_context = name in KNOWN_CONTEXT_KEYS or name in INJECTED_NAMES
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL) or parameter.default is not _EMPTY:
            seen_default = seen_default or (parameter.kind in _POSITIONAL)
        elif from_context or (seen_default and parameter.kind in _POSITIONAL):
            seen_default = seen_default or parameter.kind in _POSITIONAL
            if not from_context:
                needed.add(name)
            parameter = parameter.replace(default=None)
        parameters.append(parameter)
    bound = signature.replace(parameters=parameters).bind(*args, **kwargs)
    missing = needed - set(bound.arguments)
    if missing:
        raise TypeError(f"missing required argument(s): {', '.join(sorted(missing))}")


class _TaskDecorator:
    """A decorated function. Calling it inside a DAG makes a task and returns an XComArg."""

    _airflow_is_task_decorator: ClassVar[bool] = True
    __wrapped__: Callable[..., Any]

    def __init__(
        self,
        function: Callable[..., Any],
        operator_class: type[BaseOperator],
        multiple_outputs: bool | None = None,
        kwargs: dict[str, Any] | None = None,
        decorator_name: str = "task",
    ) -> None:
        if not callable(function):
            raise TypeError(f"@{decorator_name} decorates functions, got {type(function).__name__}")
        if "self" in inspect.signature(function).parameters:
            raise TypeError(f"@{decorator_name} does not support methods")
        self.function = function
        self.operator_class = operator_class
        self.multiple_outputs = infer_multiple_outputs(function) if multiple_outputs is None else multiple_outputs
        self.kwargs = dict(kwargs or {})
        self.kwargs.setdefault("task_id", getattr(function, "__name__", "task"))
        self.decorator_name = decorator_name
        self.is_setup = False
        self.is_teardown = False
        self.on_failure_fail_dagrun = False
        update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> XComArg:
        given = dict(self.kwargs)
        if self.is_teardown:
            if "trigger_rule" in given:
                raise ValueError("Trigger rule not configurable for teardown tasks.")
            given["trigger_rule"] = TriggerRule.ALL_DONE_SETUP_SUCCESS
        fail_dagrun = given.pop("on_failure_fail_dagrun", self.on_failure_fail_dagrun)
        arguments = {
            "python_callable": self.function,
            "op_args": args,
            "op_kwargs": kwargs,
            "multiple_outputs": self.multiple_outputs,
            **given,
        }
        operator = self.operator_class(**arguments)
        operator.is_setup = self.is_setup
        operator.is_teardown = self.is_teardown
        operator.on_failure_fail_dagrun = fail_dagrun
        documented = (operator.doc, operator.doc_json, operator.doc_md, operator.doc_rst, operator.doc_yaml)
        if self.function.__doc__ and not any(documented):
            operator.doc_md = self.function.__doc__
        return PlainXComArg(operator)

    def override(self, **kwargs: Any) -> _TaskDecorator:
        """The same function with other operator arguments."""
        outputs = kwargs.pop("multiple_outputs", self.multiple_outputs)
        other = type(self)(self.function, self.operator_class, outputs, {**self.kwargs, **kwargs}, self.decorator_name)
        other.is_setup, other.is_teardown = self.is_setup, self.is_teardown
        other.on_failure_fail_dagrun = kwargs.get("on_failure_fail_dagrun", self.on_failure_fail_dagrun)
        return other

    def partial(self, **kwargs: Any) -> NoReturn:
        raise NotBuilt(f"Dynamic task mapping ({self.__name__}.partial) is not built yet.")

    def expand(self, **kwargs: Any) -> NoReturn:
        raise NotBuilt(f"Dynamic task mapping ({self.__name__}.expand) is not built yet.")

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> NoReturn:
        raise NotBuilt(f"Dynamic task mapping ({self.__name__}.expand_kwargs) is not built yet.")

    __name__: str


def infer_multiple_outputs(function: Callable[..., Any]) -> bool:
    """Whether the return annotation is a mapping."""
    annotation = getattr(function, "__annotations__", {}).get("return")
    if annotation is None:
        return False

    def probe() -> None: ...

    probe.__annotations__ = {"return": annotation}
    try:
        returned = typing.get_type_hints(probe, getattr(function, "__globals__", {})).get("return")
    except Exception:  # annotations may name anything, also what exists for type checkers only
        return False
    origin = typing.get_origin(returned) or returned
    return isinstance(origin, type) and issubclass(origin, Mapping)


def task_decorator_factory(
    python_callable: Callable[..., Any] | None = None,
    *,
    multiple_outputs: bool | None = None,
    decorated_operator_class: type[BaseOperator],
    **kwargs: Any,
) -> Any:
    """A decorator that makes tasks of ``decorated_operator_class``; used with and without parentheses.

    Providers call it.
    """
    name = getattr(decorated_operator_class, "custom_operator_name", "@task").lstrip("@")
    if python_callable is not None:
        return _TaskDecorator(python_callable, decorated_operator_class, multiple_outputs, kwargs, name)
    if multiple_outputs is not None and not isinstance(multiple_outputs, bool):
        raise TypeError("No args allowed while using @task, use kwargs instead")
    return partial(_made, decorated_operator_class, multiple_outputs, kwargs, name)


def _made(
    operator_class: type[BaseOperator],
    multiple_outputs: bool | None,
    kwargs: dict[str, Any],
    name: str,
    function: Callable[..., Any],
) -> _TaskDecorator:
    return _TaskDecorator(function, operator_class, multiple_outputs, kwargs, name)
