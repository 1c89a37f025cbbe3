"""What happens to a simulated system. One function an action: it is given the simulation and its own chance.

People act through the real services; what the services refuse is part of the story and no violation.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from queuack import clock
from queuack.daemon.services import assets, control, dags, pools, runs
from queuack.engine import states
from queuack.engine.events import InputGiven
from queuack.engine.run import Run
from queuack.engine.spec import DagDocument
from tests.sim.files import ASSETS, random_document
from tests.sim.life import POINTS

if TYPE_CHECKING:
    from tests.sim.simulation import Simulation

Action = Callable[["Simulation", random.Random], None]
ACTIONS: dict[Action, float] = {}
"""Action → how often, in proportion."""

HOUR = 3600.0


def action(weight: float) -> Callable[[Action], Action]:
    def keep(function: Action) -> Action:
        ACTIONS[function] = weight
        return function

    return keep


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────
@action(30)
def time_passes(sim: Simulation, rng: random.Random) -> None:
    sim.pass_time(rng.choice([0.001, 0.02, 0.5, 2.0, 30.0, 400.0, HOUR, 8 * HOUR]))


@action(10)
def until_something_is_due(sim: Simulation, rng: random.Random) -> None:
    at = sim.life.engine.next_wakeup()
    if at is not None:
        sim.pass_time(min(max((at - clock.now_us()) / 1e6, 0.0) + 0.05, 30 * HOUR))


@action(1.5)
def the_clock_is_set(sim: Simulation, rng: random.Random) -> None:
    hours = rng.choice([-26.0, -5.0, -0.5, 0.5, 5.0, 26.0])
    sim.story.say(f"the clock is set by {hours:+} hours")
    sim.time.jump(hours * HOUR)


# ── files ────────────────────────────────────────────────────────────────────────────────────────────
@action(5)
def a_file_changes(sim: Simulation, rng: random.Random) -> None:
    name = rng.choice(sim.names)
    document = changed(rng, sim.folder.files.get(name) or [], name)
    sim.story.say(f"{name} changes: {[t.task_id for t in document.tasks]}")
    sim.tell_parser(sim.folder.write(name, [document]))


@action(1.5)
def a_file_breaks(sim: Simulation, rng: random.Random) -> None:
    name = rng.choice(sim.names)
    sim.story.say(f"{name} is broken")
    sim.kept[name] = sim.folder.files.get(name) or sim.kept.get(name) or []
    sim.tell_parser(sim.folder.write(name, None))


@action(1)
def a_file_is_deleted(sim: Simulation, rng: random.Random) -> None:
    name = rng.choice(sorted(sim.folder.files) or [""])
    if name:
        sim.story.say(f"{name} is deleted")
        sim.kept[name] = sim.folder.files.get(name) or sim.kept.get(name) or []
        sim.tell_parser(sim.folder.delete(name))


@action(0.7)
def two_files_define_one_dag(sim: Simulation, rng: random.Random) -> None:
    one, other = rng.sample(sim.names, 2)
    documents = [*(sim.folder.files.get(one) or []), *(sim.folder.files.get(other) or [])]
    documents = [replace(document, relative_fileloc=one) for document in documents]
    sim.story.say(f"{one} defines {[document.dag_id for document in documents]}")
    sim.tell_parser(sim.folder.write(one, list({d.dag_id: d for d in documents}.values())))


@action(2)
def a_file_comes_back(sim: Simulation, rng: random.Random) -> None:
    for name in sim.names:
        if sim.folder.files.get(name) is None:
            sim.story.say(f"{name} is whole again")
            documents = sim.kept.get(name) or [random_document(rng, name.removesuffix(".py"), name)]
            sim.tell_parser(sim.folder.write(name, documents))
            return


def changed(rng: random.Random, documents: list[DagDocument], name: str) -> DagDocument:
    """A new version: another DAG altogether, or the same with another shape or other limits."""
    dag_id = name.removesuffix(".py")
    old = next((document for document in documents if document.dag_id == dag_id), None)
    if old is None or rng.random() < 0.4:
        return random_document(rng, dag_id, name)
    roll = rng.random()
    if roll < 0.4 and len(old.tasks) > 1:
        return without(old, rng.choice(old.tasks).task_id)
    if roll < 0.7:
        return replace(old, max_active_tasks=rng.randint(1, 5), max_active_runs=rng.randint(1, 4))
    new = random_document(rng, dag_id, name)
    named = {asset.name: asset for asset in (*old.assets, *new.assets)}
    return replace(old, timetable=new.timetable, assets=tuple(named[key] for key in sorted(named)))


def without(document: DagDocument, task_id: str) -> DagDocument:
    """The document with one task less; unmapped where something was mapped over it."""
    if any(task.expansion for task in document.tasks) or any(group.expansion for group in document.task_groups):
        return replace(document, description=f"without {task_id}")
    tasks = tuple(
        replace(task, downstream_task_ids=tuple(t for t in task.downstream_task_ids if t != task_id))
        for task in document.tasks if task.task_id != task_id
    )  # fmt: skip
    return replace(document, tasks=tasks)


# ── people ───────────────────────────────────────────────────────────────────────────────────────────
def _dag(sim: Simulation, rng: random.Random) -> str:
    return rng.choice(sorted(sim.life.engine.dags) or ["nothing"])


def _run(sim: Simulation, rng: random.Random) -> Run | None:
    """A run in memory; now and then one that ended long ago, by way of the store."""
    known = [run for run in sim.life.engine.runs.values() if not run.is_finished]
    return rng.choice(sorted(known, key=lambda run: run.key)) if known else None


def _place(sim: Simulation, rng: random.Random) -> tuple[str, str, str] | None:
    """(dag, run, task): of an unfinished run mostly, else of any that the store has."""
    run = _run(sim, rng)
    if run is not None and rng.random() < 0.6:
        return run.dag_id, run.run_id, rng.choice(run.plan.task_ids)
    rows = sorted(sim.ledger.runs.values(), key=lambda row: row.id)
    if not rows:
        return None
    row = rng.choice(rows[-12:])
    version = sim.ledger.versions[row.dag_version_id]
    document = sim.documents_of(version.id)
    return row.dag_id, row.run_id, rng.choice(document.tasks).task_id


@action(4)
def somebody_pauses_or_unpauses(sim: Simulation, rng: random.Random) -> None:
    dag_id = _dag(sim, rng)
    paused = rng.random() < 0.4
    sim.ask(f"{'pause' if paused else 'unpause'} {dag_id}", lambda: dags.set_paused(sim.life, dag_id, paused))


@action(6)
def somebody_triggers(sim: Simulation, rng: random.Random) -> None:
    dag_id = _dag(sim, rng)
    date = None
    if rng.random() < 0.6:
        date = clock.iso(clock.now_us() // 86_400_000_000 * 86_400_000_000 - rng.randint(-1, 3) * 86_400_000_000)
    sim.ask(f"trigger {dag_id} of {date}", lambda: runs.trigger_run(sim.life, dag_id, logical_date=date)["run_id"])


@action(6)
def somebody_clears(sim: Simulation, rng: random.Random) -> None:
    place = _place(sim, rng)
    if place is None:
        return
    dag_id, run_id, task_id = place
    down, up, failed = rng.random() < 0.6, rng.random() < 0.2, rng.random() < 0.3
    chosen = None if rng.random() < 0.2 else [task_id]
    if rng.random() < 0.2:
        chosen = [(task_id, rng.randint(0, 2))]
    latest, reopen = rng.random() < 0.2, rng.random() < 0.9
    sim.ask(
        f"clear {dag_id}/{run_id} {chosen} down={down} up={up} failed={failed} latest={latest} reopen={reopen}",
        lambda: [
            f"{row['task_id']}[{row['map_index']}]"
            for row in control.clear_tasks(
                sim.life, dag_id, run_id, chosen, include_upstream=up, include_downstream=down, only_failed=failed,
                run_on_latest_version=latest, reset_dag_runs=reopen,
            )
        ],
    )  # fmt: skip


@action(4)
def somebody_marks_a_task(sim: Simulation, rng: random.Random) -> None:
    place = _place(sim, rng)
    if place is None:
        return
    dag_id, run_id, task_id = place
    state, index = rng.choice(["success", "failed", "skipped"]), rng.choice([-1, -1, -1, 0, 1])
    sim.ask(f"mark {dag_id}/{run_id}/{task_id}[{index}] {state}",
            lambda: len(control.set_task_state(sim.life, dag_id, run_id, task_id, state, index)))  # fmt: skip


@action(3)
def somebody_marks_a_run(sim: Simulation, rng: random.Random) -> None:
    place = _place(sim, rng)
    if place is None:
        return
    dag_id, run_id, _ = place
    state = rng.choice(["success", "failed", "queued"])
    sim.ask(f"mark {dag_id}/{run_id} {state}", lambda: control.set_run_state(sim.life, dag_id, run_id, state)["state"])


@action(2)
def somebody_changes_a_pool(sim: Simulation, rng: random.Random) -> None:
    pool, slots, deferred = rng.choice(["p", "q", "default_pool"]), rng.choice([0, 1, 2, 3, 5, -1]), rng.random() < 0.5
    if pool == "default_pool":
        slots = rng.choice([1, 4, 128])
    sim.ask(f"pool {pool}: {slots} slots, deferred={deferred}",
            lambda: pools.set_pool(sim.life, pool, slots, include_deferred=deferred)["slots"])  # fmt: skip


@action(0.5)
def somebody_deletes_a_pool(sim: Simulation, rng: random.Random) -> None:
    pool = rng.choice(["p", "q"])
    sim.ask(f"delete pool {pool}", lambda: pools.delete_pool(sim.life, pool)["pool"])


@action(0.5)
def somebody_deletes_a_dag(sim: Simulation, rng: random.Random) -> None:
    dag_id = _dag(sim, rng)
    sim.ask(f"delete {dag_id}", lambda: dags.delete_dag(sim.life, dag_id))


@action(2)
def somebody_updates_an_asset(sim: Simulation, rng: random.Random) -> None:
    key = rng.choice(ASSETS)
    sim.ask(f"update asset {key.name}", lambda: assets.create_asset_event(sim.life, name=key.name, uri=key.uri)["id"])


@action(2)
def somebody_answers(sim: Simulation, rng: random.Random) -> None:
    waiting = [
        (run.key, i)
        for run in sim.life.engine.runs.values()
        for i, state in enumerate(run.states) if state == states.AWAITING_INPUT and not run.is_finished
    ]  # fmt: skip
    if waiting:
        key, i = rng.choice(sorted(waiting))
        run = sim.life.engine.runs[key]
        task_id, index = run.plan.task_ids[run.task_of[i]], run.map_indexes[i]
        given = InputGiven(
            dag_id=run.dag_id, run_id=run.run_id, task_id=task_id, map_index=index, chosen_options=["yes"]
        )
        sim.ask(f"answer {run.dag_id}/{run.run_id}/{task_id}[{index}]", lambda: sim.life.request(given))


# ── processes and the disk ───────────────────────────────────────────────────────────────────────────
@action(2)
def a_worker_is_killed(sim: Simulation, rng: random.Random) -> None:
    if sim.crew.workers:
        worker = sim.crew.workers[rng.choice(sorted(sim.crew.workers))]
        sim.crew.kill(worker, "killed")


@action(4)
def the_daemon_crashes(sim: Simulation, rng: random.Random) -> None:
    """At the next point of this kind that it comes to, or at once."""
    if rng.random() < 0.3:
        sim.story.say("the daemon is killed")
        sim.restart(rng)
    else:
        sim.life.faults.crash_at = rng.choice(POINTS)
        sim.story.say(f"the daemon is to crash {sim.life.faults.crash_at}")


@action(1)
def the_daemon_stops(sim: Simulation, rng: random.Random) -> None:
    sim.story.say("the daemon is stopped")
    sim.life.loop.stop()
    sim.pass_time(5.0)


@action(1)
def the_disk_is_full(sim: Simulation, rng: random.Random) -> None:
    sim.life.faults.refusals = rng.choice([1, 3, 30])
    sim.story.say(f"the disk refuses {sim.life.faults.refusals} commits")
