"""One run of one DAG in this process: the engine decides, the runner runs, the store is in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

from queuack import clock, config, plugins
from queuack.authoring.context import make_context
from queuack.authoring.dag import DAG
from queuack.authoring.runtime import set_runtime
from queuack.authoring.subdags import with_subdags
from queuack.authoring.timezone import convert_to_utc
from queuack.authoring.types import NOTSET, ArgNotSet
from queuack.daemon import runtime_service
from queuack.daemon.front import Front
from queuack.daemon.loop import DirectLoop
from queuack.daemon.params import checked_conf
from queuack.daemon.port import DirectPort
from queuack.document.build import document_of
from queuack.engine import states
from queuack.engine.effects import InstanceRow, InstancesExpanded, NewInstances, RunRow, Write
from queuack.engine.engine import Engine, EngineSettings
from queuack.engine.events import Event, FileParsed, TriggerRun
from queuack.engine.spec import DagDocument
from queuack.errors import QueuackError
from queuack.protocol import Fact, Finished, Workload
from queuack.schedule.timetables import NullTimetable
from queuack.serialization import xcom
from queuack.store.database import Database
from queuack.store.queries import instances, xcoms
from queuack.store.queries.runs import get_run
from queuack.store.writer import Writer
from queuack.testing.bench import Collector, Timer, log, make_bench
from queuack.testing.dates import taking_no_part
from queuack.testing.deployment import Deployment
from queuack.testing.triggers import InlineTriggers
from queuack.worker.rendered import show, template_values
from queuack.worker.runner import Runner

Listener = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class TestRun:
    """How a run in this process ended."""

    __test__ = False

    dag_id: str
    run_id: str
    state: str
    task_states: dict[tuple[str, int], str | None]
    """(task_id, map_index) → state."""
    xcoms: dict[tuple[str, int, str], Any] = field(default_factory=dict)
    """(task_id, map_index, key) → value."""
    rendered: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    """(task_id, map_index) → template field → rendered value."""


def test_dag(
    dag: DAG,
    run_after: datetime | None = None,
    logical_date: datetime | ArgNotSet | None = NOTSET,
    run_conf: dict[str, Any] | None = None,
    *,
    conf: dict[str, Any] | None = None,
    on_event: Listener | None = None,
    **unsupported: Any,
) -> TestRun:
    """Run ``dag`` once and return how it ended; the deployment's database is not touched.

    ``run_after`` (of which the run id is made) and ``logical_date`` default to now; ``logical_date=None`` makes a run
    without one. Naive dates are in ``[core] default_timezone``. ``run_conf`` (or ``conf``) defaults to {}. Retries wait
    their delay. Raises what makes the DAG unfit to be scheduled, and QueuackError for params that do not validate or
    when no task may run at that logical date. Airflow page: "Testing DAGs with dag.test()".
    """
    for name, value in unsupported.items():
        if value:
            raise QueuackError(f"dag.test({name}=…) is not built.")
    now = datetime.now(UTC)
    moment = now if isinstance(logical_date, ArgNotSet) else convert_to_utc(logical_date)
    return InProcessRun(dag, on_event).run(moment, run_conf or conf or {}, convert_to_utc(run_after) or now)


test_dag.__test__ = False  # type: ignore[attr-defined]  # not a test, whatever pytest thinks of its name

READ_TABLES = frozenset(
    {"dag_outline", "dag_runs", "model_rows", "previous_run", "previous_task", "task_breadcrumbs", "task_states"}
)
"""Methods of the runtime that read rows, which wait in the store's journal until they are folded in."""


OF_OTHERS = frozenset({"dag_outline", "dag_runs", "task_breadcrumbs", "task_states"})
"""Methods of the runtime that ask about a DAG; about another than this one they ask the deployment."""


