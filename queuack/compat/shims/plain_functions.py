"""``airflow.utils.helpers``: functions on lists, dicts and names that operators and DAG files borrow."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable
from functools import reduce
from itertools import filterfalse, tee
from typing import Any, TypeVar

from queuack.authoring.node import validate_group_key, validate_key

__all__ = [
    "as_flattened_list",
    "at_most_one",
    "chunks",
    "convert_camel_to_snake",
    "exactly_one",
    "is_container",
    "merge_dicts",
    "partition",
    "prune_dict",
    "reduce_in_chunks",
    "validate_group_key",
    "validate_key",
]

T = TypeVar("T")
S = TypeVar("S")


def is_container(obj: Any) -> bool:
    """Whether it can be iterated over and is no text."""
    return hasattr(obj, "__iter__") and not isinstance(obj, str)


def chunks(items: list[T], chunk_size: int) -> Generator[list[T], None, None]:
    """Pieces of a list. Raises ValueError when ``chunk_size`` is not positive."""
    if chunk_size <= 0:
        raise ValueError(f"chunk_size must be positive, not {chunk_size}")
    for start in range(0, len(items), chunk_size):
        yield items[start : start + chunk_size]


def reduce_in_chunks(fn: Callable[[S, list[T]], S], iterable: list[T], initializer: S, chunk_size: int = 0) -> S:
    """Fold a list piece by piece; ``chunk_size`` 0 folds it whole."""
    if not iterable:
        return initializer
    return reduce(fn, chunks(iterable, chunk_size or len(iterable)), initializer)


def as_flattened_list(iterable: Iterable[Iterable[T]]) -> list[T]:
    """One list out of several, one level deep."""
    return [item for inner in iterable for item in inner]


def convert_camel_to_snake(camel_str: str) -> str:
    """``CamelCase`` as ``camel_case``."""
    return re.sub(r"(?!^)([A-Z]+)", r"_\1", camel_str).lower()


def merge_dicts(dict1: dict[Any, Any], dict2: dict[Any, Any]) -> dict[Any, Any]:
    """``dict2`` over ``dict1``, dicts inside merged likewise; neither is changed."""
    merged = dict(dict1)
    for key, value in dict2.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge_dicts(merged[key], value) if both else value
    return merged


def partition(pred: Callable[[T], bool], iterable: Iterable[T]) -> tuple[Iterable[T], Iterable[T]]:
    """What does not satisfy ``pred``, and what does."""
    refused, taken = tee(iterable)
    return filterfalse(pred, refused), filter(pred, taken)


def exactly_one(*args: Any) -> bool:
    """Whether one of some values is true, and only one. Raises ValueError for a single list."""
    if len(args) == 1 and isinstance(args[0], (list, tuple)):
        raise ValueError("exactly_one takes values, not a list of them: unpack it with *")
    return sum(map(bool, args)) == 1


def at_most_one(*args: Any) -> bool:
    """Whether at most one of some values is true; a value that was not given counts as false."""
    return sum(bool(arg) for arg in args) <= 1


def prune_dict(val: Any, mode: str = "strict") -> Any:
    """Dicts and lists without None (``strict``) or without anything empty (``truthy``), at every depth."""
    if mode not in ("strict", "truthy"):
        raise ValueError(f"mode {mode!r} is not strict or truthy")

    def is_empty(value: Any) -> bool:
        return value is None if mode == "strict" else not value

    if isinstance(val, dict):
        pruned = {key: _pruned(value, mode) for key, value in val.items() if not is_empty(value)}
        return {key: value for key, value in pruned.items() if not _emptied(val[key], value, mode)}
    if isinstance(val, list):
        inner = [(value, _pruned(value, mode)) for value in val if not is_empty(value)]
        return [value for before, value in inner if not _emptied(before, value, mode)]
    return val


def _pruned(value: Any, mode: str) -> Any:
    return prune_dict(value, mode) if isinstance(value, (dict, list)) else value


def _emptied(before: Any, after: Any, mode: str) -> bool:
    """Whether pruning left nothing of a container (dropped, unless it was empty to begin with and mode is strict)."""
    return isinstance(before, (dict, list)) and not after and (mode == "truthy" or bool(before))
