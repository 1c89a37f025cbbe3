"""``chain``, ``chain_linear``, ``cross_downstream``: many dependencies in one call. Airflow page.

Core-concepts/dags.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from queuack.authoring.exceptions import AirflowException
from queuack.authoring.node import DependencyMixin


def chain(*tasks: Any) -> None:
    """``chain(a, [b, c], [d, e], f)``: a before b and c, b before d, c before e, d and e before f.

    Raises TypeError for what takes no part in dependencies, AirflowException for neighbouring lists of unequal length.
    """
    for before, after in pairwise(tasks):
        if isinstance(before, DependencyMixin):
            before.set_downstream(after)
            continue
        if isinstance(after, DependencyMixin):
            after.set_upstream(before)
            continue
        if not isinstance(before, Sequence) or not isinstance(after, Sequence):
            raise TypeError(f"Chain not supported between instances of {type(before)} and {type(after)}")
        if len(before) != len(after):
            raise AirflowException(
                f"Chain not supported for different length Iterable. Got {len(before)} and {len(after)}."
            )
        for one, other in zip(before, after, strict=True):
            one.set_downstream(other)


def chain_linear(*elements: Any) -> None:
    """Like ``chain``, but everything in one list comes before everything in the next.

    Raises ValueError for nothing to do.
    """
    if not elements:
        raise ValueError("No tasks provided; nothing to do.")
    before: list[Any] | None = None
    linked = False
    for element in elements:
        nodes = [element] if isinstance(element, DependencyMixin) else list(element)
        if not nodes:
            continue
        for one in before or ():
            for other in nodes:
                linked = True
                one.set_downstream(other)
        before = nodes
    if not linked:
        raise ValueError("No dependencies were set. Did you forget to expand with `*`?")


def cross_downstream(from_tasks: Sequence[DependencyMixin], to_tasks: Any) -> None:
    """Every one of ``from_tasks`` before every one of ``to_tasks``."""
    targets = (
        list(to_tasks) if isinstance(to_tasks, Iterable) and not isinstance(to_tasks, DependencyMixin) else to_tasks
    )
    for task in from_tasks:
        task.set_downstream(targets)
