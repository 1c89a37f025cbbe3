"""``airflow.listeners.hookimpl``: marks listener functions as pluggy's marker does. Nothing calls them yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

__all__ = ["hookimpl"]

F = TypeVar("F", bound=Callable[..., Any])


@overload
def hookimpl(function: F) -> F: ...
@overload
def hookimpl(function: None = None, **options: Any) -> Callable[[F], F]: ...
def hookimpl(function: F | None = None, **options: Any) -> F | Callable[[F], F]:
    """Mark a function as a listener, with or without options."""

    def mark(marked: F) -> F:
        defaults = {"wrapper": False, "hookwrapper": False, "optionalhook": False, "tryfirst": False, "trylast": False}
        marked.airflow_impl = {**defaults, "specname": None, **options}  # type: ignore[attr-defined]
        return marked

    return mark if function is None else mark(function)
