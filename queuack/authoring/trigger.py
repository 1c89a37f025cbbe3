"""Triggers: what a deferred task waits for, and the events they fire. Decides names and shapes; runs nothing.

The triggerer process runs them, ``engine.deferral`` decides what an event does to the task.
Airflow page: authoring-and-scheduling/deferring.
"""

from __future__ import annotations

import hashlib
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from queuack.authoring.state import TaskInstanceState
from queuack.authoring.templating import Templater
from queuack.serialization.typed_json import dumps

if TYPE_CHECKING:
    from queuack.authoring.context import Context

TRIGGER_FAIL_REPR = "__fail__"
"""The ``next_method`` of a task that goes on only to fail."""


class TriggerFailureReason(StrEnum):
    """Why a deferred task goes on without an event."""

    TRIGGER_TIMEOUT = "Trigger timeout"
    TRIGGER_FAILURE = "Trigger failure"


@dataclass
class StartTriggerArgs:
    """How a task with ``start_from_trigger`` begins in the triggerer: the trigger, and the method it goes on in."""

    trigger_cls: str
    """Import path of the trigger's class."""
    next_method: str
    trigger_kwargs: dict[str, Any] | None = None
    next_kwargs: dict[str, Any] | None = None
    timeout: timedelta | None = None


class TriggerEvent:
    """What a trigger fires; ``payload`` reaches the task as the argument ``event``. It must be JSON-able."""

    def __init__(self, payload: Any = None, **_: Any) -> None:
        self.payload = payload

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]  # payloads are often dicts

    def __repr__(self) -> str:
        return f"TriggerEvent<{self.payload!r}>"


class BaseTaskEndEvent(TriggerEvent):
    """Ends the task where it waits, without a worker. ``xcoms``: key → value, pushed as the task's own."""

    task_instance_state: ClassVar[TaskInstanceState]

    def __init__(self, *, xcoms: dict[str, Any] | None = None, **kwargs: Any) -> None:
        if "payload" in kwargs:
            raise ValueError("Param 'payload' not supported for this class.")
        super().__init__(str(self.task_instance_state))
        self.xcoms = xcoms


class TaskSuccessEvent(BaseTaskEndEvent):
    """The task has succeeded."""

    task_instance_state = TaskInstanceState.SUCCESS


class TaskFailedEvent(BaseTaskEndEvent):
    """The task has failed; it is retried if it may be."""

    task_instance_state = TaskInstanceState.FAILED


class TaskSkippedEvent(BaseTaskEndEvent):
    """The task is skipped."""

    task_instance_state = TaskInstanceState.SKIPPED


class BaseTrigger(Templater, ABC):
    """Base of all triggers: subclasses define ``serialize`` and ``run``.

    An instance is made in the task, turned into import path and arguments, and made again from these in the triggerer,
    where thousands share one event loop: ``run`` must await, never block.
    """

    supports_triggerer_queue: bool = True
    template_fields: Collection[str] = ()
    template_ext: Sequence[str] = ()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        self._task_instance: Any = None
        self.trigger_id: int | None = None
        """Set by the triggerer."""
        self.template_fields = ()
        self.template_ext = ()
        self.task_id: str | None = None

    @property
    def log(self) -> logging.Logger:
        """Its lines go into the log of the task that waits."""
        return logging.getLogger(f"{type(self).__module__}.{type(self).__name__}")

    @property
    def task(self) -> Any:
        """The operator that waits, where it is known (``start_from_trigger``); else None."""
        return getattr(self.task_instance, "task", None)

    @property
    def task_instance(self) -> Any:
        """The task instance that waits: its ids and numbers. None for a trigger that no task waits for."""
        return getattr(self, "_task_instance", None)

    @task_instance.setter
    def task_instance(self, value: Any) -> None:
        self._task_instance = value
        if value is not None:
            self.task_id = value.task_id
        task = self.task
        if task is None:
            return
        self.template_ext = task.template_ext
        arguments = getattr(task, "start_trigger_args", None)
        given = (arguments.trigger_kwargs or {}) if arguments is not None else {}
        self.template_fields = tuple(name for name in task.template_fields if name in given and hasattr(self, name))

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Render, in place, what the operator says are templates among the trigger's own arguments."""
        self._do_render_template_fields(self, self.template_fields, context, jinja_env, set())

    def get_dag(self) -> Any:
        """The DAG of the task that waits; it gives the template environment."""
        task = self.task
        return None if task is None else getattr(task, "_dag", None)

    @abstractmethod
    def serialize(self) -> tuple[str, dict[str, Any]]:
        """(import path of the class, JSON-able keyword arguments) that make this trigger again."""

    @abstractmethod
    def run(self) -> AsyncIterator[TriggerEvent]:
        """An async generator: wait, then yield an event. One that ends without an event fails its task."""

    async def cleanup(self) -> None:
        """Runs whenever the trigger ends here for whatever reason, also at a stop of the triggerer. Errors are
        dropped."""

    async def on_kill(self) -> None:
        """Runs when a person clears or marks the task that waits: end here what was started elsewhere."""

    @staticmethod
    def repr(classpath: str, kwargs: dict[str, Any]) -> str:
        return f"<{classpath} {', '.join(f'{name}={value}' for name, value in kwargs.items())}>"

    def __repr__(self) -> str:
        return self.repr(*self.serialize())


class BaseEventTrigger(BaseTrigger):
    """Base of triggers that watch for an asset's updates (``AssetWatcher``): they fire again and again.

    Triggers with the same ``shared_stream_key()`` share one ``open_shared_stream``; each picks its events from it in
    ``filter_shared_stream``.
    """

    supports_triggerer_queue: bool = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.asset_state_store: Any = None

    @staticmethod
    def hash(classpath: str, kwargs: dict[str, Any]) -> int:
        """Equal for triggers that watch the same, in every process: they run once."""
        text = classpath.encode() + b"\0" + dumps(dict(sorted(kwargs.items())))
        return int.from_bytes(hashlib.sha256(text).digest()[:8], signed=True)

    def shared_stream_key(self) -> Hashable | None:
        """What it shares a stream by; None = it runs alone."""
        return None

    @classmethod
    def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Any]:
        """An async generator of raw events for all triggers with one key; ``kwargs`` are those of one of them."""
        raise NotImplementedError(f"{cls.__name__} has a shared_stream_key but no open_shared_stream.")

    def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        """An async generator: this trigger's events among the raw ones."""
        raise NotImplementedError(f"{type(self).__name__} has a shared_stream_key but no filter_shared_stream.")
