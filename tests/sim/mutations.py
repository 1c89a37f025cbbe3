"""Bugs put into the engine and the loop on purpose. The simulation must find each: it proves that it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from queuack.daemon import loop as loop_module
from queuack.engine import attempts, by_hand, controlling, restoring, timers
from queuack.engine.admission import Admission
from queuack.engine.catalog import DagState
from queuack.engine.world import World

Mutation = Callable[[pytest.MonkeyPatch], None]


def pool_slots_are_not_returned(patch: pytest.MonkeyPatch) -> None:
    real = Admission.give

    def give(self: Admission, run: Any, i: int) -> None:
        real(self, run, i)
        if run.tries[i] == 2:
            self.pool(run.plan.pools[run.task_of[i]]).used += 1

    patch.setattr(Admission, "give", give)


def a_retry_forgets_its_timer(patch: pytest.MonkeyPatch) -> None:
    def wait_until(world: World, run: Any, i: int, at: int) -> None:
        run.detail(i).retry_at = at
        if run.tries[i] != 1:
            world.timers.set(at, timers.RETRY, (run, i))
        world.change(run, i)

    patch.setattr(attempts, "_wait_until", wait_until)


def restore_loses_a_queued_task(patch: pytest.MonkeyPatch) -> None:
    real = restoring.restore

    def restore(world: World, snapshot: Any, now: int) -> None:
        real(world, snapshot, now)
        if len(world.live) > 1:
            world.live.popitem()

    patch.setattr("queuack.engine.engine.restore", restore)


def one_run_too_many(patch: pytest.MonkeyPatch) -> None:
    real = DagState.max_active_runs.fget  # type: ignore[attr-defined]
    patch.setattr(DagState, "max_active_runs", property(lambda self: real(self) + 1))


def a_clear_does_not_look_downstream(patch: pytest.MonkeyPatch) -> None:
    """What is downstream of a cleared task keeps the counts of before."""

    def look_anew(world: World, run: Any) -> None:
        world.touched[run] = None
        if run.state == "running":
            world.look_at(run, range(len(run.states)))

    for module in (by_hand, controlling):
        patch.setattr(module, "look_anew", look_anew)


def dispatch_before_commit(patch: pytest.MonkeyPatch) -> None:
    real = loop_module.Loop._commit

    async def commit(self: Any, writes: Any, *, fold: bool) -> None:
        self._observer.act(self.early)
        self.early.clear()
        await real(self, writes, fold=fold)

    step = loop_module.Engine.step

    def stepped(self: Any, events: Any, now: int) -> Any:
        found = step(self, events, now)
        watch = getattr(self, "watch", None)
        if watch is not None and hasattr(watch, "life"):
            watch.life.loop.early = list(found.commands)
            found.commands = []
        return found

    patch.setattr(loop_module.Loop, "early", [], raising=False)
    patch.setattr(loop_module.Loop, "_commit", commit)
    patch.setattr(loop_module.Engine, "step", stepped)


MUTATIONS: tuple[Mutation, ...] = (
    pool_slots_are_not_returned,
    a_retry_forgets_its_timer,
    restore_loses_a_queued_task,
    one_run_too_many,
    a_clear_does_not_look_downstream,
    dispatch_before_commit,
)
