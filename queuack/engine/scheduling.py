"""Scheduling: what a finished instance means for those after it, and who may be handed out.

From upstream states to a verdict (by trigger rule, setups and teardown scope), from a verdict to a state. Limits are
``admission``'s business, outcomes of attempts ``attempts``'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from queuack.engine import expansion, relevance, states, trigger_rules
from queuack.engine.deferral import begin_in_triggerer, begin_subdag
from queuack.engine.effects import Dispatch, XComsCleared
from queuack.engine.run import Run
from queuack.engine.spread import Spread
from queuack.engine.states import Move
from queuack.engine.trigger_rules import RUN, WAIT
from queuack.engine.world import World

_DECIDED = frozenset({Move.SKIP, Move.FAIL_UPSTREAM, Move.REMOVE})
"""How an instance finishes by a verdict, not by running."""


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
    """An upstream instance of the tasks ``targets`` reached ``state``; NONE: just look at the instances ``targets``."""
    if run.spread is not None:
        if state == states.NONE:
            _look(world, run, run.spread, targets)
        else:
            _propagate_spread(world, run, run.spread, targets, state)
        return
    if state == states.NONE:
        for i in targets:
            if states.IS_SCHEDULABLE[run.states[i]]:
                evaluate(world, run, i)
        return
    counter = run.counter(state)
    if state == states.SUCCESS and run.removed is None:
        current, plain, needed = run.states, run.plan.is_plain, run.needed
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


def _propagate_spread(world: World, run: Run, spread: Spread, tasks: Sequence[int], state: int) -> None:
    """As ``_propagate``, of a run with mapped tasks: what all instances of a task look at is decided once for them."""
    counter = run.counter(state)
    plain, needed = run.plan.is_plain, run.needed
    found: list[int] = []
    many: list[int] = []
    for task in tasks:
        count = counter[task] = counter[task] + 1
        if state == states.SUCCESS and count < needed[task] and plain[task] and run.removed is None:
            continue
        positions = spread.positions.get(task)
        if positions is None:
            found.append(task)
        elif task in spread.overdue:
            found.extend(spread.overdue.pop(task) if not spread.tally[task][states.NONE] else positions)
        elif (
            spread.tally[task][states.NONE]
            and not spread.has_look(task, run.epoch)
            and (task in spread.mapping.needs_index or verdict_of(run, positions[-1]) != WAIT)
        ):
            found.extend(positions)
            many.append(task)
    world.look_at(run, [i for i in found if states.IS_SCHEDULABLE[run.states[i]]])
    for task in many:
        spread.looks[task] = world.work[-1]


def _look(world: World, run: Run, spread: Spread, positions: Sequence[int]) -> None:
    """Look at instances: first at all, then do what follows, so that they do not see what becomes of each other.

    The verdict on a mapped task is the same for all its instances, unless an index makes a difference.
    """
    verdicts: list[tuple[int, int]] = []
    known, verdict = -1, WAIT
    for i in positions:
        if not states.IS_SCHEDULABLE[run.states[i]] or _rests(world, run, i):
            continue
        task = run.task_of[i]
        if task != known:
            verdict = verdict_of(run, i)
            is_shared = run.map_indexes[i] >= 0 and run.removed is None and task not in spread.mapping.needs_index
            known = task if is_shared else -1
        if verdict != WAIT:
            verdicts.append((i, verdict))
        elif run.states[i] != states.NONE:
            spread.overdue.setdefault(task, set()).add(i)
    for i, verdict in verdicts:
        if states.IS_SCHEDULABLE[run.states[i]]:
            if verdict == RUN and run.map_indexes[i] < 0:  # what it is to be expanded over may just have been decided
                verdict = relevance.of_dependencies(run, spread, run.task_of[i], verdict)
            _follow(world, run, i, verdict)


def evaluate(world: World, run: Run, i: int) -> None:
    """Decide about one instance that is not yet scheduled, if its upstream states allow a decision."""
    if _rests(world, run, i):
        return
    verdict = verdict_of(run, i)
    if verdict == WAIT and run.spread is not None and run.states[i] != states.NONE:
        run.spread.overdue.setdefault(run.task_of[i], set()).add(i)
    _follow(world, run, i, verdict)


def _rests(world: World, run: Run, i: int) -> bool:
    """Whether it waits for its retry or its next look."""
    if run.states[i] == states.NONE:
        return False
    detail = run.details[i]
    return detail is not None and detail.retry_at is not None and detail.retry_at > world.now


def _follow(world: World, run: Run, i: int, verdict: int) -> None:
    if verdict == RUN:
        _make_ready(world, run, i)
    elif verdict == trigger_rules.SKIP:
        if _waits_before_skipping(run, i):
            run.past_waiting.add(i)
        else:
            settle(world, run, i, Move.SKIP)
    elif verdict == trigger_rules.UPSTREAM_FAIL:
        settle(world, run, i, Move.FAIL_UPSTREAM)
    elif verdict == trigger_rules.REMOVE:
        settle(world, run, i, Move.REMOVE)


def verdict_of(run: Run, i: int) -> int:
    """Trigger rule, setups, teardown scope and what is mapped over, together."""
    if run.spread is None:
        return _verdict_of_task(run, i)
    task = run.task_of[i]
    return relevance.of_dependencies(run, run.spread, task, _verdict_of_instance(run, run.spread, i, task))


def _verdict_of_instance(run: Run, spread: Spread, i: int, task: int) -> int:
    plan = run.plan
    rule = plan.rules[task]
    if not plan.upstream_count[task] or rule is trigger_rules.always:
        return RUN
    waits_for_setups = False
    if task in plan.outer_setups:
        of_setups = relevance.of_setups(run, spread, i, plan.outer_setups[task])
        if of_setups not in (RUN, WAIT):
            return of_setups
        waits_for_setups = of_setups == WAIT
    verdict = rule(run.counts(i))
    if verdict != RUN:
        return verdict
    if waits_for_setups or (task in plan.scope and not relevance.is_done(run, spread, i, plan.scope[task])):
        return WAIT
    return RUN


def _verdict_of_task(run: Run, i: int) -> int:
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
    task = run.plan.task(run.task_of[i])
    if run.plan.document.catchup and task.start_date is not None and (before.logical_date or 0) < task.start_date:
        return True
    there = before.plan.index.get(task.task_id)
    if there is None or before.states[there] == states.ABSENT:
        return task.ignore_first_depends_on_past
    if not _has_succeeded(before, there):
        return False
    if not task.wait_for_downstream:
        return True
    after = (before.plan.index.get(name) for name in task.downstream_task_ids)
    return all(at is None or before.states[at] == states.ABSENT or _has_succeeded(before, at) for at in after)


def _waits_before_skipping(run: Run, i: int) -> bool:
    """``wait_for_past_depends_before_skipping``: it is not skipped before the past would let it run."""
    task = run.task_of[i]
    if not run.plan.past[task] or not run.plan.task(task).wait_for_past_depends_before_skipping:
        return False
    return not past_allows(run, i)


def _has_succeeded(run: Run, task: int) -> bool:
    """Every instance of a task was successful or skipped."""
    tally = None if run.spread is None else run.spread.tally.get(task)
    if tally is None:
        return run.states[task] in states.SUCCESS_LIKE
    return sum(tally[state] for state in states.SUCCESS_LIKE) == sum(tally)


def _make_ready(world: World, run: Run, i: int) -> None:
    """Dependencies inside the run are met: schedule it, unless the DAG or the past holds it."""
    if not run.dag.gate.capacity:
        run.held.add(i)
        return
    plan = run.plan
    task = run.task_of[i]
    if plan.past[task]:
        if not past_allows(run, i):
            run.past_waiting.add(i)
            return
        run.past_waiting.discard(i)
    if run.spread is not None and task in run.spread.mapping.expansions and not _is_expanded(world, run, run.spread, i):
        return
    now = world.now
    if plan.is_empty[task]:
        run.tries[i] += 1
        detail = run.detail(i)
        detail.start_date = detail.end_date = now
        settle(world, run, i, Move.SHORTCUT)
        return
    if begin_in_triggerer(world, run, i) or begin_subdag(world, run, i):
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
    if plan.task_limited[task]:
        world.task_limit(run, task)
    world.change(run, i)
    world.admission.offer(run, i)


def _is_expanded(world: World, run: Run, spread: Spread, i: int) -> bool:
    """Whether the instance, of a task that is to be expanded, may run as it is. If not, what follows is done."""
    task = run.task_of[i]
    if run.map_indexes[i] < 0:
        verdict = expansion.expand(world, run, spread, task)
        if verdict != RUN:
            settle(world, run, i, Move.SKIP if verdict == trigger_rules.SKIP else Move.FAIL_UPSTREAM)
        return False
    if expansion.is_outdated(spread, task):
        expansion.revise(world, run, spread, task)
        return states.IS_SCHEDULABLE[run.states[i]]
    return True


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
    if run.spread is not None:
        expansion.settled(world, run, run.spread, i, state, decided=move in _DECIDED)
    else:
        world.look_at(run, plan.downstream[i], state)
        if i in plan.watchers:
            _tell_watchers(world, run, plan.watchers[i])
    if plan.needs_past:
        _tell_the_next_run(world, run, i)


def _tell_watchers(world: World, run: Run, watchers: Sequence[int]) -> None:
    for target in watchers:
        if target in run.plan.scope:
            run.scope_done[target] = run.scope_done.get(target, 0) + 1
    world.look_at(run, watchers)


def _tell_the_next_run(world: World, run: Run, i: int) -> None:
    task = run.task_of[i]
    concerned = {run.plan.task_ids[task], *(run.plan.task_ids[u] for u in run.plan.upstream[task])}
    for other in run.dag.active.values():
        if other.past_waiting and other is not run:
            waiting = [p for p in other.past_waiting if other.plan.task_ids[other.task_of[p]] in concerned]
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
        # Later than the dispatch before, should the clock have been set back: it tells the parts of a try apart.
        last = detail.queued_dttm
        detail.queued_dttm = world.now if last is None else max(world.now, last + 1)
        ti_id, task, map_index = run.ti_ids[i], run.task_of[i], run.map_indexes[i]
        world.live[ti_id] = (run, i)
        world.dirty[ti_id] = (run, i)
        if (run.tries[i] > 1 or detail.start_date is not None) and detail.deferral is None:
            world.writes.append(
                XComsCleared(dag_id=run.dag_id, run_id=run.run_id, task_id=run.plan.task_ids[task], map_index=map_index)
            )
            expansion.runs_again(world, run, i)
        world.commands.append(
            Dispatch(
                ti_id=ti_id,
                run_key=run.key,
                task_index=task,
                map_index=map_index,
                try_number=run.tries[i],
                max_tries=run.max_tries[i],
                queued_dttm=detail.queued_dttm,
                task_reschedule_count=detail.reschedules,
                first_reschedule_us=detail.start_date if detail.reschedules else None,
                next_method=None if detail.deferral is None else detail.deferral.next_method,
                next_kwargs=b"" if detail.deferral is None else detail.deferral.next_kwargs,
                begun_us=None if detail.deferral is None else detail.start_date,
            )
        )
