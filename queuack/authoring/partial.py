"""``Operator.partial(…)``: the arguments all instances share, until ``expand`` says what differs.

Decides which arguments there are and which may be mapped over, when the file is read.
Airflow page: authoring-and-scheduling/dynamic-task-mapping.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from queuack.authoring import timezone
from queuack.authoring.dag_stack import DagContext, TaskGroupContext
from queuack.authoring.expand_input import (
    DictOfListsExpandInput,
    ExpandInput,
    ListOfDictsExpandInput,
    check_kwargs_list,
    check_return_keys,
    is_mappable,
    prevent_duplicates,
)
from queuack.authoring.mapped import MappedOperator
from queuack.authoring.operator import BaseOperator
from queuack.authoring.operator_meta import merged_defaults
from queuack.authoring.types import NOTSET, is_arg_set

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG
    from queuack.authoring.taskgroup import TaskGroup

_OWN_PLACE = frozenset({"task_id", "dag", "task_group", "params", "default_args", "start_date", "end_date"})
"""Arguments that a mapped task keeps beside the others."""


class OperatorPartial:
    """What ``partial`` gives: call ``expand`` or ``expand_kwargs`` on it. Warns when nobody does."""

    def __init__(self, operator_class: type[BaseOperator], kwargs: dict[str, Any], params: Any) -> None:
        self._expand_called = False
        self.operator_class = operator_class
        self.kwargs = kwargs
        self.params = params

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.kwargs.items())
        return f"{self.operator_class.__name__}.partial({arguments})"

    def __del__(self) -> None:
        if not self._expand_called:
            warnings.warn(f"Task {self.kwargs.get('task_id')!r} was never mapped!", UserWarning, stacklevel=1)

    def expand(self, **mapped_kwargs: Any) -> MappedOperator:
        """One instance for each combination of the elements. Raises TypeError, ValueError for what cannot be mapped."""
        if not mapped_kwargs:
            raise TypeError("no arguments to expand against")
        check_arguments(self.operator_class, "expand", mapped_kwargs)
        prevent_duplicates(self.kwargs, mapped_kwargs, fail_reason="unmappable or already specified")
        return self._expand(DictOfListsExpandInput(mapped_kwargs), strict=False)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> MappedOperator:
        """One instance for each dict of arguments. ``strict``: an argument given to ``partial`` too fails the task."""
        check_kwargs_list(kwargs)
        return self._expand(ListOfDictsExpandInput(kwargs), strict=strict)

    def _expand(self, expand_input: ExpandInput, *, strict: bool) -> MappedOperator:
        self._expand_called = True
        check_return_keys(expand_input.value)
        kwargs = dict(self.kwargs)
        return MappedOperator(
            operator_class=self.operator_class,
            expand_input=expand_input,
            task_id=kwargs.pop("task_id"),
            dag=kwargs.pop("dag"),
            task_group=kwargs.pop("task_group"),
            start_date=kwargs.pop("start_date", None),
            end_date=kwargs.pop("end_date", None),
            partial_kwargs=kwargs,
            params=self.params,
            strict=strict,
        )


def partial(
    operator_class: type[BaseOperator],
    *,
    task_id: str,
    dag: DAG | None = None,
    task_group: TaskGroup | None = None,
    params: Any = None,
    **kwargs: Any,
) -> OperatorPartial:
    """The shared arguments of a mapped task; default_args fill in what every operator takes.

    Raises TypeError for an argument that the operator does not have.
    """
    check_arguments(operator_class, "partial", kwargs)
    if "task_concurrency" in kwargs:
        raise TypeError("unexpected argument: task_concurrency")
    dag = dag or DagContext.get_current()
    if dag is not None:
        task_group = task_group or TaskGroupContext.get_current(dag)
    if task_group is not None:
        task_id = task_group.child_id(task_id)
    own = kwargs.pop("default_args", None)
    defaults, merged = merged_defaults(dag, task_group, params, own)
    arguments = {"task_id": task_id, "dag": dag, "task_group": task_group, **kwargs}
    arguments.update(operator_arguments(defaults, arguments))
    arguments.update(class_defaults(operator_class, arguments))
    if own is not None:
        arguments["default_args"] = own
    for name in ("start_date", "end_date"):
        if arguments.get(name) is not None:
            arguments[name] = timezone.convert_to_utc(arguments[name])
    return OperatorPartial(operator_class, arguments, merged)


def operator_arguments(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of default_args that every operator takes and nobody gave."""
    known = argument_names(BaseOperator) - (_OWN_PLACE - {"start_date", "end_date"})
    return {name: value for name, value in defaults.items() if name in known and name not in given}


def class_defaults(operator_class: type[BaseOperator], given: Mapping[str, Any]) -> dict[str, Any]:
    """Operator arguments for which a class on the way to ``operator_class`` has a default of its own."""
    base = argument_names(BaseOperator) - _OWN_PLACE
    found: dict[str, Any] = {}
    kinds = operator_class.__mro__
    for kind in reversed(kinds[: kinds.index(BaseOperator)]):
        init = vars(kind).get("__init__")
        if init is not None:
            found.update({name: value for name, value in own_defaults(init).items() if name in base})
    return {name: value for name, value in found.items() if name not in given and value is not None}


def own_defaults(init: Any) -> dict[str, Any]:
    """Argument → default of an ``__init__``."""
    parameters = inspect.signature(init).parameters.values()
    return {one.name: one.default for one in parameters if one.default is not inspect.Parameter.empty}


def argument_names(kind: type[BaseOperator]) -> frozenset[str]:
    """What the ``__init__`` that ``kind`` itself defines takes by name."""
    names: frozenset[str] = getattr(vars(kind).get("__init__"), "_argument_names", frozenset())
    return names


def check_arguments(operator_class: type[BaseOperator], what: str, kwargs: Mapping[str, Any]) -> None:
    """Raise TypeError for arguments that the operator does not have, ValueError for what cannot be mapped over."""
    unknown = dict(kwargs)
    for kind in operator_class.__mro__:
        if not isinstance(kind, type(BaseOperator)):
            continue
        for name in argument_names(kind):
            value = unknown.pop(name, NOTSET)
            if what == "expand" and is_arg_set(value) and not is_mappable(value):
                raise ValueError(
                    f"{operator_class.__name__}.expand() got an unexpected type {type(value).__name__!r} "
                    f"for keyword argument {name}"
                )
        if not unknown:
            return
    if len(unknown) == 1:
        error = f"an unexpected keyword argument {next(iter(unknown))!r}"
    else:
        error = f"unexpected keyword arguments {', '.join(map(repr, unknown))}"
    raise TypeError(f"{operator_class.__name__}.{what}() got {error}")
