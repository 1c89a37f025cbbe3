"""``ResumableJobMixin``: an operator that submits one job to another system and, on a retry, finds it again there.

Decides when a job is submitted, followed or only asked for its result; the state store of the task keeps its id.
Airflow page: core-concepts/operators, "Resumable jobs".
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import Any

log = logging.getLogger("airflow.task")


class ResumableJobMixin(ABC):
    """Before ``BaseOperator`` in the list of bases; ``execute`` calls ``execute_resumable(context)``.

    A worker that dies leaves the job running; the retry follows it instead of submitting another. Without a task state
    store, or with ``durable=False``, every try submits. A worker that dies right after ``submit_job`` leaves a job that
    is not found again.
    """

    external_id_key: str = "remote_job_id"
    """Key of the job's id in the task's state store."""

    def __init__(self, *, durable: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.durable = durable

    def execute_resumable(self, context: Any) -> Any:
        """Submit or find the job, wait for its end, return its result."""
        store = context.get("task_state_store") if self.durable else None
        if store is None:
            if self.durable:
                log.warning("There is no task state store: a retry will submit the job again.")
            return self._run_new(context, None)
        external_id = store.get(self.external_id_key)
        if not external_id:
            return self._run_new(context, store)
        status = self.get_job_status(external_id, context)
        if self.is_job_active(status):
            log.info("The job %s is %s: waiting for it.", external_id, status)
            return self.poll_until_complete(external_id, context)
        if self.is_job_succeeded(status):
            log.info("The job %s has succeeded already.", external_id)
            return self.get_job_result(external_id, context)
        log.warning("The job %s is %s: submitting another.", external_id, status)
        return self._run_new(context, store)

    def _run_new(self, context: Any, store: Any) -> Any:
        external_id = self.submit_job(context)
        if store is not None and external_id is not None:
            store.set(self.external_id_key, external_id)
        self.poll_until_complete(external_id, context)
        return self.get_job_result(external_id, context)

    @abstractmethod
    def submit_job(self, context: Any) -> Any:
        """Submit the job; return its id, JSON. None is not kept."""

    @abstractmethod
    def get_job_status(self, external_id: Any, context: Any) -> str:
        """The other system's word for the job's state."""

    @abstractmethod
    def is_job_active(self, status: str) -> bool:
        """Whether a job of that status still runs."""

    @abstractmethod
    def is_job_succeeded(self, status: str) -> bool:
        """Whether a job of that status has ended well."""

    @abstractmethod
    def poll_until_complete(self, external_id: Any, context: Any) -> Any:
        """Wait for the job's end. Raises when it failed."""

    @abstractmethod
    def get_job_result(self, external_id: Any, context: Any) -> Any:
        """What the task returns."""
