"""Deadline alerts: by when a run has to be done, and what is called when it is not.

Holds what DAG files say. When a reference is worked out, and by whom, is decided elsewhere.
Airflow page: howto/deadline-alerts.
"""

from __future__ import annotations

import logging
import warnings
from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self, TypeAlias, overload

from queuack.authoring.deadline_callbacks import AsyncCallback, Callback, SyncCallback
from queuack.authoring.variable import Variable

log = logging.getLogger(__name__)

REFERENCE_TYPE_FIELD = "reference_type"


class BaseDeadlineReference(ABC):  # noqa: B024 - as Airflow's: the built-in ones have nothing to define
    """Base of references: the moment that a deadline counts from.

    One of your own defines ``_evaluate_with(self, *, session, **kwargs)``, which gives a datetime, or None for no
    deadline; ``required_kwargs`` names what it wants: ``dag_id``, ``run_id``. It runs in a worker when a run is made.
    With arguments, ``serialize_reference`` and ``deserialize_reference`` say how it is written down.
    """

    required_kwargs: ClassVar[set[str]] = set()

    @property
    def reference_name(self) -> str:
        return type(self).__name__

    def serialize_reference(self) -> dict[str, Any]:
        return {REFERENCE_TYPE_FIELD: self.reference_name}

    @classmethod
    def deserialize_reference(cls, reference_data: dict[str, Any]) -> Self:
        return cls()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseDeadlineReference):
            return NotImplemented
        return self.serialize_reference() == other.serialize_reference()

    def __hash__(self) -> int:
        return hash(self.reference_name)


class DagRunLogicalDateDeadline(BaseDeadlineReference):
    """The run's logical date; a run without one has no deadline."""


class DagRunQueuedAtDeadline(BaseDeadlineReference):
    """When the run was queued; when it is cleared, again from then."""


@dataclass(eq=False)
class FixedDatetimeDeadline(BaseDeadlineReference):
    """The same moment for every run."""

    _datetime: datetime

    def serialize_reference(self) -> dict[str, Any]:
        return {REFERENCE_TYPE_FIELD: self.reference_name, "datetime": self._datetime.timestamp()}

    @classmethod
    def deserialize_reference(cls, reference_data: dict[str, Any]) -> Self:
        from queuack.authoring.timezone import from_timestamp  # pendulum: seldom needed

        return cls(from_timestamp(reference_data["datetime"]))


@dataclass(eq=False)
class AverageRuntimeDeadline(BaseDeadlineReference):
    """As long from the making of the run as the last ``max_runs`` that succeeded took on average; no deadline while
    there are fewer than ``min_runs`` (all ``max_runs``, if None). Raises ValueError for less than 1."""

    DEFAULT_LIMIT: ClassVar[int] = 10
    max_runs: int
    min_runs: int | None = None

    def __post_init__(self) -> None:
        if self.min_runs is None:
            self.min_runs = self.max_runs
        if self.min_runs < 1:
            raise ValueError("min_runs must be at least 1")

    def serialize_reference(self) -> dict[str, Any]:
        return {REFERENCE_TYPE_FIELD: self.reference_name, "max_runs": self.max_runs, "min_runs": self.min_runs}

    @classmethod
    def deserialize_reference(cls, reference_data: dict[str, Any]) -> Self:
        max_runs = reference_data.get("max_runs", cls.DEFAULT_LIMIT)
        return cls(max_runs, reference_data.get("min_runs", max_runs))


DeadlineReferenceType: TypeAlias = BaseDeadlineReference
DeadlineReferenceTypes: TypeAlias = tuple[type[BaseDeadlineReference], ...]
BUILT_IN: DeadlineReferenceTypes = (
    DagRunLogicalDateDeadline,
    DagRunQueuedAtDeadline,
    FixedDatetimeDeadline,
    AverageRuntimeDeadline,
)


@dataclass(frozen=True)
class VariableInterval:
    """An interval in the Variable ``key``: whole seconds, read when a run is made."""

    key: str

    def resolve(self) -> timedelta:
        """Deprecated, as in Airflow: nobody need call it. Raises ValueError."""
        warnings.warn("VariableInterval.resolve() is deprecated: deadlines read the Variable.", DeprecationWarning, 2)
        return timedelta(seconds=seconds_in(self.key))


def seconds_in(key: str) -> int:
    """The seconds that a Variable holds. Raises ValueError when it is missing or holds something else."""
    try:
        value = Variable.get(key)
    except KeyError:
        raise ValueError(f"VariableInterval '{key}' not found") from None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError(f"VariableInterval '{key}' must be an integer (seconds), got: {value!r}") from None


