"""Asset conditions as data: which assets a schedule waits for, combined by "all" and "any".

Decides when a condition is met, given which assets were updated and what names stand for; knows no events and no queue.
Airflow page: authoring-and-scheduling/asset-scheduling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec


class AssetKey(msgspec.Struct, frozen=True, tag_field="type", tag="asset", order=True):
    """One asset: its name and URI together."""

    name: str
    uri: str


class NameRef(msgspec.Struct, frozen=True, tag_field="type", tag="name"):
    """The asset of this name, whatever its URI."""

    name: str


class UriRef(msgspec.Struct, frozen=True, tag_field="type", tag="uri"):
    """The asset with this URI, whatever its name."""

    uri: str


class AliasRef(msgspec.Struct, frozen=True, tag_field="type", tag="alias"):
    """Any of the assets that tasks tied to this alias."""

    name: str


class AllOf(msgspec.Struct, frozen=True, tag_field="type", tag="all"):
    parts: tuple[Condition, ...] = ()


class AnyOf(msgspec.Struct, frozen=True, tag_field="type", tag="any"):
    parts: tuple[Condition, ...] = ()


Leaf = AssetKey | NameRef | UriRef | AliasRef
Condition = AssetKey | NameRef | UriRef | AliasRef | AllOf | AnyOf
"""A condition, as a tagged union for msgspec."""


def leaves(condition: Condition) -> Iterator[Leaf]:
    """The assets, references and aliases in it, left to right."""
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from leaves(part)
    else:
        yield condition


def is_met(condition: Condition, is_updated: Callable[[Leaf], bool]) -> bool:
    """Whether it holds. An empty "all" holds, an empty "any" does not, as in Airflow."""
    if isinstance(condition, AllOf):
        return all(is_met(part, is_updated) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(is_met(part, is_updated) for part in condition.parts)
    return is_updated(condition)


def expression(condition: Condition) -> object:
    """As Airflow's column ``dag.asset_expression`` has it: nested ``{"all": […]}`` and ``{"any": […]}``."""
    match condition:
        case AllOf(parts):
            return {"all": [expression(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [expression(part) for part in parts]}
        case AssetKey(name, uri):
            return {"asset": {"uri": uri, "name": name, "group": "asset"}}
        case NameRef(name):
            return {"asset_ref": {"name": name}}
        case UriRef(uri):
            return {"asset_ref": {"uri": uri}}
        case AliasRef(name):
            return {"alias": {"name": name, "group": "asset"}}
