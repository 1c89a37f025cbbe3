"""What a mapped task or group is mapped over, as far as the scheduler must know: lengths, and whose they are."""

from __future__ import annotations

from typing import Any

from queuack.authoring.expand_input import DictOfListsExpandInput, ExpandInput
from queuack.authoring.types import is_arg_set
from queuack.authoring.xcomarg import ConcatXComArg, MapXComArg, PlainXComArg, XComArg, ZipXComArg
from queuack.engine.spec import Expansion, MapInput


def expansion_of(expand_input: ExpandInput) -> Expansion:
    """The product of the lengths of its inputs is the number of instances."""
    value = expand_input.value
    if isinstance(expand_input, DictOfListsExpandInput):
        return Expansion(inputs=tuple(_input(one) for one in value.values()))
    return Expansion(inputs=(_input(value),))


def _input(value: Any) -> MapInput:
    if not isinstance(value, XComArg):
        return MapInput(kind="literal", length=len(value))
    if isinstance(value, PlainXComArg):
        return MapInput(kind="xcom", task_id=value.operator.task_id)
    if isinstance(value, MapXComArg):
        return _input(value.arg)
    if isinstance(value, ZipXComArg):
        parts = tuple(map(_input, value.args))
        return MapInput(kind="zip", parts=parts, fill=is_arg_set(value.fillvalue))
    if isinstance(value, ConcatXComArg):
        return MapInput(kind="concat", parts=tuple(map(_input, value.args)))
    raise TypeError(f"{type(value).__name__} cannot be mapped over")
