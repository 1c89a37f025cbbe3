"""What the worker tells of mapping: how long a result is, what a chosen branch skips, what an instance is called.

Airflow page: authoring-and-scheduling/dynamic-task-mapping.
"""

from __future__ import annotations

from typing import Any

from queuack import config
from queuack.authoring.exceptions import (
    UnmappableXComLengthPushed,
    UnmappableXComTypePushed,
    XComForMappingNotPushed,
)
from queuack.authoring.map_indexes import common_mapped_group
from queuack.authoring.mapped_values import is_mappable_value
from queuack.authoring.templating import compiled, render_template
from queuack.protocol import Workload


def length_of(workload: Workload, value: Any) -> int | None:
    """How much there is to map over in what a task leaves; None when nobody maps over it, or an instance left nothing.

    Of an instance of a mapped task it is one element. Raises XComForMappingNotPushed, UnmappableXComTypePushed,
    UnmappableXComLengthPushed (``[core] max_map_length``) for what cannot be mapped over.
    """
    if not workload.is_mapped_over:
        return None
    if workload.map_index >= 0:
        return None if value is None else 1
    if value is None:
        raise XComForMappingNotPushed
    if not is_mappable_value(value):
        raise UnmappableXComTypePushed(value)
    limit = config.get_int("core", "max_map_length")
    if len(value) > limit:
        raise UnmappableXComLengthPushed(value, limit)
    return len(value)


def skipped_instances(ti: Any) -> tuple[tuple[str, int], ...]:
    """The instances that an instance in a mapped group wants skipped: those of its own index, in its own group."""
    task = ti.task
    found: list[tuple[str, int]] = []
    for task_id in ti.skip_requests:
        other = task.dag.task_dict.get(task_id)
        if other is None or common_mapped_group(task, other) is None:
            continue
        indexes = relevant_downstream(ti, other)
        found.extend((task_id, index) for index in indexes)
    return tuple(found)


def relevant_downstream(ti: Any, other: Any) -> list[int]:
    indexes = ti.get_relevant_upstream_map_indexes(other)
    if indexes is None:
        return []
    return [indexes] if isinstance(indexes, int) else list(indexes)


def name_of_instance(context: Any) -> str | None:
    """What ``map_index_template`` gives; None without one. Raises what the template raises."""
    template = context.get("map_index_template")
    if template is None:
        return None
    env = context["task"].get_template_env()
    return str(render_template(compiled(env, template), context, native=False))
