"""Random DAGs, random outcomes, random crashes: what must hold after every step, whatever happens.

Legal transitions only; no limit exceeded; memory equals what a restart would rebuild; nothing finished runs again;
every attempt is handed out once; every run ends.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from queuack.engine import effects as fx
from queuack.engine import states
from queuack.engine.engine import Engine, EngineSettings
from queuack.engine.events import (
    AttemptFinished,
    AttemptLost,
    AttemptReturned,
    AttemptStarted,
    ClearTasks,
    SetPaused,
    SetPool,
    SetRunState,
    SetTaskState,
    TriggerAsked,
    TriggerFailed,
    TriggerFired,
)
from queuack.engine.run import Run
from queuack.engine.spec import DagDocument
from tests.engine.driver import DAY, SECOND, Driver, parsed, task
from tests.engine.random_dags import LEGAL, POOLS, map_some, random_dag


def spread_of(run: Run) -> Any:
    """What a run knows of its mapped tasks; instances by id."""
    counters = (run.success, run.failed, run.skipped, run.upstream_failed, run.removed or [0] * run.plan.size)
    if run.spread is None or run.state != "running":
        return ()
    instances = {task: [run.ti_ids[i] for i in positions] for task, positions in run.spread.positions.items()}
    returned = {task: found for task, found in run.spread.returned.items() if found}
    return counters, list(run.needed), instances, run.spread.lengths, returned


class Simulation:
    """One engine under random treatment."""

    def __init__(self, seed: int, *, by_hand: bool = False, mapped: bool = False) -> None:
        self.rng = random.Random(seed)
        self.by_hand = by_hand
        self.mapped = mapped
        self.document = random_dag(self.rng)
        if mapped:
            self.document = map_some(self.rng, self.document)
        configuration = EngineSettings(
            parallelism=self.rng.randint(1, 6),
            max_workers=self.rng.randint(1, 6),
            evaluations_per_step=self.rng.choice([1, 3, 2_000]),
        )
        self.driver = Driver(settings=configuration)
        for pool, slots in POOLS.items():
            self.driver.ask(SetPool(pool=pool, slots=slots, include_deferred=pool == "q"))
        self.before: dict[int, str | None] = {}
        self.runs_before: dict[int, str] = {}
        self.open: dict[tuple[int, int], str] = {}
        """Attempts handed out: (ti_id, try) → queued or running."""
        self.attempts: Counter[tuple[int, int]] = Counter()
        self.hands_off = True
        self.step(parsed(self.document))

    # ── acting ───────────────────────────────────────────────────────────────────────────────────
    def step(self, *events: Any) -> None:
        step = self.driver.step(*events)
        for command in step.commands:
            key = (getattr(command, "ti_id", 0), getattr(command, "try_number", 0))
            if isinstance(command, fx.Dispatch):
                assert key not in self.open, "handed out twice"
                assert self.driver.store.instances[key[0]].state == "queued"
                self.open[key] = "queued"
                self.attempts[key] += 1
            elif isinstance(command, fx.Cancel):
                self.open.pop(key, None)
        self.check()

    def act(self) -> None:
        rng = self.rng
        roll = rng.random()
        if roll < 0.06:
            self.crash()
        elif roll < 0.12:
            wakeup = self.driver.engine.next_wakeup()
            self.driver.now = max(self.driver.now + SECOND, min(wakeup or 0, self.driver.now + DAY))
            self.step()
        elif roll < 0.16:
            self.step(SetPaused(dag_id="d", paused=not self.driver.store.dags["d"].is_paused))
        elif roll < 0.22 and self.by_hand:
            self.interfere()
        elif roll < 0.4 and self.driver.engine.triggers:
            self.step(self.trigger_event(rng.choice(sorted(self.driver.engine.triggers))))
        elif self.open:
            self.step(*self.facts())
        else:
            self.let_time_pass()

    def trigger_event(self, trigger_id: int) -> Any:
        rng, now = self.rng, self.driver.now
        if rng.random() < 0.1:
            return TriggerFailed(trigger_id=trigger_id, at=now)
        ends = rng.choice(["", "", "success", "failed", "skipped"])
        return TriggerFired(trigger_id=trigger_id, at=now, payload=b"1", ends=ends)

    def facts(self) -> list[Any]:
        chosen = self.rng.sample(sorted(self.open), min(len(self.open), self.rng.randint(1, 3)))
        return [fact for key in chosen for fact in self.fact(*key)]

    def fact(self, ti_id: int, number: int) -> list[Any]:
        rng, now = self.rng, self.driver.now
        phase = self.open[ti_id, number]
        roll = rng.random()
        if phase == "queued" and roll < 0.5:
            self.open[ti_id, number] = "running"
            return [AttemptStarted(ti_id=ti_id, try_number=number, at=now, pid=1)] * rng.randint(1, 2)
        del self.open[ti_id, number]
        if roll < 0.6 and phase == "queued":
            return [AttemptReturned(ti_id=ti_id, try_number=number)]
        if roll < 0.65:
            return [AttemptLost(ti_id=ti_id, try_number=number, at=now, reason="killed")]
        outcome = rng.choices(["success", "failed", "skipped", "up_for_reschedule", "deferred"], [6, 2, 1, 1, 2])[0]
        skip = tuple(t.task_id for t in self.document.tasks if outcome == "success" and rng.random() < 0.05)
        instances: tuple[tuple[str, int], ...] = ()
        if self.mapped and rng.random() < 0.1:
            instances = ((rng.choice(self.document.tasks).task_id, rng.randint(0, 3)),)
        event = AttemptFinished(
            ti_id=ti_id, try_number=number, at=now, outcome=outcome, started_at=now, skip_tasks=skip,
            reschedule_at=now + 10 * SECOND, fail_without_retry=rng.random() < 0.1,
            trigger=TriggerAsked("pkg.Trigger", "{}") if outcome == "deferred" else None, next_method="go_on",
            wait_timeout=rng.choice([None, 20 * SECOND]), skip_instances=instances,
            map_length=rng.choice([None, 0, 1, 2, 2, 3]) if self.mapped else None,
        )  # fmt: skip
        return [event] * rng.randint(1, 2)

    def interfere(self) -> None:
        """A person clears or marks something."""
        rng = self.rng
        active = sorted(run.run_id for run in self.driver.engine.runs.values() if not run.is_finished)
        if not active:
            return
        run_id, one = rng.choice(active), rng.choice(self.document.tasks).task_id
        event = rng.choice(
            [
                ClearTasks(
                    dag_id="d",
                    run_id=run_id,
                    task_ids=(one,),
                    downstream=rng.random() < 0.5,
                    pass_over_unknown=True,
                    on_latest_version=rng.random() < 0.5,
                    reopen=rng.random() < 0.8,
                ),
                self.clear_an_instance(run_id),
                SetTaskState(
                    dag_id="d", run_id=run_id, task_id=one, state=rng.choice(["success", "failed", "skipped"])
                ),
                SetRunState(dag_id="d", run_id=run_id, state=rng.choice(["success", "failed", "queued"])),
            ]
        )
        self.hands_off = False
        if rng.random() < 0.3:
            self.step(parsed(rng.choice([self.document, self.edited()]), file_hash=str(rng.random())))
        self.step(event)
        self.hands_off = True

    def edited(self) -> DagDocument:
        """The DAG with a task more, and, as nothing is mapped over it, without one it had."""
        tasks = [*self.document.tasks, task("new")]
        if not self.mapped:
            gone = self.rng.choice(self.document.tasks).task_id
            tasks = [
                replace(one, downstream_task_ids=tuple(name for name in one.downstream_task_ids if name != gone))
                for one in tasks
                if one.task_id != gone
            ]
        return replace(self.document, tasks=tuple(sorted(tasks, key=lambda one: one.task_id)))

    def clear_an_instance(self, run_id: str) -> ClearTasks:
        engine, rng = self.driver.engine, self.rng
        run = next(run for run in engine.runs.values() if run.run_id == run_id)
        i = rng.randrange(len(run.states))
        place = (run.plan.task_ids[run.task_of[i]], run.map_indexes[i])
        return ClearTasks(dag_id="d", run_id=run_id, instances=(place,), downstream=rng.random() < 0.5)

    def let_time_pass(self) -> None:
        wakeup = self.driver.engine.next_wakeup()
        if wakeup is not None:
            self.driver.now = max(self.driver.now, wakeup)
        self.step()

    def crash(self) -> None:
        """The process dies between two steps; what workers hold lives on, or dies with it."""
        driver = self.driver
        driver.engine = Engine.restore(driver.settings, driver.store.snapshot(), driver.now)
        self.check()
        facts: list[Any] = []
        for ti_id, number, begun in driver.engine.outstanding():
            assert (ti_id, number) in self.open
            if self.rng.random() < 0.5:
                del self.open[ti_id, number]
                facts.append(
                    AttemptLost(ti_id=ti_id, try_number=number, at=driver.now, reason="crash")
                    if begun
                    else AttemptReturned(ti_id=ti_id, try_number=number)
                )
        self.step(*facts)

    def finish(self) -> None:
        """Everything goes well from here on; every run must end (unless it waits for a past that failed)."""
        self.step(SetPaused(dag_id="d", paused=True))
        end = self.driver.now
        for _ in range(3_000):
            if self.driver.store.dags["d"].is_paused:
                self.step(SetPaused(dag_id="d", paused=False))
            if self.open:
                key = min(self.open)
                del self.open[key]
                self.step(AttemptFinished(ti_id=key[0], try_number=key[1], at=self.driver.now, outcome="success"))
                continue
            if self.driver.engine.triggers:
                trigger_id = min(self.driver.engine.triggers)
                self.step(TriggerFired(trigger_id=trigger_id, at=self.driver.now, payload=b"1"))
                continue
            wakeup = self.driver.engine.next_wakeup()
            if wakeup is None or wakeup > end + 8 * DAY:
                break
            self.driver.now = max(self.driver.now, wakeup)
            self.step()
        for key, run in self.driver.store.runs.items():
            if run.run_after <= end and run.state not in ("success", "failed"):
                self.excuse(key)

    def excuse(self, run_key: int) -> None:
        """The only way for a run not to end: a task waits for one that did not succeed in the run before."""
        run = self.driver.store.runs[run_key]
        dag_state = self.driver.engine.dags["d"]
        if run.state == "queued":
            assert dag_state.running >= dag_state.max_active_runs
            return
        codes = {c for name, state in self.driver.states(run_key).items() if state is None
                 for c in self.driver.codes(run_key, name)}  # fmt: skip
        assert "depends_on_past" in codes

    # ── checking ─────────────────────────────────────────────────────────────────────────────────
    def check(self) -> None:
        self.check_transitions()
        self.check_limits()
        self.check_memory()

    def check_transitions(self) -> None:
        store = self.driver.store
        for ti_id, row in store.instances.items():
            before = self.before.get(ti_id)
            if self.hands_off:
                assert row.state in LEGAL[before], f"{before} became {row.state}"
                shrunk = self.mapped and self.by_hand and row.state == "removed"
                assert before not in states.FINISHED_NAMES or before == row.state or shrunk
            self.before[ti_id] = row.state
        for key, run in store.runs.items():
            if self.hands_off and self.runs_before.get(key) in ("success", "failed"):
                assert run.state == self.runs_before[key]
            self.runs_before[key] = run.state

    def check_limits(self) -> None:
        store = self.driver.store
        pools: Counter[str] = Counter()
        per_run: Counter[int] = Counter()
        per_task: Counter[str] = Counter()
        active = alone = 0
        documents = {one.task_id: one for one in (*self.document.tasks, task("new"))}
        for ti_id, (run_key, task_id, _) in store.places.items():
            if store.instances[ti_id].state in ("queued", "running"):
                one = documents[task_id]
                active += 1
                alone += not one.is_async
                pools[one.pool] += one.pool_slots
                per_run[run_key] += 1
                per_task[task_id] += 1
        assert active <= self.driver.settings.parallelism
        assert alone <= (self.driver.settings.max_workers or alone)
        assert all(count <= POOLS.get(pool, 128) for pool, count in pools.items())
        assert all(count <= self.document.max_active_tasks for count in per_run.values())
        for task_id, count in per_task.items():
            limit = documents[task_id].max_active_tis_per_dag
            assert limit is None or count <= limit
        running = sum(run.state == "running" for run in store.runs.values())
        assert running <= self.document.max_active_runs

    def check_memory(self) -> None:
        store, engine = self.driver.store, self.driver.engine
        unfinished = {key for key, run in store.runs.items() if run.state not in ("success", "failed")}
        assert unfinished == {key for key, run in engine.runs.items() if not run.is_finished}
        live = {}
        for key in unfinished:
            run = engine.runs[key]
            assert run.state == store.runs[key].state
            for i in range(len(run.states)):
                if run.states[i] == states.ABSENT:
                    continue
                task_id = run.plan.task_ids[run.task_of[i]]
                row = store.instances[run.ti_ids[i]]
                assert (states.NAMES[run.states[i]], run.tries[i]) == (row.state, row.try_number)
                assert store.places[row.id] == (key, task_id, run.map_indexes[i])
                if row.state in ("queued", "running"):
                    live[row.id] = (row.id, row.try_number, row.state == "running")
            tally = Counter(run.states)
            assert [tally[code] for code in range(len(states.NAMES))] == run.tally
        assert sorted(live.values()) == sorted(engine.outstanding())
        assert set(self.open) >= {(ti_id, number) for ti_id, number, _ in engine.outstanding()}
        admission = engine._world.admission
        assert admission.active == len(live)
        self.check_deferrals(unfinished)
        if self.mapped and not engine._world.work:
            self.check_spread(unfinished)

    def check_spread(self, unfinished: set[int]) -> None:
        """A restart would count as memory does, and know the same instances and lengths."""
        again = Engine.restore(self.driver.settings, self.driver.store.snapshot(), self.driver.now)
        for key in unfinished:
            here, there = self.driver.engine.runs[key], again.runs[key]
            assert spread_of(here) == spread_of(there)
            for run in (here, there):
                assert run.spread is not None or not run.plan.mapping
                for index, positions in ({} if run.spread is None else run.spread.positions).items():
                    assert [run.map_indexes[i] for i in positions] == list(range(len(positions)))
                    tally = Counter(run.states[i] for i in positions)
                    assert [tally[code] for code in range(len(states.NAMES))] == (
                        run.spread and run.spread.tally[index]
                    )

    def check_deferrals(self, unfinished: set[int]) -> None:
        """Every deferred instance has a trigger, every trigger an instance, and pools count them if they are to."""
        store, engine = self.driver.store, self.driver.engine
        documents = {one.task_id: one for one in (*self.document.tasks, task("new"))}
        used: Counter[str] = Counter()
        waited_for = set()
        for ti_id, (run_key, task_id, _) in store.places.items():
            state, one = store.instances[ti_id].state, documents[task_id]
            if run_key in unfinished and (state in ("queued", "running") or (state, one.pool) == ("deferred", "q")):
                used[one.pool] += one.pool_slots
            deferral = store.deferrals.get(ti_id, fx.DeferralRow(id=ti_id))
            if state == "deferred":
                waited_for.add(deferral.trigger_id)
            elif state not in ("scheduled", "queued", "running"):
                assert deferral == fx.DeferralRow(id=ti_id)
        assert waited_for == set(store.triggers) == set(engine.triggers)
        for name, pool in engine._world.admission.pools.items():
            assert pool.used == used[name]


@pytest.mark.parametrize("mapped", [False, True], ids=["plain", "mapped"])
@pytest.mark.parametrize("by_hand", [False, True], ids=["alone", "by_hand"])
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1))
def test_invariants_hold_whatever_happens(by_hand: bool, mapped: bool, seed: int) -> None:
    simulation = Simulation(seed, by_hand=by_hand, mapped=mapped)
    for _ in range(60):
        simulation.act()
    simulation.finish()


def test_the_same_input_gives_the_same_output() -> None:
    one, two = Simulation(42), Simulation(42)
    for _ in range(80):
        one.act()
        two.act()
    assert one.driver.store.instances == two.driver.store.instances
    assert one.driver.store.runs == two.driver.store.runs
    assert one.driver.store.log == two.driver.store.log
