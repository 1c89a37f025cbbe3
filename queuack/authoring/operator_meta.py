"""How an operator's constructor is called: which DAG and group it joins, which arguments come from ``default_args``.

Airflow page: core-concepts/dags, "Default Arguments".
"""

from __future__ import annotations

import functools
import inspect
from abc import ABCMeta
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from queuack.authoring.dag_stack import DagContext, TaskGroupContext
from queuack.authoring.params import ParamsDict

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG
    from queuack.authoring.taskgroup import TaskGroup

VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def merged_defaults(
    dag: DAG | None, group: TaskGroup | None, params: Mapping[str, Any] | None, own: Mapping[str, Any] | None
) -> tuple[dict[str, Any], ParamsDict]:
    """default_args and params of DAG, group and task; the nearest wins. Raises TypeError for what is no mapping."""
    arguments: dict[str, Any] = {}
    merged = ParamsDict()
    if dag is not None:
        arguments.update(dag.default_args)
        if dag.params:
            merged.update(dag.params.copied())
        if group is not None:
            arguments.update(_mapping(group.default_args, "default_args"))
    if params:
        merged.update(ParamsDict(_mapping(params, "params")))
    if own:
        arguments.update(_mapping(own, "default_args"))
    if arguments.get("params"):
        for key, value in ParamsDict(arguments["params"]).param_items():
            if key not in (params or {}):
                merged[key] = value
    return arguments, merged


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a mapping, got {type(value)}")
    return value


def apply_defaults(init: Callable[..., None]) -> Callable[..., None]:
    """Wrap an ``__init__``: keyword arguments only; what is not given comes from default_args."""
    signature = inspect.signature(init)
    names = [
        name for name, parameter in signature.parameters.items() if name != "self" and parameter.kind not in VARIADIC
    ]
    required = {
        name for name in names if signature.parameters[name].default is inspect.Parameter.empty and name != "task_id"
    }

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if args:
            raise TypeError("Use keyword arguments when initializing operators")
        outermost = "_init_kwargs" not in self.__dict__
        defaults = _join(self, kwargs) if outermost else kwargs.pop("default_args", None) or {}
        for name in names:
            if name not in kwargs and name in defaults and name != "params":
                kwargs[name] = defaults[name]
        missing = required.difference(kwargs)
        if missing:
            plural = "s" if len(missing) > 1 else ""
            raise TypeError(f"missing keyword argument{plural} {', '.join(map(repr, sorted(missing)))}")
        init(self, **kwargs, default_args=defaults)
        if outermost:
            self._init_kwargs.update(kwargs)
            if not self._from_mapped:
                self._link_xcomargs()

    wrapper.__dict__["_is_apply_defaults"] = True
    wrapper.__dict__["_argument_names"] = frozenset(names)
    return wrapper


def _join(operator: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """First step of construction: find DAG and group, merge defaults; returns the merged default_args."""
    object.__setattr__(operator, "_init_kwargs", {})
    object.__setattr__(operator, "_from_mapped", kwargs.pop("_airflow_from_mapped", False))
    dag: DAG | None = kwargs.get("dag")
    if dag is None:
        dag = DagContext.get_current()
        if dag is not None:
            kwargs["dag"] = dag
    group: TaskGroup | None = kwargs.get("task_group")
    if group is not None and dag is None:
        dag = kwargs["dag"] = group.dag
    if dag is not None and group is None:
        group = kwargs["task_group"] = TaskGroupContext.get_current(dag)
    defaults, params = merged_defaults(dag, group, kwargs.pop("params", None), kwargs.pop("default_args", None))
    if params:
        kwargs["params"] = params
    hook = getattr(operator, "_more_arguments", None)
    if hook is not None:
        hook(kwargs, defaults)
    return defaults


class BaseOperatorMeta(ABCMeta):
    """Metaclass of operators: wraps the ``__init__`` that a class defines."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any) -> BaseOperatorMeta:
        init = namespace.get("__init__")
        if init is not None and not getattr(init, "_is_apply_defaults", False):
            namespace["__init__"] = apply_defaults(init)
        return super().__new__(mcs, name, bases, namespace, **kwargs)
