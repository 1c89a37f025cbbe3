"""Every error Queuack raises on purpose: one tree; the docstring is the default message.

Each class knows the exit code a command ends with and the HTTP status an API answers with.
What DAG authors catch (``AirflowException`` and its family) lives in ``authoring/exceptions.py``;
this file is for Queuack's own machinery. It imports nothing of Queuack.
"""

from __future__ import annotations

from typing import ClassVar


class QueuackError(Exception):
    """Something went wrong."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())

    @property
    def message(self) -> str:
        return str(self.args[0])


class UsageError(QueuackError):
    """The command was not understood."""

    exit_code = 2
    http_status = 400


class SettingError(UsageError):
    """A setting has an unknown name or a bad value."""


class InvalidRequest(QueuackError):
    """The request cannot be carried out as it stands."""

    http_status = 400


class SeveralFound(InvalidRequest):
    """The request fits more than one thing, and must fit one."""

    http_status = 409


class InvalidValue(InvalidRequest):
    """A value that is not taken, as it is too large or of the wrong kind."""

    http_status = 422


class NotFound(QueuackError):
    """There is no such thing."""

    http_status = 404


class DagNotFound(NotFound):
    """There is no such DAG."""


class DagRunNotFound(NotFound):
    """There is no such DAG run."""


class TaskNotFound(NotFound):
    """There is no such task."""


class NotAllowed(QueuackError):
    """This user may not do that."""

    http_status = 403


class AlreadyExists(QueuackError):
    """It exists already."""

    http_status = 409


class DagRunAlreadyExists(AlreadyExists):
    """A DAG run with this run id or logical date exists already."""


class TasksRunning(QueuackError):
    """Tasks are running."""

    http_status = 409


class BackfillNotFound(NotFound):
    """There is no such backfill."""


class AlreadyRunningBackfill(QueuackError):
    """Another backfill of the DAG is running."""

    http_status = 409


class BackfillAlreadyCompleted(QueuackError):
    """The backfill is already completed."""

    http_status = 409


class InvalidBackfill(InvalidRequest):
    """This backfill cannot be made."""

    http_status = 422


class DagNonPeriodicScheduleException(InvalidBackfill):
    """The DAG's schedule does not support backfills."""


class InvalidBackfillDirection(InvalidBackfill):
    """A backfill of tasks that depend on the past cannot run backwards."""


class InvalidReprocessBehavior(InvalidBackfill):
    """The reprocess behavior does not fit the DAG."""


class InvalidBackfillDate(InvalidBackfill):
    """The dates are all in the future."""


class InvalidBackfillDateRange(InvalidBackfill):
    """The range ends before it begins."""


class InvalidBackfillConf(InvalidBackfill):
    """The conf does not fit the DAG's params."""


class NoBackfillRunsToCreate(InvalidBackfill):
    """The range has no runs."""


class IllegalTransition(QueuackError):
    """A task instance was asked to go where it cannot go."""


class StoreError(QueuackError):
    """The database refused."""


class StoreLocked(StoreError):
    """Another process has the database open."""


class SecretUnreadable(StoreError):
    """An encrypted value cannot be decrypted with the keys at hand."""


class StoreTooNew(StoreError):
    """The database was written by a newer Queuack."""


class StoreDamaged(StoreError):
    """The database file is damaged."""


class StoreUnavailable(StoreError):
    """The database cannot be written right now (full disk or unwritable folder)."""


class ProtocolError(QueuackError):
    """The other side said something this side does not understand."""


class DaemonUnreachable(QueuackError):
    """No daemon answers on this home's socket."""


class NotBuilt(QueuackError):
    """This part of Airflow is not built in Queuack yet."""

    http_status = 501
