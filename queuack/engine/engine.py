"""Engine: events and the present instant go in, writes and commands come out. The face of the package.

It dispatches each event to the function that understands it, does what time makes due, starts and ends runs, hands out
what the limits admit, and turns all that changed into rows, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from queuack.engine import (
    asking,
    asset_runs,
    assets,
    attempts,
    backfilling,
    controlling,
    deadlines,
    deferral,
    deleting,
    events,
    firing,
    notes,
    planning,
    registering,
    states,
    subdags,
    timers,
)
from queuack.engine.admission import UNLIMITED, Reason
from queuack.engine.backfill import Backfill
from queuack.engine.catalog import DagState
from queuack.engine.closing import callback_done, close_touched, forget, forget_the_old, time_out
from queuack.engine.deferral import Trigger
from queuack.engine.effects import CallbackRow, Step
from queuack.engine.events import Event
from queuack.engine.explaining import explain
from queuack.engine.restoring import restore, restore_run, version_of
from queuack.engine.run import Run
from queuack.engine.scheduling import drain, evaluate, hand_out
from queuack.engine.snapshot import RunSnapshot, Snapshot, VersionSnapshot
from queuack.engine.spec import TaskDocument
from queuack.engine.watching import assets_of
from queuack.engine.world import EngineSettings, World
from queuack.errors import IllegalTransition, QueuackError, TaskNotFound

__all__ = ["Engine", "EngineSettings"]


def _callback_finished(world: World, event: events.CallbackFinished) -> None:
    callback_done(world, event.callback_id, event.state, event.output)


_HANDLERS: dict[type[Event], Callable[[World, Any], Any]] = {
    events.AttemptFinished: attempts.finished,
    events.AttemptStarted: attempts.started,
    events.AttemptLost: attempts.lost,
    events.AttemptReturned: attempts.returned,
    events.FileParsed: registering.file_parsed,
    events.FileGone: registering.file_gone,
    events.SetPaused: registering.set_paused,
    events.CreateAssetEvent: assets.create_event,
    events.DeleteDag: registering.delete_dag,
    events.TriggerRun: planning.trigger,
    events.CreateBackfill: backfilling.create,
    events.SetBackfillPaused: backfilling.set_paused,
    events.CancelBackfill: backfilling.cancel,
    events.RunsFound: backfilling.found,
    events.SetPool: controlling.set_pool,
    events.DeletePool: controlling.delete_pool,
    events.SetTaskState: controlling.set_task_state,
    events.SetRunState: controlling.set_run_state,
    events.ClearTasks: controlling.clear_tasks,
    events.Choose: controlling.choose,
    events.SetNote: notes.set_note,
    events.DeleteRun: deleting.delete_run,
    events.DeleteInstance: deleting.delete_instance,
    events.ForgetPartitions: deleting.forget_partitions,
    events.CallbackFinished: _callback_finished,
    events.TriggerFired: firing.fired,
    events.TriggerFailed: firing.failed,
    events.TriggersResealed: deferral.resealed,
    events.InputAsked: firing.input_asked,
    events.InputGiven: firing.input_given,
    events.TimetableAnswered: asking.answered,
    events.PluginsSeen: asking.plugins_seen,
}


class Engine:
    """The scheduler. One thread, no I/O.

    ``random_suffix`` gives the random end of the run ids that have one (runs triggered by an operator without a logical
    date); without it the suffix is derived from the run's key, so that the engine stays a function of its input.
    """

    def __init__(self, settings: EngineSettings | None = None, random_suffix: Callable[[], str] | None = None) -> None:
        self.settings = settings or EngineSettings()
        self._world = World(self.settings, random_suffix)
        self._world.on_callback_done = partial(callback_done, self._world)

    @classmethod
    def restore(
        cls, settings: EngineSettings, snapshot: Snapshot, now: int, random_suffix: Callable[[], str] | None = None
    ) -> Engine:
        """An engine that goes on where the snapshot's writes ended. Say next what became of ``outstanding()``."""
        engine = cls(settings, random_suffix)
        restore(engine._world, snapshot, now)
        return engine

    # ── the step ─────────────────────────────────────────────────────────────────────────────────
    def step(self, events: Sequence[Event], now: int) -> Step:
        """Take in ``events`` at the instant ``now`` (microseconds; never before that of the last step)."""
        world = self._world
        world.begin(max(now, world.now))
        for event in events:
            self._take(event)
        if self.settings.dormant:
            self._settle_requests()
        else:
            self._ring()
            self._settle_all()
            hand_out(world)
            asking.pose(world)
            backfilling.pose(world)
        world.flush()
        self._drop_recalled()
        return Step(writes=world.writes, commands=world.commands, replies=world.replies)

    def _take(self, event: Event) -> None:
        world = self._world
        try:
            reply = _HANDLERS[type(event)](world, event)
        except IllegalTransition:
            raise  # never a refusal: the engine itself went wrong
        except QueuackError as error:
            if event.request is None:
                return
            reply = error
        if event.request is not None:
            world.replies[event.request] = reply

    def _ring(self) -> None:
        world = self._world
        for kind, subject in world.timers.due(world.now):
            if kind == timers.RETRY:
                run, i = subject
                if run.state == "running":
                    evaluate(world, run, i)
            elif kind == timers.RUN_TIMEOUT:
                time_out(world, subject)
            elif kind == timers.WAIT:
                run, i = subject
                is_subdag = run.plan.task(run.task_of[i]).subdag is not None
                (subdags if is_subdag else deferral).time_out(world, run, i)
            elif kind == timers.DEADLINE:
                deadlines.miss(world, subject)
            elif kind == timers.ASK:
                asking.ask(world, subject)
            else:
                world.to_plan[subject] = None

    def _settle_requests(self) -> None:
        """Follow the consequences of what was asked for, and leave time alone."""
        world = self._world
        subdags.follow(world)
        while drain(world, self.settings.evaluations_per_step) <= 0 or world.to_end or world.to_return:
            close_touched(world)
            subdags.follow(world)
        close_touched(world)
        subdags.follow(world)
        world.to_plan = {}

    def _settle_all(self) -> None:
        """Follow every consequence, as far as this step's budget goes."""
        world = self._world
        budget = self.settings.evaluations_per_step
        while True:
            budget = drain(world, budget)
            subdags.follow(world)
            close_touched(world)
            subdags.follow(world)
            plan, world.to_plan = world.to_plan, {}
            for dag in plan:
                asset_runs.plan_dag(world, dag)
                planning.plan_dag(world, dag)
            if not (world.touched or world.to_plan or (world.work and budget > 0)):
                return

    def set_ahead(self, attempts: int) -> None:
        """From the next step on, so many attempts of tasks that take a worker each are handed out beyond what may run
        at once; those that are already out just run out."""
        self._world.admission.ahead = attempts

    def inactive_assets(self, task: TaskDocument) -> list[tuple[str, str]]:
        """(name, URI) of the task's inlets and outlets that are not active."""
        used = (*task.inlets, *task.outlets)
        return [(asset.name, asset.uri) for asset in self._world.assets.inactive(used)] if used else []

    def watched_assets(self, trigger_id: int) -> list[tuple[str, str]]:
        """(name, URI) of the assets that a trigger updates."""
        return [(asset.name, asset.uri) for asset in assets_of(self._world, trigger_id)]

    # ── reading ──────────────────────────────────────────────────────────────────────────────────
    @property
    def has_work(self) -> bool:
        """The last step was full: the next goes on with what it left, whatever the clock says."""
        return bool(self._world.work)

    def next_wakeup(self) -> int | None:
        """The instant at which time alone changes something (microseconds); None = only events do."""
        if self._world.work:
            return self._world.now
        return self._world.timers.next()

    @property
    def runs(self) -> dict[int, Run]:
        """Run key → run: all unfinished, and the finished ones others look back at. To be read, not changed."""
        return self._world.runs

    @property
    def dags(self) -> dict[str, DagState]:
        """DAG id → state. To be read, not changed."""
        return self._world.dags

    @property
    def backfills(self) -> dict[int, Backfill]:
        """Backfill id → backfill: all that are not over. To be read, not changed."""
        return self._world.backfills

    @property
    def callbacks(self) -> dict[int, CallbackRow]:
        """Callbacks not known to have run. After a restore those whose worker is gone must be handed out again."""
        return self._world.callbacks

    @property
    def triggers(self) -> dict[int, Trigger]:
        """Trigger id → trigger: all that are to run. To be read, not changed."""
        return self._world.triggers

    def run_of(self, dag_id: str, run_id: str) -> Run | None:
        return self._world.by_id.get((dag_id, run_id))

    def explain(self, dag_id: str, run_id: str, task_id: str, map_index: int, now: int) -> list[Reason]:
        """Why this task instance is not running; empty = nothing holds it.

        Raises DagNotFound, DagRunNotFound (also for finished runs that are not in memory), TaskNotFound.
        """
        world = self._world
        run = world.run(dag_id, run_id)
        i = run.position(task_id, map_index)
        if i is None and map_index == -1 and task_id in run.plan.index:
            i = run.instances(run.plan.index[task_id])[0]
        if i is None:
            raise TaskNotFound(f"Run {run_id!r} of DAG {dag_id!r} has no task {task_id!r} with map index {map_index}.")
        world.now = max(world.now, now)
        return explain(world, run, i)

    def ended_run(self, dag_id: str, run_id: str) -> Run | None:
        """A finished run that is still in memory (a callback of it has to run, or later runs look back at it)."""
        run = self.run_of(dag_id, run_id)
        return run if run is not None and run.is_finished else None

    def outstanding(self) -> list[tuple[int, int, bool]]:
        """(ti_id, try_number, whether it has begun) of every attempt that is queued or running."""
        live = self._world.live.items()
        return [(ti_id, run.tries[i], run.states[i] == states.RUNNING) for ti_id, (run, i) in live]

    def attempts(self) -> Iterable[tuple[Run, int]]:
        """Run and position of the same. To be read, not changed."""
        return self._world.live.values()

    def pool_use(self) -> list[tuple[str, int, int]]:
        """(name, slots, slots in use) of every pool, by name; -1 slots: no limit."""
        pools = sorted(self._world.admission.pools.items())
        return [
            (name, -1 if pool.capacity >= UNLIMITED else pool.capacity, pool.used)
            for name, pool in pools
            if not pool.is_missing
        ]

    def files(self) -> dict[str, str]:
        """relative_fileloc → file hash, of files that define DAGs or have import errors (those: hash empty)."""
        world = self._world
        known = dict.fromkeys(sorted(world.failed_files), "")
        for name, dag_ids in world.files.items():
            for dag_id in dag_ids:
                if not world.dags[dag_id].is_stale and name not in known:
                    known[name] = world.dags[dag_id].version.file_hash
        return known

    # ── finished runs ────────────────────────────────────────────────────────────────────────────
    def recall(self, run: RunSnapshot, version: VersionSnapshot | None = None) -> Run:
        """Bring a finished run back from the store for the next step. (Requests carry their own: ``Recall``.)

        ``version`` is needed when the run's version is not the DAG's current one. Untouched by that step, the run is
        dropped again. Raises DagNotFound.
        """
        world = self._world
        known = world.runs.get(run.row.id)
        if known is not None:
            return known
        dag = world.dag(run.row.dag_id)
        current = dag.version
        used = current if version is None or current.id == run.row.dag_version_id else version_of(version)
        found = restore_run(world, run, used)
        world.recalled.append(found)
        return found

    def _drop_recalled(self) -> None:
        world = self._world
        recalled, world.recalled = world.recalled, []
        for run in recalled:
            if run.key in run.dag.finished:
                forget_the_old(world, run.dag)
            elif run.is_finished:
                forget(world, run)
