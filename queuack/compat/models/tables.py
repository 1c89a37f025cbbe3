"""The models: classes whose attributes are columns, and the few methods that DAG files call on them.

Decides which columns there are. A model without ``table`` only imports, for annotations and ``isinstance``; using it
raises NotBuilt. Airflow (2.x): ``airflow.models``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Self

from queuack.authoring import dag_run as authored
from queuack.authoring import task_instance as running
from queuack.compat.models.columns import Column, Negated
from queuack.compat.models.session import Query, refusal

ID_LEN = 250
"""Longest name of a DAG or task, in characters."""


class _Model(type):
    """``Model.name`` for a column that is not there raises NotBuilt; a column knows its model."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        for value in namespace.values():
            if isinstance(value, Column):
                value.model = cls  # type: ignore[attr-defined]

    def __instancecheck__(cls, instance: Any) -> bool:
        passes: tuple[type, ...] = cls.__dict__.get("passes", ())
        return super().__instancecheck__(instance) or isinstance(instance, passes)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):  # Python's own questions (copying, documentation, typing)
            raise AttributeError(name)
        raise refusal(f"{cls.__name__}.{name}")


class Base(metaclass=_Model):
    """Base of the models."""

    table: ClassVar[str | None] = None
    key: ClassVar[str] = "id"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise refusal(type(self).__name__)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        made = object.__new__(cls)
        made.row = row  # type: ignore[attr-defined]
        return made

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self, type(self).key)}>"


class Instant(Column):
    """An instant: on a row a pendulum datetime in UTC."""

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else authored.moment(instance.row.get(self.stored))


class DagModel(Base):
    """A row of ``dag``."""

    table, key = "dag", "dag_id"
    dag_id, fileloc, owners, description, timetable_summary = Column(), Column(), Column(), Column(), Column()
    is_paused, is_stale, has_import_errors = Column(), Column(), Column()
    max_active_runs, max_active_tasks, dag_display_name = Column(), Column(), Column()
    relative_fileloc, timetable_description, bundle_name = Column(), Column(), Column()
    last_parsed_time, next_dagrun, next_dagrun_create_after = Instant(), Instant(), Instant()
    next_dagrun_data_interval_start, next_dagrun_data_interval_end = Instant(), Instant()
    is_active = Negated("is_stale")
    schedule_interval = Column("timetable_summary")

    @classmethod
    def get_dagmodel(cls, dag_id: str, session: Any = None) -> DagModel | None:
        """None when there is no such DAG."""
        found: DagModel | None = Query(cls).get(dag_id)
        return found

    get_current = get_dagmodel

    @classmethod
    def get_paused_dag_ids(cls, dag_ids: Iterable[str], session: Any = None) -> set[str]:
        query = Query(cls).filter(cls.dag_id.in_(dag_ids), cls.is_paused.is_(True))
        return {found.dag_id for found in query}

    def set_is_paused(self, *_: Any, **__: Any) -> None:
        """Raises NotBuilt."""
        raise refusal("DagModel.set_is_paused", "use `queuack dags pause`")


