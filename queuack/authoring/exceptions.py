"""The exceptions DAG authors raise and catch: Airflow's names, Airflow's bases.

One class here is served under every import path Airflow knows (``airflow.exceptions``, ``airflow.sdk.exceptions``),
so ``except`` clauses and ``isinstance`` agree. Errors of Queuack's own machinery are in ``queuack.errors``.
Airflow page: "Exceptions" (public interface) and core-concepts/tasks, "Special Exceptions".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from http import HTTPStatus
from typing import Any

Serialized = tuple[str, tuple[Any, ...], dict[str, Any]]
"""Import path, positional and keyword arguments that make the exception again."""


class AirflowException(Exception):
    """Base of the errors that concern DAGs and tasks."""

    status_code: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR

    def serialize(self) -> Serialized:
        return f"{type(self).__module__}.{type(self).__name__}", (str(self),), {}


class AirflowBadRequest(AirflowException):
    """The application or server cannot handle the request."""

    status_code = HTTPStatus.BAD_REQUEST


class AirflowNotFoundException(AirflowException):
    """The object asked for is not there."""

    status_code = HTTPStatus.NOT_FOUND


class AirflowConfigException(AirflowException):
    """There is a problem with the configuration."""


class AirflowOptionalProviderFeatureException(AirflowException):
    """An optional feature of a provider lacks its imports."""


class AirflowSecretsBackendAccessDenied(PermissionError):
    """A secrets backend refuses with authority: no other backend is asked."""


class AirflowInternalRuntimeError(BaseException):
    """A bug in the system, not in the task."""


class AirflowRuntimeError(Exception):
    """The running system answered a task with an error."""

    def __init__(self, error: Any = None) -> None:
        self.error = error
        super().__init__(str(error) if error is not None else "")


class ErrorType(Enum):
    """What an AirflowRuntimeError is about."""

    CONNECTION_NOT_FOUND = "CONNECTION_NOT_FOUND"
    VARIABLE_NOT_FOUND = "VARIABLE_NOT_FOUND"
    XCOM_NOT_FOUND = "XCOM_NOT_FOUND"
    ASSET_NOT_FOUND = "ASSET_NOT_FOUND"
    TASK_STORE_NOT_FOUND = "TASK_STORE_NOT_FOUND"
    ASSET_STORE_NOT_FOUND = "ASSET_STORE_NOT_FOUND"
    DAGRUN_ALREADY_EXISTS = "DAGRUN_ALREADY_EXISTS"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    GENERIC_ERROR = "GENERIC_ERROR"
    API_SERVER_ERROR = "API_SERVER_ERROR"


@dataclass(frozen=True)
class RuntimeProblem:
    """The ``error`` of an AirflowRuntimeError."""

    error: ErrorType
    detail: dict[str, Any]


class VariableNotFound(KeyError, AirflowRuntimeError):
    """There is no such variable: caught as Airflow 2's KeyError and as Airflow 3's AirflowRuntimeError."""

    def __init__(self, key: str) -> None:
        message = f"Variable {key} does not exist"
        AirflowRuntimeError.__init__(self, RuntimeProblem(ErrorType.VARIABLE_NOT_FOUND, {"message": message}))
        self.args = (message,)

    def __str__(self) -> str:
        return str(self.args[0])


class AirflowFailException(AirflowException):
    """Fail the task now, whatever retries are left."""


class AirflowInactiveAssetInInletOrOutletException(AirflowFailException):
    """A task names an inactive asset."""

    def __init__(self, inactive_asset_keys: Collection[Any] = ()) -> None:
        self.inactive_asset_keys = inactive_asset_keys
        names = ", ".join(map(repr, inactive_asset_keys))
        super().__init__(f"Task has the following inactive assets in its inlets or outlets: {names}")


class AirflowSkipException(AirflowException):
    """End the task in state skipped."""


class AirflowRescheduleException(AirflowException):
    """Run the task again, same attempt, at ``reschedule_date``."""

    def __init__(self, reschedule_date: datetime) -> None:
        super().__init__()
        self.reschedule_date = reschedule_date

    def serialize(self) -> Serialized:
        return f"{type(self).__module__}.{type(self).__name__}", (), {"reschedule_date": self.reschedule_date}


class AirflowSensorTimeout(AirflowException):
    """A sensor waited longer than its ``timeout``."""


class AirflowTaskTimeout(BaseException):
    """The task ran longer than its ``execution_timeout``. Not an Exception.

    ``except Exception`` must not swallow it.
    """


class AirflowTaskTerminated(BaseException):
    """The task is being ended from outside."""


class AirflowWebServerException(AirflowException):
    """The web server failed."""


class AirflowDagCycleException(AirflowException):
    """The DAG has a cycle."""


class AirflowDagInconsistent(AirflowException):
    """The DAG's attributes contradict each other."""


