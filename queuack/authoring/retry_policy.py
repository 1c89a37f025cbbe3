"""Retry policies: what a failed attempt does next, by the exception it ended with.

Holds what DAG files say and answers ``evaluate``; a worker asks, the daemon never does and never imports a policy.
Airflow page: core-concepts/tasks, "Retry policies"; ``airflow.sdk.RetryPolicy``.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from importlib import import_module
from typing import Any, Self

log = logging.getLogger(__name__)

ExceptionSpec = type[BaseException] | str
"""A class of exceptions, or its dotted import path."""


class RetryAction(Enum):
    """RETRY: try again, while the task has retries left. FAIL: no more tries. DEFAULT: as if there were no policy."""

    RETRY = "retry"
    FAIL = "fail"
    DEFAULT = "default"


@dataclass(frozen=True)
class RetryDecision:
    """What a policy answers. ``retry_delay``: of this one retry, None = the task's own; ``reason``: one line,
    logged, and kept (500 characters) with the task instance when it is retried."""

    action: RetryAction = RetryAction.DEFAULT
    retry_delay: timedelta | None = None
    reason: str | None = None

    @classmethod
    def fail(cls, reason: str | None = None) -> Self:
        return cls(RetryAction.FAIL, reason=reason)

    @classmethod
    def retry(cls, delay: timedelta | None = None, reason: str | None = None) -> Self:
        return cls(RetryAction.RETRY, delay, reason)

    @classmethod
    def default(cls) -> Self:
        return cls()


class RetryPolicy(ABC):
    """Base of policies: ``retry_policy=`` of an operator, of ``default_args``, of ``partial``.

    ``evaluate`` runs in the worker after a failure, but for AirflowFailException and AirflowSensorTimeout, which
    always end a task. What it raises is logged, and the task's ``retries`` and ``retry_delay`` decide.
    """

    @abstractmethod
    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        """``try_number`` counts from 1; ``max_tries`` is the number of retries the task has; ``context`` as the task's
        function gets it."""

    def serialize(self) -> dict[str, Any]:
        """JSON-able; only for those who keep policies elsewhere: Queuack reads them from the DAG file."""
        raise NotImplementedError(f"{type(self).__name__} must implement serialize()")

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> RetryPolicy:
        raise NotImplementedError(f"{cls.__name__} must implement deserialize()")


@dataclass
class RetryRule:
    """What exceptions of a class lead to. ``exception``: a class, a dotted path, or a list of them; with
    ``match_subclasses=False`` only exactly these classes match. A path that cannot be imported matches nothing, with a
    warning. Raises ValueError for a name without a module."""

    exception: ExceptionSpec | list[ExceptionSpec]
    action: RetryAction = RetryAction.RETRY
    retry_delay: timedelta | None = None
    reason: str | None = None
    match_subclasses: bool = True

    def __post_init__(self) -> None:
        self._classes: tuple[type[BaseException], ...] | None = None
        for spec in self._specs:
            if isinstance(spec, str):
                if "." not in spec:
                    raise ValueError(
                        "RetryRule exception string must be a dotted import path (e.g. 'builtins.ValueError'), "
                        f"got {spec!r}"
                    )
                _class_of(spec)

    @property
    def _specs(self) -> list[ExceptionSpec]:
        return self.exception if isinstance(self.exception, list) else [self.exception]

    @property
    def exception_path(self) -> str:
        """Dotted paths, with commas between them."""
        return ",".join(map(_path_of, self._specs))

    def matches(self, exc: BaseException) -> bool:
        if self._classes is None:
            self._classes = tuple(found for spec in self._specs if (found := _class_of(spec)) is not None)
        return isinstance(exc, self._classes) if self.match_subclasses else type(exc) in self._classes

    def serialize(self) -> dict[str, Any]:
        paths = [_path_of(spec) for spec in self._specs]
        data: dict[str, Any] = {
            "exception": paths[0] if len(paths) == 1 else paths,
            "action": self.action.value,
            "match_subclasses": self.match_subclasses,
        }
        if self.retry_delay is not None:
            data["retry_delay"] = self.retry_delay.total_seconds()
        return data if self.reason is None else {**data, "reason": self.reason}

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> Self:
        seconds = data.get("retry_delay")
        return cls(
            exception=data["exception"],
            action=RetryAction(data["action"]),
            retry_delay=None if seconds is None else timedelta(seconds=seconds),
            reason=data.get("reason"),
            match_subclasses=data.get("match_subclasses", True),
        )


class ExceptionRetryPolicy(RetryPolicy):
    """The first rule that matches the exception decides, ``default`` when none does."""

    def __init__(self, rules: list[RetryRule], default: RetryAction = RetryAction.DEFAULT) -> None:
        self.rules = rules
        self.default = default

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        rule = next((rule for rule in self.rules if rule.matches(exception)), None)
        if rule is None:
            return RetryDecision(self.default)
        return RetryDecision(
            rule.action, rule.retry_delay, rule.reason or f"Matched rule for {type(exception).__name__}"
        )

    def serialize(self) -> dict[str, Any]:
        return {
            "__type": "ExceptionRetryPolicy",
            "rules": [rule.serialize() for rule in self.rules],
            "default": self.default.value,
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> ExceptionRetryPolicy:
        rules = [RetryRule.deserialize(rule) for rule in data["rules"]]
        return cls(rules, RetryAction(data.get("default", "default")))


def _path_of(spec: ExceptionSpec) -> str:
    return spec if isinstance(spec, str) else f"{spec.__module__}.{spec.__qualname__}"


def _class_of(spec: ExceptionSpec) -> type[BaseException] | None:
    if not isinstance(spec, str):
        return spec
    module, _, name = spec.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError):
        found = None
    if isinstance(found, type) and issubclass(found, BaseException):
        return found
    log.warning("RetryRule: %r is no exception class that can be imported; it matches nothing.", spec)
    return None