class DeadlineAlert:
    """``interval`` after ``reference`` a run has to have succeeded; otherwise ``callback`` is called, once.

    ``DAG(deadline=…)`` takes one or a list. Raises ValueError for a callback that is no AsyncCallback or SyncCallback.
    """

    def __init__(
        self,
        reference: DeadlineReferenceType,
        interval: timedelta | VariableInterval,
        callback: Callback,
        name: str | None = None,
    ) -> None:
        if not isinstance(callback, AsyncCallback | SyncCallback):
            raise ValueError(f"Callbacks of type {type(callback).__name__} are not currently supported")
        self.reference = reference
        self.interval = interval
        self.callback = callback
        self.name = name

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DeadlineAlert):
            return NotImplemented
        return (
            isinstance(self.reference, type(other.reference))
            and self.interval == other.interval
            and self.callback == other.callback
        )

    def __hash__(self) -> int:
        return hash((type(self.reference).__name__, self.interval, self.callback))


class DeadlineReference:
    """What a deadline can count from. Classes of your own come by ``deadline_reference``."""

    class TYPES:
        """When a reference is worked out. In Queuack as in Airflow 3.3: when the run is made, both."""

        DAGRUN_CREATED: DeadlineReferenceTypes = (
            DagRunLogicalDateDeadline,
            FixedDatetimeDeadline,
            AverageRuntimeDeadline,
        )
        DAGRUN_QUEUED: DeadlineReferenceTypes = (DagRunQueuedAtDeadline,)
        DAGRUN: DeadlineReferenceTypes = DAGRUN_CREATED + DAGRUN_QUEUED

    DAGRUN_LOGICAL_DATE: DeadlineReferenceType = DagRunLogicalDateDeadline()
    DAGRUN_QUEUED_AT: DeadlineReferenceType = DagRunQueuedAtDeadline()

    @classmethod
    def AVERAGE_RUNTIME(  # noqa: N802 - its name in Airflow
        cls, max_runs: int = 0, min_runs: int | None = None
    ) -> DeadlineReferenceType:
        """``max_runs`` 0 = 10."""
        return AverageRuntimeDeadline(max_runs or AverageRuntimeDeadline.DEFAULT_LIMIT, min_runs)

    @classmethod
    def FIXED_DATETIME(cls, dt: datetime) -> DeadlineReferenceType:  # noqa: N802 - its name in Airflow
        return FixedDatetimeDeadline(dt)

    @classmethod
    def register_custom_reference(
        cls,
        reference_class: type[BaseDeadlineReference],
        deadline_reference_type: DeadlineReferenceTypes | None = None,
    ) -> type[BaseDeadlineReference]:
        """Make ``DeadlineReference.<class name>`` of a class. Raises ValueError for what is no reference, or no member
        of ``TYPES``, TypeError for a class that needs arguments."""
        if not (isinstance(reference_class, type) and issubclass(reference_class, BaseDeadlineReference)):
            raise ValueError(f"{reference_class!r} must inherit from BaseDeadlineReference")
        types = cls.TYPES
        wanted = types.DAGRUN_CREATED if deadline_reference_type is None else deadline_reference_type
        if wanted is not types.DAGRUN_CREATED and wanted is not types.DAGRUN_QUEUED:
            raise ValueError(
                f"Invalid deadline reference type {wanted}; must be a valid DeadlineReference.TYPES option."
            )
        try:
            instance = reference_class()
        except TypeError as error:
            raise TypeError(
                f"{reference_class.__name__} must be constructible with no arguments in order to be registered as a "
                "deadline reference. If it takes parameters, decorate it with @dataclass and give every field a "
                f"default value. Original error: {error}"
            ) from error
        setattr(cls, reference_class.__name__, instance)
        if wanted is types.DAGRUN_CREATED:
            types.DAGRUN_CREATED += (reference_class,)
        else:
            types.DAGRUN_QUEUED += (reference_class,)
        types.DAGRUN = types.DAGRUN_CREATED + types.DAGRUN_QUEUED
        return reference_class


@overload
def deadline_reference(deadline_reference_type: type[BaseDeadlineReference]) -> type[BaseDeadlineReference]: ...


@overload
def deadline_reference(
    deadline_reference_type: DeadlineReferenceTypes | None = None,
) -> Callable[[type[BaseDeadlineReference]], type[BaseDeadlineReference]]: ...


def deadline_reference(deadline_reference_type: Any = None) -> Any:
    """``@deadline_reference`` or ``@deadline_reference(DeadlineReference.TYPES.DAGRUN_QUEUED)``: register a class."""
    if isinstance(deadline_reference_type, type):
        return DeadlineReference.register_custom_reference(deadline_reference_type)

    def register(reference_class: type[BaseDeadlineReference]) -> type[BaseDeadlineReference]:
        return DeadlineReference.register_custom_reference(reference_class, deadline_reference_type)

    return register


def as_alerts(given: Any, dag_id: str) -> list[DeadlineAlert] | None:
    """``DAG(deadline=…)`` as a list. Raises TypeError."""
    if given is None:
        return None
    alerts = [given] if isinstance(given, DeadlineAlert) else list(given)
    for alert in alerts:
        if not isinstance(alert, DeadlineAlert):
            raise TypeError(f"DAG {dag_id!r}: deadline takes DeadlineAlerts, not {type(alert).__name__} ({alert!r})")
    return alerts
