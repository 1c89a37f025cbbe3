"""One seed: a system that lives through a number of random events, crashes among them, and must keep its word.

``Simulation(seed).run()`` raises Violation, whose ``story`` says how it came to that. The same seed gives the same story.
"""

from __future__ import annotations

import logging
import random
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any

from msgspec.structs import replace

from queuack import clock
from queuack.daemon.services import dags, pools
from queuack.engine import effects as fx
from queuack.engine.effects import Step, Write
from queuack.engine.engine import Engine, EngineSettings
from queuack.engine.events import Event
from queuack.engine.spec import DagDocument, decode
from queuack.errors import QueuackError, StoreUnavailable
from queuack.protocol import Gone, Parsed, Workload
from queuack.schedule.conditions import AssetKey
from queuack.schedule.timetables import NullTimetable
from queuack.store.database import Database
from tests.engine.driver import SECOND, START
from tests.engine.memory_store import MemoryStore
from tests.engine.random_dags import POOLS
from tests.sim.actions import ACTIONS, HOUR
from tests.sim.chance import Chance, pick
from tests.sim.files import Folder, random_document
from tests.sim.invariants import BY_HAND, INVARIANTS, memory_equals_file, store_keeps_what_it_was_given
from tests.sim.life import Dead, Life, Watch
from tests.sim.story import Crash, Story, Violation
from tests.sim.virtual import Time, VirtualLoop
from tests.sim.workers import Crew

STEPS = 60
"""Events of a seed."""

COMPARE_EVERY = 10
"""Steps between two comparisons of memory and file."""

COMMIT_SECONDS = 0.0015
PATIENCE = 70.0
"""Seconds of virtual time until all that has come must have been done: a loop that sleeps looks at the clock once a
minute."""

END_LOOKS = 400


