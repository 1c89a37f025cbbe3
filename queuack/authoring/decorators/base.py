"""TaskFlow's machinery: a decorated function, and the operator its call makes. Airflow page: core-concepts/taskflow.

Decides task ids, which arguments must be given at call time, and what ``multiple_outputs`` is inferred from.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial, update_wrapper
from typing import Any, ClassVar

from queuack.authoring.call_arguments import determine_kwargs
from queuack.authoring.context import INJECTED_NAMES, KNOWN_CONTEXT_KEYS
from queuack.authoring.decorated_ids import get_unique_task_id
from queuack.authoring.decorators.source import function_source
from queuack.authoring.expand_input import (
    DictOfListsExpandInput,
    ExpandInput,
    ListOfDictsExpandInput,
    check_function_arguments,
    check_kwargs_list,
    check_return_keys,
    prevent_duplicates,
)
from queuack.authoring.mapped_decorated import DecoratedMappedOperator
from queuack.authoring.operator import BaseOperator
from queuack.authoring.trigger_rule import TriggerRule
from queuack.authoring.xcomarg import PlainXComArg, XComArg

_EMPTY = inspect.Parameter.empty
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


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
        if not self._from_mapped:
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
        """The function's source without the decorators that make it a task."""
        return function_source(self.python_callable)


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
    returns_dag_result: bool = False
    """Set by ``@result``."""
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
        operator.returns_dag_result = self.returns_dag_result
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
        other.returns_dag_result = self.returns_dag_result
        other.on_failure_fail_dagrun = kwargs.get("on_failure_fail_dagrun", self.on_failure_fail_dagrun)
        return other

    # ── mapping ──────────────────────────────────────────────────────────────────────────────────
    def partial(self, **kwargs: Any) -> _TaskDecorator:
        """The same function with arguments that all instances share."""
        self._check_names("partial", kwargs)
        given = self.kwargs.get("op_kwargs", {})
        prevent_duplicates(given, kwargs, fail_reason="duplicate partial")
        return self.override(op_kwargs={**kwargs, **given})

    def expand(self, **map_kwargs: Any) -> XComArg:
        """A task with an instance for each combination of the elements."""
        if self.kwargs.get("trigger_rule") == TriggerRule.ALWAYS and any(map(_is_reference, map_kwargs.values())):
            raise ValueError(
                "Task-generated mapping within a task using 'expand' is not allowed with trigger rule 'always'."
            )
        if not map_kwargs:
            raise TypeError("no arguments to expand against")
        self._check_names("expand", map_kwargs)
        prevent_duplicates(self.kwargs, map_kwargs, fail_reason="mapping already partial")
        return self._expand(DictOfListsExpandInput(map_kwargs), strict=False)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> XComArg:
        """A task with an instance for each dict of arguments."""
        if self.kwargs.get("trigger_rule") == TriggerRule.ALWAYS and not isinstance(kwargs, XComArg):
            values = [value for one in kwargs if isinstance(one, Mapping) for value in one.values()]
            if any(map(_is_reference, values)):
                raise ValueError(
                    "Task-generated mapping within a task using 'expand_kwargs' is not allowed with trigger rule "
                    "'always'."
                )
        check_kwargs_list(kwargs)
        return self._expand(ListOfDictsExpandInput(kwargs), strict=strict)

    def _check_names(self, what: str, kwargs: Mapping[str, Any]) -> None:
        shadowed = sorted(KNOWN_CONTEXT_KEYS.intersection(kwargs))
        if shadowed:
            names = ", ".join(map(repr, shadowed))
            raise ValueError(f"cannot call {what}() on task context variable{'s' if len(shadowed) > 1 else ''} {names}")
        check_function_arguments(self.function, what, kwargs)

    def _expand(self, expand_input: ExpandInput, *, strict: bool) -> XComArg:
        check_return_keys(expand_input.value)
        given = dict(self.kwargs)
        given.setdefault("op_args", [])
        given.setdefault("op_kwargs", {})
        if self.is_teardown:
            if "trigger_rule" in given:
                raise ValueError("Trigger rule not configurable for teardown tasks.")
            given["trigger_rule"] = TriggerRule.ALL_DONE_SETUP_SUCCESS
        given.setdefault("on_failure_fail_dagrun", self.on_failure_fail_dagrun)
        given.update(is_setup=self.is_setup, is_teardown=self.is_teardown)
        operator = DecoratedMappedOperator.of_function(
            self.function,
            self.operator_class,
            given,
            expand_input,
            multiple_outputs=self.multiple_outputs,
            strict=strict,
        )
        operator.returns_dag_result = self.returns_dag_result
        return operator.output

    __name__: str


def _is_reference(value: Any) -> bool:
    return isinstance(value, XComArg)


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
