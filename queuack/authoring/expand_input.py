"""What ``expand()`` and ``expand_kwargs()`` were given, and which part of it one instance gets.

Decides what can be mapped over, checked when the file is read, and how a map index becomes one element of each input.
Airflow page: authoring-and-scheduling/dynamic-task-mapping.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Sized
from math import prod
from typing import TYPE_CHECKING, Any

from queuack.authoring.map_indexes import mapped_groups
from queuack.authoring.mapped_values import element
from queuack.authoring.xcomarg import XCOM_RETURN_KEY, Reference, XComArg

if TYPE_CHECKING:
    from queuack.authoring.operator import BaseOperator

Resolved = tuple[Mapping[str, Any], set[int]]
"""Argument → value for one instance, and the ``id`` of those values that came at run time: no templates in them."""


class ExpandInput(Reference):
    """Base of the two forms."""

    value: Any

    def literal_length(self) -> int | None:
        """How many instances; None when that is known only at run time."""
        raise NotImplementedError(type(self).__name__)

    def length(self, context: Mapping[str, Any]) -> int:
        """How many instances, in a running task."""
        raise NotImplementedError(type(self).__name__)

    def at(self, context: Mapping[str, Any], index: int) -> Resolved:
        """The arguments of instance ``index``."""
        raise NotImplementedError(type(self).__name__)

    def resolve(self, context: Mapping[str, Any]) -> Resolved:
        """The arguments of the running instance. Raises RuntimeError in a task that is not mapped."""
        return self.at(context, _map_index(context))


def _map_index(context: Mapping[str, Any]) -> int:
    index: int | None = context["ti"].map_index
    if index is None or index < 0:
        raise RuntimeError("can't resolve task-mapping argument without expanding")
    return index


class DictOfListsExpandInput(ExpandInput):
    """``expand(a=…, b=…)``: every combination, the last argument changing fastest."""

    EXPAND_INPUT_TYPE = "dict-of-lists"

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DictOfListsExpandInput) and self.value == other.value

    __hash__ = None  # type: ignore[assignment]

    def iter_references(self) -> Iterator[tuple[BaseOperator, str]]:
        for value in self.value.values():
            if isinstance(value, XComArg):
                yield from value.iter_references()

    def literal_length(self) -> int | None:
        if any(needs_run(value) for value in self.value.values()):
            return None
        return prod(len(value) for value in self.value.values())

    def length(self, context: Mapping[str, Any]) -> int:
        return prod(len(_resolved(value, context)) for value in self.value.values())

    def at(self, context: Mapping[str, Any], index: int) -> Resolved:
        found: dict[str, Any] = {}
        first = next(iter(self.value))
        for name in reversed(self.value):
            value = _resolved(self.value[name], context)
            if name == first:
                found[name] = element(value, index)
                continue
            length = len(value)
            if length < 1:
                raise RuntimeError(f"cannot expand field mapped to length {length!r}")
            found[name] = element(value, index % length)
            index //= length
        ordered = {name: found[name] for name in self.value}
        return ordered, {id(value) for name, value in ordered.items() if needs_run(self.value[name])}


class ListOfDictsExpandInput(ExpandInput):
    """``expand_kwargs([{…}, {…}])``: one instance for each dict."""

    EXPAND_INPUT_TYPE = "list-of-dicts"

    def __init__(self, value: Any) -> None:
        self.value = value

    def iter_references(self) -> Iterator[tuple[BaseOperator, str]]:
        for value in [self.value] if isinstance(self.value, XComArg) else self.value:
            if isinstance(value, XComArg):
                yield from value.iter_references()

    def literal_length(self) -> int | None:
        return len(self.value) if isinstance(self.value, Sized) else None

    def length(self, context: Mapping[str, Any]) -> int:
        return len(_resolved(self.value, context))

    def at(self, context: Mapping[str, Any], index: int) -> Resolved:
        if isinstance(self.value, Sized):
            mapping: Any = self.value[index]  # type: ignore[index]
            if not isinstance(mapping, Mapping):
                mapping = mapping.resolve(context)
        else:
            mappings = self.value.elements(context)
            if not isinstance(mappings, Sequence):
                raise ValueError(f"expand_kwargs() expects a list[dict], not {_type_name(mappings)}")
            mapping = mappings[index]
        if not isinstance(mapping, Mapping):
            raise ValueError(f"expand_kwargs() expects a list[dict], not list[{_type_name(mapping)}]")
        for key in mapping:
            if not isinstance(key, str):
                raise ValueError(
                    f"expand_kwargs() input dict keys must all be str, but {key!r} is of type {_type_name(key)}"
                )
        return mapping, {id(value) for value in mapping.values() if needs_run(value)}


class MappedArgument(Reference):
    """An argument of a mapped group's function: in each instance, its part of what the group is mapped over."""

    def __init__(self, *, input: ExpandInput, key: str) -> None:  # noqa: A002  # Airflow's name
        if isinstance(input, DictOfListsExpandInput) and any(
            isinstance(value, MappedArgument) for value in input.value.values()
        ):
            raise ValueError("Nested Mapped TaskGroups are not yet supported")
        self._input = input
        self._key = key

    def __repr__(self) -> str:
        return f"MappedArgument({self._key!r})"

    def iter_references(self) -> Iterator[tuple[BaseOperator, str]]:
        yield from self._input.iter_references()

    def resolve(self, context: Mapping[str, Any]) -> Any:
        """Its value in the running instance. Raises KeyError when the dict of ``expand_kwargs`` lacks it."""
        data, _ = self._input.at(context, self._index(context))
        return data[self._key]

    def _index(self, context: Mapping[str, Any]) -> int:
        """Which instance of its group the running one is in: of groups in one another the inner changes fastest."""
        index: int = _map_index(context)
        groups = [group.expand_input for group in mapped_groups(context["task"])]
        for one in groups:
            if one is groups[-1]:
                break
            length = max(one.length(context), 1)
            if one is self._input:
                return int(index % length)
            index //= length
        return index