class InProcessRun:
    """The machine for one run. Use ``run`` once."""

    def __init__(self, dag: DAG, on_event: Listener | None = None) -> None:
        with_subdags([dag])
        self._dag = dag
        self._on_event = on_event or _nothing
        self._home = config.current().home
        plugins.load_plugins(self._home)
        self._deployment = Deployment(self._home)
        self._database = Database.open()
        self._engine = Engine(EngineSettings(parallelism=1))
        self._writes: list[Write] = []
        writer = Writer(self._database)
        self._loop = DirectLoop(self._engine, writer)
        self._port = DirectPort(self._loop, self._database, writer)
        self._outlet = Collector(self._answer)
        self._timer = Timer()
        self._front = Front(isolation="warm", means={})
        self._front.loop = self  # type: ignore[assignment]  # post and write are all it needs here
        self._front.executor = self  # type: ignore[assignment]
        self._waiting: list[Workload] = []
        self._places: dict[int, tuple[str, int]] = {}
        """Task id and map index by the instance's id."""
        self._events: list[Event] = []
        self._bench = make_bench(self._home, dag, self._outlet, self._timer, self._say)
        self._runner = Runner(self._bench)
        encode = partial(xcom.serialize, enable_pickling=True, threshold_bytes=1 << 62, folder=self._home.xcoms)
        self._triggers = InlineTriggers(self._engine, self.post, self._outlet.emit, encode, self._say)
        self._front.triggers = self._triggers
        self._last_state: str | None = None
        """Of the instance that changed last."""

    # What Front sees as its loop and executor.
    @property
    def engine(self) -> Engine:
        return self._engine

    def post(self, *events: Event) -> None:
        self._events.extend(events)

    def post_outcome(self, event: Event) -> None:
        self._events.append(event)

    def post_soon(self, event: Event) -> None:
        self._events.append(event)

    def write(self, *writes: Write) -> None:
        self._writes.extend(writes)

    def acknowledge(self, worker_id: str, seq: int) -> None:
        """Nobody waits for it."""

    def submit(self, workloads: list[Workload]) -> None:
        self._waiting.extend(workloads)

    def cancel(self, ti_id: int, try_number: int, reason: str) -> None:
        self._waiting = [work for work in self._waiting if (work.ti_id, work.try_number) != (ti_id, try_number)]

    # ── the run ──────────────────────────────────────────────────────────────────────────────────
    def run(self, moment: datetime | None, conf: dict[str, Any], run_after: datetime) -> TestRun:
        """``moment``: the logical date."""
        with self._prepared():
            document = document_of(self._dag, relative_fileloc=self._dag.fileloc, fileloc=self._dag.fileloc)
            for task in taking_no_part(document, moment):
                self._say(f"{task} takes no part: the logical date is outside its start_date and end_date.")
            run_id = self._begin(document, moment, conf, run_after)
            self._work()
            return self._result(run_id)

    def run_task(self, task_id: str, moment: datetime, params: dict[str, Any], map_index: int = -1) -> str:
        """Run one task, or instance of a mapped one, of a run that is made for it. Returns its outcome."""
        with self._prepared():
            workload = self._alone(task_id, moment, params, map_index)
            while True:
                self._runner.run(workload)
                ended = [fact for fact in self._outlet.facts if isinstance(fact, Finished)]
                if not ended or ended[0].outcome != "deferred":
                    return ended[0].outcome if ended else "failed"
                self._take_in()
                while self._engine.triggers and not self._waiting:
                    self._await_trigger()
                if not self._waiting:
                    return self._last_state or "failed"
                workload = msgspec.structs.replace(self._waiting.pop(), map_index=map_index)

    def render(self, task_id: str, moment: datetime, map_index: int = -1) -> dict[str, Any]:
        """Template field → rendered value, JSON-able."""
        with self._prepared():
            workload = self._alone(task_id, moment, {}, map_index)
            task = self._dag.task_dict[task_id].prepare_for_execution()
            context = make_context(
                task=task,
                run=workload.run,
                ti_id=workload.ti_id,
                map_index=map_index,
                max_tries=workload.max_tries,
                test_mode=True,
            )
            task.render_template_fields(context)
            task = context["task"]
            limit = config.get_int("core", "max_templated_field_length")
            return {name: show(value, limit) for name, value in template_values(task).items()}

    def _alone(self, task_id: str, moment: datetime, conf: dict[str, Any], map_index: int) -> Workload:
        """The workload of one task, as if everything upstream had been done."""
        document = document_of(self._dag, relative_fileloc=self._dag.fileloc, fileloc=self._dag.fileloc)
        only = next(task for task in document.tasks if task.task_id == task_id)
        ready = msgspec.structs.replace(
            only,
            downstream_task_ids=(),
            is_empty=False,
            trigger_rule="always",
            start_date=None,
            end_date=None,
            expansion=None,
            start_trigger=None,
        )
        alone = msgspec.structs.replace(document, tasks=(ready,), task_groups=(), edge_labels=(), deadlines=())
        self._begin(alone, moment, conf, datetime.now(UTC))
        return msgspec.structs.replace(self._waiting.pop(), map_index=map_index)

    @contextmanager
    def _prepared(self) -> Iterator[None]:
        before = set_runtime(self._bench.runtime)
        self._timer.install()
        try:
            yield
        finally:
            self._triggers.close()
            self._timer.uninstall()
            set_runtime(before)
            self._database.close()

    def _begin(self, document: DagDocument, moment: datetime | None, conf: dict[str, Any], run_after: datetime) -> str:
        checked_conf(document, conf)
        timetable, at = self._dag.timetable, convert_to_utc(moment)
        interval = None if at is None else timetable.infer_manual_data_interval(run_after=at)
        alone = msgspec.structs.replace(
            document,
            timetable=NullTimetable(),
            is_paused_upon_creation=False,
            parent_dag_id=None,  # a SubDAG can be tested by itself
            root_dag_id=None,
        )
        where = document.relative_fileloc
        below = [document_of(dag, relative_fileloc=where, fileloc=dag.fileloc) for dag in self._dag.subdags]
        documents = [alone, *(msgspec.structs.replace(each, is_paused_upon_creation=False) for each in below)]
        parsed = FileParsed(relative_fileloc=where, file_hash="", source="", documents=documents, errors=[])
        trigger = TriggerRun(
            request=1,
            dag_id=document.dag_id,
            run_id=f"manual__{clock.iso(clock.to_us(run_after))}",
            logical_date=None if moment is None else clock.to_us(moment),
            data_interval_start=None if interval is None else clock.to_us(interval.start),
            data_interval_end=None if interval is None else clock.to_us(interval.end),
            run_after=min(clock.to_us(run_after), clock.now_us()),  # one in the future is not waited for
            conf=conf,
            triggered_by="test",
            triggering_user_name="dag_test",
        )
        replies = self._round([parsed, trigger])
        if isinstance(replies[1], QueuackError):
            raise replies[1]
        return str(replies[1])

    def _round(self, events: list[Event]) -> dict[int, Any]:
        writes, self._writes = self._writes, []
        step = self._engine.step(events, clock.now_us())
        self._loop.commit([*writes, *step.writes])
        self._tell(step.writes)
        self._front.act(step.commands)
        return step.replies

    def _work(self) -> None:
        """Until nothing runs, nothing waits to run, and no instant to come changes that."""
        while True:
            if self._waiting:
                self._attempt(self._waiting.pop(0))
                continue
            if not any(not run.is_finished for run in self._engine.runs.values()):
                return
            if self._engine.triggers:
                self._await_trigger()
                continue
            wake = self._engine.next_wakeup()
            if wake is None:
                if any(run.tally[states.AWAITING_INPUT] for run in self._engine.runs.values()):
                    self._say("A task waits for a person's answer; nobody is asked here.")
                return
            pause = (wake - clock.now_us()) / clock.SECOND
            if pause > 1:
                self._say(f"Waiting {pause:.0f} s for the next try.")
            time.sleep(max(0.0, pause))
            self._round([])

    def _attempt(self, workload: Workload) -> None:
        task_id, _ = self._places.get(workload.ti_id, (workload.task_id, -1))
        self._tell_task(task_id, workload.map_index, "running", workload.try_number, None)
        self._runner.run(workload)
        self._take_in()

    def _take_in(self) -> None:
        self._hand_over()
        events, self._events = self._events, []
        self._round(events)

    def _await_trigger(self) -> None:
        """Until a trigger fires, or time alone changes something."""
        wake = self._engine.next_wakeup()
        self._triggers.wait(None if wake is None else max(0.0, (wake - clock.now_us()) / clock.SECOND))
        self._take_in()

    def _hand_over(self) -> None:
        facts: list[Fact] = self._outlet.facts
        self._outlet.facts = []
        self._front.deliver("", facts)

    def _answer(self, method: str, params: dict[str, Any]) -> Any:
        if method in self._deployment.methods:
            return self._deployment.methods[method](**params)
        if method == "trigger_run":
            raise QueuackError(
                f"This tests one DAG and starts no run of another: DAG {params['dag_id']!r} was not triggered. Under "
                "`queuack standalone` or `queuack scheduler` it is."
            )
        if method in OF_OTHERS and params["dag_id"] != self._dag.dag_id:
            return self._deployment.of_another_dag(method, params)
        self._hand_over()
        writes, self._writes = self._writes, []
        self._loop.commit(writes)
        if method in READ_TABLES:
            self._loop.fold()
        own = runtime_service.call(self._port, method, params)
        besides = self._deployment.besides.get(method)
        return own if besides is None else besides(own, **params)

    # ── telling ──────────────────────────────────────────────────────────────────────────────────
    def _say(self, line: str) -> None:
        if self._on_event is _nothing:
            log.info("%s", line)
        else:
            self._on_event({"kind": "log", "line": line})

    def _tell(self, writes: list[Write]) -> None:
        for write in writes:
            if isinstance(write, NewInstances):
                path = write.dag_id.removeprefix(self._dag.dag_id).lstrip(".")  # of a task of a SubDAG
                names = [f"{path}.{name}" if path else name for name in write.task_ids]
                self._places.update((write.first_id + n, (name, -1)) for n, name in enumerate(names))
            elif isinstance(write, InstancesExpanded):
                task_id, _ = self._places[write.ti_id]
                self._places[write.ti_id] = task_id, 0
                for n in range(write.count):
                    self._places[write.first_id + n] = task_id, write.first_index + n
        for write in sorted(writes, key=lambda write: isinstance(write, RunRow)):
            if isinstance(write, RunRow) and write.dag_id == self._dag.dag_id:
                self._on_event(
                    {
                        "kind": "run",
                        "dag_id": write.dag_id,
                        "run_id": write.run_id,
                        "state": write.state,
                        "total": len(self._places),
                    }
                )
            elif isinstance(write, InstanceRow) and write.state not in (None, "queued", "running", "scheduled"):
                took, self._last_state = None, write.state
                if write.start_date is not None and write.end_date is not None:
                    took = (write.end_date - write.start_date) / clock.SECOND
                self._tell_task(*self._places[write.id], write.state, write.try_number, took)

    def _tell_task(self, task_id: str, map_index: int, state: str, try_number: int, duration: float | None) -> None:
        self._on_event(
            {
                "kind": "task",
                "task_id": task_id,
                "map_index": map_index,
                "state": state,
                "try_number": try_number,
                "duration": duration,
            }
        )

    def _result(self, run_id: str) -> TestRun:
        dag_id = self._dag.dag_id
        self._loop.fold()
        with self._port.reader() as reader:
            rows = instances.list_instances(reader, dag_id, run_id)
            found = xcoms.list_xcoms(reader, dag_id, run_id)
            run = get_run(reader, dag_id, run_id)
            rendered = {
                (row["task_id"], row["map_index"]): instances.rendered_fields(
                    reader, dag_id, run_id, row["task_id"], row["map_index"]
                )
                or {}
                for row in rows
            }
        decode = self._bench.runtime.values.decode
        return TestRun(
            dag_id=dag_id,
            run_id=run_id,
            state="" if run is None else str(run["state"]),
            task_states={(row["task_id"], row["map_index"]): row["state"] for row in rows},
            xcoms={(row["task_id"], row["map_index"], row["key"]): decode(row) for row in found},
            rendered=rendered,
        )


def _nothing(event: Mapping[str, Any]) -> None:
    """Nobody listens."""
