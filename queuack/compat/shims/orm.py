"""Airflow's database models and sessions: the names import, using one says what to use instead.

Queuack keeps its state in DuckDB behind one process, so there is no SQLAlchemy session for user code. The classes here
serve annotations and ``isinstance``; anything else on them raises NotBuilt.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from queuack.errors import NotBuilt

__all__ = [
    "ID_LEN",
    "NEW_SESSION",
    "Base",
    "DagBag",
    "DagModel",
    "DagRun",
    "DagTag",
    "DagWarning",
    "ImportError",
    "Job",
    "Log",
    "Pool",
    "RenderedTaskInstanceFields",
    "SerializedDagModel",
    "Session",
    "SlaMiss",
    "TaskFail",
    "TaskInstance",
    "TaskInstanceHistory",
    "TaskReschedule",
    "Trigger",
    "clear_task_instances",
    "create_session",
    "provide_session",
    "trigger_dag",
]

P = ParamSpec("P")
R = TypeVar("R")

ID_LEN = 250
"""Longest name of a DAG or task, in characters."""

_INSTEAD = "read it with `queuack sql`, the task's context (`ti`, `dag_run`) or the queuack command"


def _refusal(what: str, instead: str = _INSTEAD) -> NotBuilt:
    return NotBuilt(f"Airflow's {what} is not built in Queuack: {instead}.")


class _Model(type):
    """Class access on a model (``DagRun.find``, ``DagRun.dag_id == …``) raises NotBuilt."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):  # Python's own questions (copying, documentation, typing)
            raise AttributeError(name)
        raise _refusal(f"{cls.__name__}.{name}")


class Base(metaclass=_Model):
    """Base of the models."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise _refusal(type(self).__name__)


class DagBag(Base):
    """Loads DAG files; use ``queuack dags list`` or ``queuack dags list-import-errors``."""


class DagModel(Base):
    """A row of ``dag``."""


class DagTag(Base):
    """A row of ``dag_tag``."""


class DagWarning(Base):
    """A row of ``dag_warning``."""


class DagRun(Base):
    """A row of ``dag_run``."""


class ImportError(Base):  # noqa: A001 - Airflow's name
    """A row of ``import_error``."""


class Job(Base):
    """A row of ``job``."""


class Log(Base):
    """A row of ``log``."""


class Pool(Base):
    """A row of ``slot_pool``."""


class RenderedTaskInstanceFields(Base):
    """A row of ``rendered_task_instance_fields``."""


class SerializedDagModel(Base):
    """A row of ``serialized_dag``."""


class SlaMiss(Base):
    """A row of ``sla_miss``, 2.x."""


class TaskFail(Base):
    """A row of ``task_fail``, 2.x."""


class TaskInstance(Base):
    """A row of ``task_instance``."""


class TaskInstanceHistory(Base):
    """A row of ``task_instance_history``."""


class TaskReschedule(Base):
    """A row of ``task_reschedule``."""


class Trigger(Base):
    """A row of ``trigger``."""


class _NoSession:
    """What ``provide_session`` passes: every use of it raises NotBuilt."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise _refusal(f"database session (session.{name})")


NEW_SESSION: Any = None


def Session(*args: Any, **kwargs: Any) -> Any:  # noqa: N802 - Airflow's name
    """``settings.Session()``: a session that refuses every use."""
    return _NoSession()


@contextmanager
def create_session(scoped: bool = True) -> Iterator[Any]:
    """A session that refuses every use."""
    yield _NoSession()


def provide_session(func: Callable[P, R]) -> Callable[P, R]:
    """Fill the argument ``session`` when the caller gives none; the session refuses every use, the function runs.

    Raises ValueError when ``func`` has no such argument.
    """
    parameters = list(inspect.signature(func).parameters)
    if "session" not in parameters:
        raise ValueError(f"Function {func.__qualname__} has no `session` argument")
    position = parameters.index("session")

    @functools.wraps(func)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        if "session" in kwargs or len(args) > position:
            return func(*args, **kwargs)
        return func(*args, **kwargs, session=_NoSession())  # type: ignore[arg-type]

    return wrapper


def clear_task_instances(*args: Any, **kwargs: Any) -> None:
    """Raises NotBuilt."""
    raise _refusal("clear_task_instances", "use `queuack tasks clear` when it is there")


def trigger_dag(*args: Any, **kwargs: Any) -> None:
    """Raises NotBuilt."""
    raise _refusal("trigger_dag", "use `queuack dags trigger`, or TriggerDagRunOperator in a DAG")