def needs_run(value: Any) -> bool:
    """Whether what is mapped over is known only at run time."""
    return isinstance(value, (MappedArgument, XComArg))


def is_mappable(value: Any) -> bool:
    """Whether ``expand`` takes it: a reference, a sequence that is no text, a mapping."""
    return isinstance(value, (MappedArgument, XComArg, Mapping, Sequence)) and not isinstance(value, str)


def check_kwargs_list(kwargs: Any) -> None:
    """Raise TypeError for what ``expand_kwargs`` does not take."""
    if isinstance(kwargs, Sequence):
        if all(isinstance(item, (XComArg, Mapping)) for item in kwargs):
            return
    elif isinstance(kwargs, XComArg):
        return
    raise TypeError(f"expected XComArg or list[dict], not {type(kwargs).__name__}")


def check_return_keys(value: Any) -> None:
    """Raise ValueError for a reference to an XCom with a key of its own: only results can be mapped over."""
    if isinstance(value, XComArg):
        for operator, key in value.iter_references():
            if key != XCOM_RETURN_KEY:
                raise ValueError(f"cannot map over XCom with custom key {key!r} from {operator}")
    elif isinstance(value, Mapping):
        for inner in value.values():
            check_return_keys(inner)
    elif isinstance(value, Iterable) and not isinstance(value, (str, bytes, range)):
        for inner in value:
            check_return_keys(inner)


def check_function_arguments(function: Callable[..., Any], what: str, kwargs: Mapping[str, Any]) -> None:
    """As ``partial.check_arguments``, for the arguments of a decorated function."""
    parameters = inspect.signature(function).parameters
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return
    for name in parameters:
        if what == "expand" and name in kwargs and not is_mappable(kwargs[name]):
            kind = type(kwargs[name]).__name__
            raise ValueError(f"expand() got an unexpected type {kind!r} for keyword argument {name!r}")
    unknown = [name for name in kwargs if name not in parameters]
    if len(unknown) == 1:
        raise TypeError(f"{what}() got an unexpected keyword argument {unknown[0]!r}")
    if unknown:
        raise TypeError(f"{what}() got unexpected keyword arguments {', '.join(map(repr, unknown))}")


def prevent_duplicates(one: Collection[str], other: Collection[str], *, fail_reason: str) -> None:
    """Raise TypeError when both have a key."""
    both = sorted(set(one) & set(other))
    if both:
        raise TypeError(f"{fail_reason} argument{'s' if len(both) > 1 else ''}: {', '.join(both)}")


def _resolved(value: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(value, XComArg):
        return value.elements(context)
    return value.resolve(context) if isinstance(value, MappedArgument) else value


def _type_name(value: Any) -> str:
    return "None" if value is None else type(value).__name__