class Simulation(Watch):
    def __init__(self, seed: int, *, steps: int = STEPS, without: Collection[int] = ()) -> None:
        """``without``: numbers of events that are left out (see ``shrinking``)."""
        self.steps = steps
        self._without = frozenset(without)
        self.chance = Chance(seed)
        self.time = Time(START)
        self.story = Story(self.time.wall_us)
        rng = self.chance.of("settings")
        self.settings = EngineSettings(
            parallelism=rng.choice([1, 2, 4, 8]),
            max_workers=rng.choice([None, 1, 2]),
            evaluations_per_step=rng.choice([1, 3, 2_000, 2_000]),
            dags_are_paused_at_creation=rng.random() < 0.05,
        )
        self.events = VirtualLoop(self.time, lambda: COMMIT_SECONDS)
        self.crew = Crew(self.events, self.chance, self.story, self.settings.parallelism)
        self.crew.outlets, self.crew.task_ids = self._outlets, self._task_ids
        self.folder = Folder()
        self.names = [f"d{n}.py" for n in range(rng.choice([2, 2, 3]))]
        self.kept: dict[str, list[DagDocument]] = {}
        """Of files that are broken or gone: what they defined."""
        self.pools: dict[str, tuple[int, bool]] = {}
        """Name → slots, whether the deferred count; as committed."""
        self.ledger = MemoryStore()
        """What has been committed."""
        self.by_hand: set[tuple[str, str]] = set()
        """(dag, run) that a person changed in the present step."""
        self.beginnings: Counter[tuple[int, int]] = Counter()
        self.interruptions: Counter[tuple[int, int]] = Counter()
        self.done: Counter[str] = Counter()
        """What there was, for the report."""
        self._documents: dict[int, DagDocument] = {}
        self.database: Database
        self.life: Life

    # ── its course ───────────────────────────────────────────────────────────────────────────────
    def run(self) -> Simulation:
        """All of it. Raises Violation."""
        with clock.told_by(self.time.wall_ns), Database.open() as self.database:
            logger = logging.getLogger("queuack")
            before, logger.disabled = logger.disabled, True
            daemon = logging.getLogger("queuack.daemon")
            daemon_before, daemon.disabled = daemon.disabled, True
            try:
                self._begin()
                for number in range(1, self.steps + 1):
                    self.story.step = number
                    if number not in self._without:
                        self._act(number)
                self.story.step += 1
                self._finish()
            except (AssertionError, QueuackError) as error:
                found = error if isinstance(error, Violation) else Violation(_text(error))
                found.story = self.story.tell()
                raise found from error
            finally:
                logger.disabled, daemon.disabled = before, daemon_before
                if hasattr(self, "life"):
                    self.life.end()
                self.events.end()
        return self

    def _begin(self) -> None:
        self._live()
        for name in self.names:
            document = random_document(self.chance.of("file", name), name.removesuffix(".py"), name)
            self.tell_parser(self.folder.write(name, [document]))
        for pool, slots in POOLS.items():
            pools.set_pool(self.life, pool, slots, include_deferred=pool == "q")
        self.pass_time(1.0)

    def _act(self, number: int) -> None:
        rng = self.chance.of("step", number)
        chosen = pick(rng, ACTIONS)
        self.done[chosen.__name__] += 1
        chosen(self, rng)
        self.check_alive(rng)
        if rng.random() < 0.6:
            self.settle(rng)
            if number % COMPARE_EVERY == 0:
                self.compare()

    def _live(self) -> None:
        self.life = Life(self.events, self.database, self.settings, self.crew, self, self.story)
        self.done["lives"] += 1

    def restart(self, rng: random.Random) -> None:
        """The daemon ends here, if it has not; after a while another begins, from the file."""
        self.life.end()
        for worker in list(self.crew.workers.values()):
            if rng.random() < 0.15:
                self.crew.kill(worker, "killed with the daemon")
        self.events.pass_time(rng.choice([0.0, 0.2, 30.0, 2 * HOUR]))
        self._live()
        self.story.say("a daemon starts")
        store_keeps_what_it_was_given(self)
        self.events.call_later(rng.choice([0.01, 3.0]), self._scan, self.life)

    def _scan(self, life: Life) -> None:
        if life is self.life and not life.is_over:
            for message in self.folder.scan():
                life.parsing.on_message(message)

    def check_alive(self, rng: random.Random) -> bool:
        """A daemon that crashed is followed by another (True); one that ended by an error has violated something."""
        was_over = self.life.is_over
        while self.life.is_over:
            error = self.life.error()
            is_refused = isinstance(error, StoreUnavailable) and self.life.loop._stopping
            if error is not None and not isinstance(error, Crash) and not is_refused:
                raise Violation(_text(error)) from error
            self.story.say("the daemon ended" if error is None else f"the daemon crashed {error}")
            self.done["crashes" if error else "stops"] += 1
            self.restart(rng)
        return was_over

    def pass_time(self, seconds: float) -> None:
        if not self.life.is_over:
            self.events.pass_time(seconds, self.life.task)

    def settle(self, rng: random.Random) -> None:
        """Let what has come be done, then look whether all is as it should be."""
        until = self.time.monotonic + PATIENCE
        while not self.is_quiet and self.time.monotonic < until:
            self.pass_time(0.02)
            if self.check_alive(rng):
                until = self.time.monotonic + PATIENCE
        if self.life.faults.refusals:
            return
        if not self.is_quiet:
            raise Violation(f"what has come is not done after {PATIENCE:g} seconds: {self._left()}")
        for check in INVARIANTS["idle"]:
            check(self)

    @property
    def is_quiet(self) -> bool:
        return self.life.is_idle and not self.life.engine._world.work

    def _left(self) -> str:
        engine, loop = self.life.engine, self.life.loop
        due = engine.next_wakeup()
        late = None if due is None else (clock.now_us() - due) / SECOND
        return (
            f"work {len(engine._world.work)}, events {len(loop._batch.events)}, committing {loop._committing}, "
            f"due since {late} seconds"
        )

    def compare(self) -> None:
        if self.is_quiet and not self.life.faults.refusals and not self.life.faults.crash_at and not self.recovering:
            memory_equals_file(self)
            self.done["comparisons"] += 1

    @property
    def recovering(self) -> bool:
        return not self.life._others[0].done()

    # ── the end: all goes well ───────────────────────────────────────────────────────────────────
    def _finish(self) -> None:
        rng = self.chance.of("end")
        self.life.faults.crash_at, self.life.faults.refusals = None, 0
        self.check_alive(rng)
        self.story.say("from here on all goes well")
        self.pass_time(15.0)
        self.check_alive(rng)
        self.crew.calm = True
        for worker in list(self.crew.workers.values()):
            self.crew.kill(worker, "it may have hung")
        self.life.triggers.hurry()
        for name in self.names:
            documents = self.folder.files.get(name) or self.kept.get(name) or []
            last = [replace(document, timetable=NullTimetable()) for document in documents]
            self.tell_parser(self.folder.write(name, last))
        for pool in ("p", "q", "default_pool", "nowhere"):
            pools.set_pool(self.life, pool, 64)
        for _ in range(END_LOOKS):
            for dag in list(self.life.engine.dags.values()):
                if dag.is_paused:
                    dags.set_paused(self.life, dag.dag_id, False)
            self.settle(rng)
            if all(run.is_finished for run in self.life.engine.runs.values()):
                break
            at, engine = self.life.engine.next_wakeup(), self.life.engine
            if at is None and not engine.outstanding() and not engine.triggers:
                break
            if at is not None and not engine.outstanding():
                self.time.jump(max((at - clock.now_us()) / SECOND, 0.0))
            self.pass_time(1.0)
        self.compare()
        for check in INVARIANTS["end"]:
            check(self)

    # ── for the actions ──────────────────────────────────────────────────────────────────────────
    def tell_parser(self, message: Parsed | Gone) -> None:
        self.life.parsing.on_message(message)

    def ask(self, text: str, request: Callable[[], Any]) -> None:
        """Somebody asks for something; a refusal is an answer."""
        try:
            answer = str(request())
        except Dead:
            answer = "the daemon died before it answered"
        except QueuackError as error:
            answer = f"refused: {error.message}"
        self.story.say(f"{text} → {answer}")

    def documents_of(self, version_id: int) -> DagDocument:
        found = self._documents.get(version_id)
        if found is None:
            found = self._documents[version_id] = decode(self.ledger.versions[version_id].document)
        return found

    def _outlets(self, workload: Workload) -> tuple[AssetKey, ...]:
        row = self.ledger.versions.get(workload.version_id)
        if row is None:
            return ()
        document = self.documents_of(workload.version_id)
        task = next((task for task in document.tasks if task.task_id == workload.task_id), None)
        return () if task is None else tuple(leaf for leaf in task.outlets if isinstance(leaf, AssetKey))

    def _task_ids(self, dag_id: str) -> Sequence[str]:
        dag = self.life.engine.dags.get(dag_id)
        return () if dag is None else [task.task_id for task in dag.document.tasks]

    # ── what the daemon does ─────────────────────────────────────────────────────────────────────
    def stepped(self, engine: Engine, events: Sequence[Event], step: Step) -> None:
        self.by_hand = {(event.dag_id, event.run_id) for event in events if isinstance(event, BY_HAND)}
        self.done["rounds"] += 1
        for check in INVARIANTS["stepped"]:
            check(self, engine, events, step)

    def committing(self, engine: Engine, writes: Sequence[Write]) -> None:
        for check in INVARIANTS["committing"]:
            check(self, writes)

    def committed(self, writes: Sequence[Write]) -> None:
        self.done["commits"] += 1
        for write in writes:
            self._count(write)
        self.ledger.apply(list(writes))
        for write in writes:
            waits = isinstance(write, fx.DeferralRow) and (write.trigger_id or write.trigger_timeout)
            if waits and write.id in self.ledger.instances:
                self.interruptions[write.id, self.ledger.instances[write.id].try_number] += 1

    def _count(self, write: Write) -> None:
        if isinstance(write, fx.InstanceRow):
            key, before = (write.id, write.try_number), self.ledger.instances.get(write.id)
            if before is not None and before.state == "queued" and write.state not in ("queued", "scheduled", None):
                self.beginnings[key] += 1
            if write.state != (before and before.state) and write.state in ("success", "failed", "skipped"):
                self.done[f"tasks {write.state}"] += 1
        elif isinstance(write, fx.RescheduleRow):
            self.interruptions[write.ti_id, write.try_number] += 1
        elif isinstance(write, fx.PoolRow):
            self.pools[write.pool] = (write.slots, write.include_deferred)
        elif isinstance(write, fx.RunRow) and write.state in ("success", "failed"):
            self.done[f"runs {write.state}"] += 1

    def submitted(self, engine: Engine, workload: Workload) -> None:
        for check in INVARIANTS["submitted"]:
            check(self, engine, workload)


def _text(error: BaseException) -> str:
    where = "".join(traceback.format_exception(error)[-4:])
    return f"{type(error).__name__}: {error}\n{where}"