class AirflowDagDuplicatedIdException(AirflowException):
    """Two files define the same ``dag_id``."""

    def __init__(self, dag_id: str, incoming: str, existing: str) -> None:
        super().__init__(dag_id, incoming, existing)
        self.dag_id, self.incoming, self.existing = dag_id, incoming, existing

    def __str__(self) -> str:
        return f"Ignoring DAG {self.dag_id} from {self.incoming} - also found in {self.existing}"


class AirflowClusterPolicyViolation(AirflowException):
    """A cluster policy rejects the DAG or task."""


class AirflowClusterPolicySkipDag(AirflowException):
    """A cluster policy leaves the DAG out."""


class AirflowClusterPolicyError(AirflowException):
    """A cluster policy is itself broken."""


class AirflowTimetableInvalid(AirflowException):
    """The DAG's schedule is not valid."""


class DagNotFound(AirflowNotFoundException):
    """There is no such DAG."""


class DagCodeNotFound(AirflowNotFoundException):
    """The source of the DAG is not there."""


class DagRunNotFound(AirflowNotFoundException):
    """There is no such DAG run."""


class DagRunAlreadyExists(AirflowBadRequest):
    """A DAG run with this run id or logical date exists already."""


class FailFastDagInvalidTriggerRule(AirflowException):
    """A DAG with ``fail_fast`` has a task with another trigger rule than ``all_success``."""

    @classmethod
    def check(cls, *, fail_fast: bool, trigger_rule: str) -> None:
        if fail_fast and trigger_rule not in ("all_success", "all_done_setup_success"):
            raise cls("A 'fail_fast' DAG can only have 'all_success' trigger rules.")


class DuplicateTaskIdFound(AirflowException):
    """Two tasks or task groups of a DAG have the same id."""


class TaskAlreadyInTaskGroup(AirflowException):
    """The task belongs to another task group."""

    def __init__(self, task_id: str, existing_group_id: str | None, new_group_id: str) -> None:
        super().__init__(task_id, new_group_id)
        self.task_id, self.existing_group_id, self.new_group_id = task_id, existing_group_id, new_group_id

    def __str__(self) -> str:
        where = "the DAG's root group" if self.existing_group_id is None else f"group {self.existing_group_id!r}"
        return f"cannot add {self.task_id!r} to {self.new_group_id!r} (already in {where})"


class TaskNotFound(AirflowException):
    """There is no such task in the DAG."""


class NodeNotFound(TaskNotFound, KeyError):
    """``group["label"]`` names neither a task nor a task group."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class TaskInstanceNotFound(AirflowNotFoundException):
    """There is no such task instance."""


class PoolNotFound(AirflowNotFoundException):
    """There is no such pool."""


class ParamValidationError(AirflowException, ValueError):
    """A param's value does not fit its JSON schema."""


class XComNotFound(AirflowException):
    """An XComArg refers to an XCom that is not there."""

    def __init__(self, dag_id: str, task_id: str, key: str) -> None:
        super().__init__()
        self.dag_id, self.task_id, self.key = dag_id, task_id, key

    def __str__(self) -> str:
        return f'XComArg result from {self.task_id} at {self.dag_id} with key="{self.key}" is not found!'

    def serialize(self) -> Serialized:
        arguments = {"dag_id": self.dag_id, "task_id": self.task_id, "key": self.key}
        return f"{type(self).__module__}.{type(self).__name__}", (), arguments


class XComForMappingNotPushed(TypeError):
    """What a mapped task expands over was not pushed."""

    def __str__(self) -> str:
        return "did not push XCom for task mapping"


