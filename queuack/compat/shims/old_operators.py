"""What 1.10 and 2.x offered operators and is of no effect today: ``apply_defaults``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["apply_defaults"]

F = TypeVar("F", bound=Callable[..., Any])


def apply_defaults(func: F) -> F:
    """Returns ``func``: ``default_args`` apply to every operator without a decorator since 2.1."""
    return func
