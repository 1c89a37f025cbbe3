"""Which arguments a user's function is called with: its own, and what it asks of the context by name.

Airflow: ``determine_kwargs``, ``KeywordParameters``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from itertools import islice
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from queuack.authoring.context import INJECTED_NAMES, Context

_EMPTY = inspect.Parameter.empty
_known: WeakKeyDictionary[FunctionType, Mapping[str, inspect.Parameter]] = WeakKeyDictionary()


def determine_kwargs(func: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of ``kwargs`` (usually a context) that ``func`` takes besides the positional ``args``.

    All of it with ``**kwargs``, else what it names; ``context``, ``ctx`` and old context keys when it names them.
    Raises ValueError when a positional argument has the name of a context key.
    """
    parameters = _parameters(func)
    if not parameters:
        return {}
    for name, parameter in islice(parameters.items(), len(args)):
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD):
            continue
        if name in kwargs and name not in INJECTED_NAMES:
            raise ValueError(f"The key {name!r} in args is a part of kwargs and therefore reserved.")
    positional = set(islice(parameters, len(args)))
    found = {
        name: kwargs[name]
        for name, parameter in parameters.items()
        if name in kwargs and name not in positional and _wanted(name, parameter, kwargs)
    }
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        everything = kwargs.as_kwargs() if isinstance(kwargs, Context) else dict(kwargs)
        return {**everything, **found}
    return found


def _parameters(func: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Those of its signature; read once of a plain function, which a task calls again and again."""
    if type(func) is not FunctionType:
        return inspect.signature(func).parameters
    known = _known.get(func)
    if known is None:
        known = _known[func] = inspect.signature(func).parameters
    return known


def _wanted(name: str, parameter: inspect.Parameter, kwargs: Mapping[str, Any]) -> bool:
    if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
        return False
    unlisted = name in INJECTED_NAMES and not (isinstance(kwargs, dict) and dict.__contains__(kwargs, name))
    return not unlisted or parameter.default is _EMPTY or parameter.default is None


class KeywordParameters:
    """Airflow's spelling of ``determine_kwargs``."""

    def __init__(self, kwargs: Mapping[str, Any]) -> None:
        self._kwargs = kwargs

    @classmethod
    def determine(cls, func: Callable[..., Any], args: Collection[Any], kwargs: Mapping[str, Any]) -> KeywordParameters:
        return cls(determine_kwargs(func, args, kwargs))

    def unpacking(self) -> Mapping[str, Any]:
        return self._kwargs


def make_kwargs_callable(func: Callable[..., Any]) -> Callable[..., Any]:
    """``func`` taking any keywords and using those it names."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **determine_kwargs(func, args, kwargs))

    return call
