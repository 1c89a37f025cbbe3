"""Scheduling: what a finished instance means for those after it, and who may be handed out.

From upstream states to a verdict (by trigger rule, setups and teardown scope), from a verdict to a state. Limits are
``admission``'s business, outcomes of attempts ``attempts``'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from queuack.engine import states, trigger_rules
from queuack.engine.effects import Dispatch, XComsCleared
from queuack.engine.run import Run
from queuack.engine.states import Move
from queuack.engine.trigger_rules import RUN, WAIT
from queuack.engine.world import World


def drain(world: World, budget: int) -> int:
    """Do the work that is left over, at most ``budget`` instances; returns what is left of the budget."""
    work = world.work
    while work and budget > 0:
        item = work[0]
        run = item.run
        if item.epoch != run.epoch:
            work.popleft()
            continue
        targets = item.targets
        size = len(targets)
        end = min(size, item.at + budget)
        part = targets if end - item.at == size else targets[item.at : end]
        budget -= len(part)
        item.at = end
        if end == size:
            work.popleft()
            run.pending -= 1
            world.touched[run] = None
        if run.state != "running":
            continue
        _propagate(world, run, part, item.state)
    return budget


def _propagate(world: World, run: Run, targets: Sequence[int], state: int) -> None:
    """An upstream instance of ``targets`` reached ``state``; NONE means: look at them anyway."""
    if state == states.NONE:
        for i in targets:
            if states.IS_SCHEDULABLE[run.states[i]]:
                evaluate(world, run, i)
        return
    counter = run.counter(state)
    if state == states.SUCCESS and run.removed is None:
        current, plain, needed = run.states, run.plan.is_plain, run.plan.upstream_count
        for i in targets:
            count = counter[i] = counter[i] + 1
            if current[i] == states.NONE and plain[i]:
                if count == needed[i]:
                    _make_ready(world, run, i)
            elif states.IS_SCHEDULABLE[current[i]]:
                evaluate(world, run, i)
        return
    for i in targets:
        counter[i] += 1
        if states.IS_SCHEDULABLE[run.states[i]]:
            evaluate(world, run, i)


def evaluate(world: World, run: Run, i: int) -> None:
    """Decide about one instance that is not yet scheduled, if its upstream states allow a decision."""
    state = run.states[i]
    if state != states.NONE:
        detail = run.details[i]
        if detail is not None and detail.retry_at is not None and detail.retry_at > world.now:
            return
    verdict = verdict_of(run, i)
    if verdict == RUN:
        _make_ready(world, run, i)
    elif verdict == trigger_rules.SKIP:
        settle(world, run, i, Move.SKIP)
    elif verdict == trigger_rules.UPSTREAM_FAIL:
        settle(world, run, i, Move.FAIL_UPSTREAM)
    elif verdict == trigger_rules.REMOVE:
        settle(world, run, i, Move.REMOVE)


def verdict_of(run: Run, i: int) -> int:
    """Trigger rule, setups and teardown scope together."""
    plan = run.plan
    rule = plan.rules[i]
    if not plan.upstream_count[i] or rule is trigger_rules.always:
        return RUN
    waits_for_setups = False
    if i in plan.outer_setups:
        of_setups = _setups_verdict(run, plan.outer_setups[i])
        if of_setups not in (RUN, WAIT):
            return of_setups
        waits_for_setups = of_setups == WAIT
    verdict = rule(run.counts(i))
    if verdict != RUN:
        return verdict
    if waits_for_setups or (i in plan.scope and run.scope_done.get(i, 0) < len(plan.scope[i])):
        return WAIT
    return RUN


def _setups_verdict(run: Run, setups: Iterable[int]) -> int:
    found = [run.states[s] for s in setups]
    if any(state in states.FAILED_LIKE for state in found):
        return trigger_rules.UPSTREAM_FAIL
    if states.SKIPPED in found:
        return trigger_rules.SKIP
    return RUN if all(state == states.SUCCESS for state in found) else WAIT


def past_allows(run: Run, i: int) -> bool:
    """depends_on_past and wait_for_downstream: the same task (and its downstream) succeeded in the run before."""
    before = run.dag.previous(run)
    if before is None:
        return True
    task = run.plan.task(i)
    if run.plan.document.catchup and task.start_date is not None and (before.logical_date or 0) < task.start_date:
        return True
    there = before.plan.index.get(task.task_id)
    if there is None or before.states[there] == states.ABSENT:
        return task.ignore_first_depends_on_past
    if before.states[there] not in states.SUCCESS_LIKE:
        return False
    if not task.wait_for_downstream:
        return True
    after = (before.plan.index.get(name) for name in task.downstream_task_ids)
    return all(
        at is None or before.states[at] == states.ABSENT or before.states[at] in states.SUCCESS_LIKE for at in after
    )


def _make_ready(world: World, run: Run, i: int) -> None:
    """Dependencies inside the run are met: schedule it, unless the DAG or the past holds it."""
    if not run.dag.gate.capacity:
        run.held.add(i)
        return
    plan = run.plan
    if plan.past[i]:
        if not past_allows(run, i):
            run.past_waiting.add(i)
            return
        run.past_waiting.discard(i)
    now = world.now
    if plan.is_empty[i]:
        run.tries[i] += 1
        detail = run.detail(i)
        detail.start_date = detail.end_date = now
        settle(world, run, i, Move.SHORTCUT)
        return
    again = run.states[i] == states.UP_FOR_RESCHEDULE
    run.move(i, Move.SCHEDULE)
    detail = run.detail(i)
    if not again:
        run.tries[i] += 1
        detail.start_date = detail.end_date = None
        detail.reschedules = 0
    detail.scheduled_dttm = now
    detail.retry_at = None
    if plan.task_limited[i]:
        world.task_limit(run, i)
    world.change(run, i)
    world.admission.offer(run, i)


def settle(world: World, run: Run, i: int, move: Move) -> None:
    """An instance reaches a finished state by ``move``; those that look at it are left to be looked at."""
    state = run.move(i, move)
    run.held.discard(i)
    run.past_waiting.discard(i)
    detail = run.details[i]
    if detail is not None:
        detail.retry_at = None
    world.change(run, i)
    world.touched[run] = None
    plan = run.plan
    world.look_at(run, plan.downstream[i], state)
    if i in plan.watchers:
        watchers = plan.watchers[i]
        for target in watchers:
            if target in plan.scope:
                run.scope_done[target] = run.scope_done.get(target, 0) + 1
        world.look_at(run, watchers)
    if plan.needs_past:
        _tell_the_next_run(world, run, i)


def _tell_the_next_run(world: World, run: Run, i: int) -> None:
    task_id = run.plan.task_ids[i]
    concerned = {task_id, *(run.plan.task_ids[u] for u in run.plan.upstream[i])}
    for other in run.dag.active.values():
        if other.past_waiting and other is not run:
            waiting = [t for t in other.past_waiting if other.plan.task_ids[t] in concerned]
            world.look_at(other, waiting)


def release(world: World, run: Run) -> None:
    """The DAG may run again: look at what was held."""
    if run.held:
        held, run.held = sorted(run.held), set()
        world.look_at(run, held)


def hand_out(world: World) -> None:
    """Queue and dispatch everything the limits admit."""
    for run, i in world.admission.admit():
        run.move(i, Move.QUEUE)
        detail = run.detail(i)
        detail.queued_dttm = world.now
        ti_id = run.ti_ids[i]
        world.live[ti_id] = (run, i)
        world.dirty[ti_id] = (run, i)
        if run.tries[i] > 1 or detail.start_date is not None:
            world.writes.append(
                XComsCleared(dag_id=run.dag_id, run_id=run.run_id, task_id=run.plan.task_ids[i], map_index=-1)
            )
        world.commands.append(
            Dispatch(
                ti_id=ti_id,
                run_key=run.key,
                task_index=i,
                map_index=-1,
                try_number=run.tries[i],
                max_tries=run.max_tries[i],
                task_reschedule_count=detail.reschedules,
                first_reschedule_us=detail.start_date if detail.reschedules else None,
            )
        )
