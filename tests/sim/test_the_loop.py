"""The daemon's real loop on virtual time: what the simulation found there."""

from __future__ import annotations

from collections.abc import Sequence

from queuack import clock
from queuack.daemon.loop import Loop
from queuack.engine import effects as fx
from queuack.engine.engine import Engine, EngineSettings
from queuack.engine.events import AttemptFinished, TriggerRun
from tests.engine.driver import START, dag, parsed, task
from tests.sim.virtual import Time, VirtualLoop


class Nothing:
    """A store that keeps nothing, and nobody who acts."""

    waiting = 0

    def commit(self, writes: Sequence[fx.Write], *, fold: bool = False) -> None: ...
    def act(self, commands: Sequence[fx.Command]) -> None: ...
    def acknowledge(self, worker_id: str, seq: int) -> None: ...
    def committed(self, writes: Sequence[fx.Write]) -> None: ...


def test_work_that_a_full_step_left_does_not_wait_for_a_clock_that_was_set_back() -> None:
    time = Time(START)
    events = VirtualLoop(time, lambda: 0.001)
    with clock.told_by(time.wall_ns):
        engine = Engine(EngineSettings(evaluations_per_step=2))
        names = [f"t{n}" for n in range(9)]
        loop = Loop(engine, Nothing(), Nothing())
        running = events.create_task(loop.run())
        loop.post(parsed(dag(task("root", *names), *map(task, names))), TriggerRun(dag_id="d"))
        events.pass_time(1.0, running)
        time.jump(-3600.0)
        ((ti_id, number, _),) = engine.outstanding()
        loop.post_outcome(AttemptFinished(ti_id=ti_id, try_number=number, at=clock.now_us(), outcome="success"))
        events.pass_time(1.0, running)
        assert len(engine.outstanding()) == len(names)
        loop.stop()
        events.run_until_complete(running)
    events.end()
