"""Relevance: which instances of another task an instance looks at, and what their states come to.

An instance in a mapped group looks, of the tasks that share the group, at the instances of its own map index; of all
other tasks at all instances. A task that has not been expanded yet looks at those that have not been expanded either,
or at all of them, as Airflow does.
https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/dynamic-task-mapping.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from queuack.engine import states, trigger_rules
from queuack.engine.trigger_rules import Counts

if TYPE_CHECKING:
    from queuack.engine.mapping import Common
    from queuack.engine.run import Run
    from queuack.engine.spread import Spread

_SOME_SUFFICE = frozenset(
    {
        trigger_rules.one_success,
        trigger_rules.one_failed,
        trigger_rules.one_done,
        trigger_rules.none_failed_min_one_success,
    }
)
"""Rules by which an unexpanded task waits for instances in its own group, so that one of them cannot decide for all."""


def seen_by(run: Run, spread: Spread, i: int, other: int) -> Sequence[int]:
    """Positions of the instances of task ``other`` that the instance at position ``i`` looks at."""
    there = spread.positions.get(other)
    if there is None:
        return (other,)
    task = run.task_of[i]
    mapping = spread.mapping
    if task not in mapping.chains:
        return there
    k = run.map_indexes[i]
    if k < 0 and run.plan.rules[task] in _SOME_SUFFICE and other not in mapping.waited_for[task]:
        return there
    count = spread.count_of(task)
    common = mapping.common(task, other)
    if not count or common is None:
        return there
    if k < 0:
        return ()
    return _share(spread, common, k, count, common.there_further, other, there)


def seeing(run: Run, spread: Spread, i: int, other: int) -> Sequence[int]:
    """Positions of the instances of ``other``, downstream in the same group, that look at the instance at ``i``."""
    there = spread.positions.get(other)
    if there is None:
        return (other,)
    task, k = run.task_of[i], run.map_indexes[i]
    common = spread.mapping.common(task, other)
    count = spread.count_of(task)
    if k < 0 or not count or common is None or not spread.count_of(other):
        return there
    return _share(spread, common, k, count, common.there_further, other, there)


def related(run: Run, spread: Spread, task: int, k: int, other: int) -> Sequence[int] | None:
    """Positions of ``other`` that belong to map index ``k`` of ``task``; None = all of them, whatever the index."""
    there = spread.positions.get(other)
    common = spread.mapping.common(task, other)
    if there is None or common is None or k < 0:
        return None
    count = spread.count_of(task) if task in spread.mapping.expansions else None
    if not count:
        return None
    return _share(spread, common, k, count, common.there_further, other, there)


def _share(
    spread: Spread, common: Common, k: int, count: int, further: bool, other: int, there: Sequence[int]
) -> Sequence[int]:
    """The part of ``there`` that is in the same instance of the common group as number ``k`` of ``count``."""
    groups = spread.count_of_group(common.group_id) or 1
    at = k * groups // count
    if not further:
        return there[at : at + 1]
    width = (spread.count_of(other) or len(there)) // groups
    return there[at * width : (at + 1) * width]


def counts_of(run: Run, spread: Spread, i: int) -> Counts:
    """What the trigger rule of the instance at position ``i`` looks at."""
    task = run.task_of[i]
    plan = run.plan
    counts = Counts(
        run.needed[task],
        run.success[task],
        run.skipped[task],
        run.failed[task],
        run.upstream_failed[task],
        0 if run.removed is None else run.removed[task],
        map_index=run.map_indexes[i],
    )
    for other in spread.mapping.inner.get(task, ()):
        seen = seen_by(run, spread, i, other)
        if seen is spread.positions.get(other):
            _add_tally(counts, spread.tally[other])
        else:
            _add_states(counts, (run.states[p] for p in seen))
    for setup in plan.direct_setups.get(task, ()):
        of_setup = Counts(0)
        _add_states(of_setup, (run.states[p] for p in seen_by(run, spread, i, setup)))
        counts.setups += of_setup.total
        counts.success_setups += of_setup.success
        counts.skipped_setups += of_setup.skipped
    return counts


def _add_states(counts: Counts, found: Iterable[int]) -> None:
    for state in found:
        if state == states.ABSENT:
            continue
        counts.total += 1
        if state == states.SUCCESS:
            counts.success += 1
        elif state == states.SKIPPED:
            counts.skipped += 1
        elif state == states.FAILED:
            counts.failed += 1
        elif state == states.UPSTREAM_FAILED:
            counts.upstream_failed += 1
        elif state == states.REMOVED:
            counts.removed += 1


def _add_tally(counts: Counts, tally: Sequence[int]) -> None:
    counts.total += sum(tally)
    counts.success += tally[states.SUCCESS]
    counts.skipped += tally[states.SKIPPED]
    counts.failed += tally[states.FAILED]
    counts.upstream_failed += tally[states.UPSTREAM_FAILED]
    counts.removed += tally[states.REMOVED]


def of_setups(run: Run, spread: Spread, i: int, setups: Iterable[int]) -> int:
    """The verdict of the setups further up that must have succeeded before the instance runs."""
    counts = Counts(0, map_index=run.map_indexes[i])
    for setup in setups:
        _add_states(counts, (run.states[p] for p in seen_by(run, spread, i, setup)))
    if counts.map_index < 0:
        counts.total += counts.removed
    return trigger_rules.all_success(counts)


def is_done(run: Run, spread: Spread, i: int, tasks: Iterable[int]) -> bool:
    """Whether all that the instance at ``i`` looks at of these tasks has finished."""
    for task in tasks:
        seen = seen_by(run, spread, i, task)
        if seen is spread.positions.get(task):
            if spread.unfinished(task):
                return False
        elif not all(states.IS_FINISHED[run.states[p]] or run.states[p] == states.ABSENT for p in seen):
            return False
    return True


def of_dependencies(run: Run, spread: Spread, task: int, verdict: int) -> int:
    """The verdict once it is seen whether what the task expands over came to be. Its rule does not make up for it, but
    a verdict of the rule's own stands (Airflow checks both and keeps the last; which is last it leaves to chance)."""
    if verdict not in (trigger_rules.RUN, trigger_rules.WAIT):
        return verdict
    found = {
        run.states[other]
        for other in spread.mapping.dependencies.get(task, ())
        if other not in spread.positions and states.IS_FINISHED[run.states[other]]
    }
    if not found or found == {states.SUCCESS}:
        return verdict
    if found & states.FAILED_LIKE:
        return trigger_rules.UPSTREAM_FAIL
    return trigger_rules.SKIP if states.SKIPPED in found else trigger_rules.WAIT


# ── what a worker has to know ────────────────────────────────────────────────────────────────────────
def is_mapped_over(run: Run, task: int) -> bool:
    """Whether another task, or a group, expands over what the task returns."""
    return run.spread is not None and task in run.spread.mapping.readers


def upstream_map_indexes(run: Run, task: int, map_index: int) -> dict[str, list[int]]:
    """Upstream task in the same mapped group → the map indexes that the instance looks at. Others are not in it."""
    spread = run.spread
    if spread is None or map_index < 0 or task not in spread.mapping.chains:
        return {}
    others = dict.fromkeys((*spread.mapping.inner.get(task, ()), *spread.mapping.waited_for[task]))
    found: dict[str, list[int]] = {}
    for other in others:
        positions = related(run, spread, task, map_index, other)
        if positions is not None:
            found[run.plan.task_ids[other]] = [run.map_indexes[p] for p in positions]
    return found