class UnmappableXComTypePushed(TypeError):
    """What a mapped task expands over is neither a list nor a dict."""

    def __init__(self, value: Any, *values: Any) -> None:
        super().__init__(value, *values)

    def __str__(self) -> str:
        name = type(self.args[0]).__qualname__
        for inner in self.args[1:]:
            name = f"{name}[{type(inner).__qualname__}]"
        return f"unmappable return type {name!r}"


class UnmappableXComLengthPushed(AirflowException):
    """What a mapped task expands over is too long."""

    def __init__(self, value: Any, max_length: int) -> None:
        super().__init__(value)
        self.value, self.max_length = value, max_length

    def __str__(self) -> str:
        return f"unmappable return value length: {len(self.value)} > {self.max_length}"


class DownstreamTasksSkipped(AirflowException):
    """A task ended well and these tasks after it are to be skipped: ids, or (id, map_index) pairs."""

    def __init__(self, *, tasks: Sequence[str | tuple[str, int]]) -> None:
        super().__init__()
        self.tasks = tasks


class DagRunTriggerException(AirflowException):
    """How TriggerDagRunOperator asks for a run of another DAG."""

    def __init__(
        self,
        *,
        trigger_dag_id: str,
        dag_run_id: str,
        conf: dict[str, Any] | None,
        logical_date: datetime | None = None,
        run_after: datetime | None = None,
        reset_dag_run: bool = False,
        skip_when_already_exists: bool = False,
        wait_for_completion: bool = False,
        allowed_states: Iterable[str] = ("success",),
        failed_states: Iterable[str] = ("failed",),
        poke_interval: int = 60,
        deferrable: bool = False,
        note: str | None = None,
    ) -> None:
        super().__init__()
        self.trigger_dag_id = trigger_dag_id
        self.dag_run_id = dag_run_id
        self.conf = conf
        self.logical_date = logical_date
        self.run_after = run_after
        self.reset_dag_run = reset_dag_run
        self.skip_when_already_exists = skip_when_already_exists
        self.wait_for_completion = wait_for_completion
        self.allowed_states = list(allowed_states)
        self.failed_states = list(failed_states)
        self.poke_interval = poke_interval
        self.deferrable = deferrable
        self.note = note


class TaskDeferred(BaseException):
    """The task waits for ``trigger``; it goes on in its method ``method_name``."""

    def __init__(
        self,
        *,
        trigger: Any,
        method_name: str | None,
        kwargs: dict[str, Any] | None = None,
        timeout: timedelta | int | float | None = None,
    ) -> None:
        super().__init__()
        self.trigger, self.method_name, self.kwargs, self.timeout = trigger, method_name, kwargs, timeout

    def serialize(self) -> Serialized:
        names = ("trigger", "method_name", "kwargs", "timeout")
        return f"{type(self).__module__}.{type(self).__name__}", (), {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return f"<TaskDeferred trigger={self.trigger} method={self.method_name}>"


class TaskAwaitingInput(BaseException):
    """The task waits for a person's answer; it goes on in its method ``method_name``."""

    def __init__(
        self, *, method_name: str, kwargs: dict[str, Any] | None = None, timeout: timedelta | float | None = None
    ) -> None:
        super().__init__()
        self.method_name, self.kwargs, self.timeout = method_name, kwargs, timeout


class TaskDeferralError(AirflowException):
    """The trigger of a deferred task failed."""


class TaskDeferralTimeout(AirflowException):
    """A deferred task waited longer than its trigger's timeout."""


class SerializationError(AirflowException):
    """A DAG cannot be serialized."""


class RemovedInAirflow3Warning(DeprecationWarning):
    """The name is gone in Airflow 3; Queuack still takes it."""


class RemovedInAirflow4Warning(DeprecationWarning):
    """The name will be gone in Airflow 4."""


class AirflowProviderDeprecationWarning(DeprecationWarning):
    """A provider is about to drop something."""


class DeserializingResultError(ValueError):
    """What a function in another interpreter returned cannot be read here."""

    def __str__(self) -> str:
        return (
            "Error deserializing result. "
            "Note that result deserialization is not supported across major Python versions."
        )