class DagRun(Base):
    """A row of ``dag_run``. The context's ``dag_run`` passes for one."""

    table, passes = "dag_run", (authored.DagRun,)
    id, dag_id, run_id, run_type, state, conf, note = (
        Column(), Column(), Column(), Column(), Column(), Column(), Column(),
    )  # fmt: skip
    triggered_by, triggering_user_name, clear_number = Column(), Column(), Column()
    logical_date, data_interval_start, data_interval_end = Instant(), Instant(), Instant()
    run_after, queued_at, start_date, end_date = Instant(), Instant(), Instant(), Instant()
    updated_at = Instant()
    execution_date = Instant("logical_date")

    @property
    def external_trigger(self) -> bool:
        """2.x: whether the run was made by hand."""
        return self.run_type in ("manual", "operator_triggered")

    @property
    def is_backfill(self) -> bool:
        return bool(self.run_type == "backfill")

    def get_state(self) -> str | None:
        state: str | None = self.state
        return state

    generate_run_id = staticmethod(authored.generate_run_id)

    @classmethod
    def find(
        cls,
        dag_id: str | list[str] | None = None,
        run_id: Iterable[str] | str | None = None,
        execution_date: datetime | Iterable[datetime] | None = None,
        state: str | None = None,
        external_trigger: bool | None = None,
        no_backfills: bool = False,
        run_type: str | None = None,
        session: Any = None,
        execution_start_date: datetime | None = None,
        execution_end_date: datetime | None = None,
        logical_date: datetime | Iterable[datetime] | None = None,
    ) -> list[DagRun]:
        """Runs that pass every filter given, the oldest logical date first."""
        query = Query(cls).order_by(cls.logical_date)
        for column, wanted in (
            (cls.dag_id, dag_id),
            (cls.run_id, run_id),
            (cls.logical_date, logical_date if logical_date is not None else execution_date),
            (cls.state, state),
            (cls.run_type, run_type),
        ):
            if isinstance(wanted, Iterable) and not isinstance(wanted, str):
                query = query.filter(column.in_(wanted))
            elif wanted is not None:
                query = query.filter(column == wanted)
        if execution_start_date is not None:
            query = query.filter(cls.logical_date >= execution_start_date)
        if execution_end_date is not None:
            query = query.filter(cls.logical_date <= execution_end_date)
        if external_trigger is not None:
            query = query.filter(cls.run_type == "manual" if external_trigger else cls.run_type != "manual")
        if no_backfills:
            query = query.filter(cls.run_type != "backfill")
        return query.all()

    def get_task_instances(self, state: Iterable[str] | str | None = None, session: Any = None) -> list[TaskInstance]:
        """Of this run; only those in a state, or one of several."""
        query = Query(TaskInstance).filter_by(dag_id=self.dag_id, run_id=self.run_id)
        if state is not None:
            query = query.filter(TaskInstance.state.in_([state] if isinstance(state, str) else state))
        return query.all()

    def get_task_instance(self, task_id: str, session: Any = None, *, map_index: int = -1) -> TaskInstance | None:
        """None when the run has no such task."""
        query = Query(TaskInstance).filter_by(dag_id=self.dag_id, run_id=self.run_id, task_id=task_id)
        found: TaskInstance | None = query.filter_by(map_index=map_index).first()
        return found

    def __repr__(self) -> str:
        return f"<DagRun {self.dag_id} @ {self.logical_date}: {self.run_id}, state:{self.state}>"


class TaskInstance(Base):
    """A row of ``task_instance``. The context's ``ti`` passes for one."""

    table, passes = "task_instance", (running.TaskInstance,)
    id, dag_id, run_id, task_id, map_index, state = Column(), Column(), Column(), Column(), Column(), Column()
    try_number, max_tries, duration, pool, pool_slots = Column(), Column(), Column(), Column(), Column()
    queue, priority_weight, operator, hostname, unixname = Column(), Column(), Column(), Column(), Column()
    pid, note, rendered_map_index, custom_operator_name = Column(), Column(), Column(), Column()
    start_date, end_date, queued_dttm, scheduled_dttm = Instant(), Instant(), Instant(), Instant()
    updated_at, logical_date, run_after = Instant(), Instant(), Instant()
    execution_date = Instant("logical_date")

    def current_state(self, session: Any = None) -> str | None:
        """The state when the row was read."""
        state: str | None = self.state
        return state

    def __repr__(self) -> str:
        return f"<TaskInstance: {self.dag_id}.{self.task_id} {self.run_id} [{self.state}]>"


class Pool(Base):
    """A row of ``slot_pool``."""

    table, key = "slot_pool", "pool"
    pool, slots, description, include_deferred = Column(), Column(), Column(), Column()

    @classmethod
    def get_pool(cls, pool_name: str, session: Any = None) -> Pool | None:
        found: Pool | None = Query(cls).get(pool_name)
        return found


class Log(Base):
    """A row of ``log``."""

    table = "log"
    id, event, dag_id, run_id, task_id, map_index = Column(), Column(), Column(), Column(), Column(), Column()
    try_number, owner, extra = Column(), Column(), Column()
    dttm, logical_date = Instant(), Instant()
    execution_date = Instant("logical_date")


class DagTag(Base):
    """A row of ``dag_tag``."""

    table, key = "dag_tag", "name"
    name, dag_id = Column(), Column()


class ImportError(Base):  # noqa: A001 - Airflow's name
    """A row of ``import_error``."""

    table = "import_error"
    id, filename, stacktrace = Column(), Column(), Column()
    timestamp = Instant()


class DagWarning(Base):
    """Only imports."""


class Job(Base):
    """Only imports."""


class RenderedTaskInstanceFields(Base):
    """Only imports."""


class SerializedDagModel(Base):
    """Only imports."""


class SlaMiss(Base):
    """Only imports; 2.x."""


class TaskFail(Base):
    """Only imports; 2.x."""


class TaskInstanceHistory(Base):
    """Only imports."""


class TaskReschedule(Base):
    """Only imports."""


class Trigger(Base):
    """Only imports."""


def clear_task_instances(*args: Any, **kwargs: Any) -> None:
    """Raises NotBuilt."""
    raise refusal("clear_task_instances", "use `queuack tasks clear`")


def trigger_dag(*args: Any, **kwargs: Any) -> None:
    """Raises NotBuilt."""
    raise refusal("trigger_dag", "use TriggerDagRunOperator in a DAG, or `queuack dags trigger`")
