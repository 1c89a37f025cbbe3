"""A job in another system, submitted once and found again by a retry."""

from __future__ import annotations

from typing import Any

import pytest

from queuack.authoring.operator import BaseOperator
from queuack.operators.resumable import ResumableJobMixin


class Job(ResumableJobMixin, BaseOperator):
    """Remembers what it was asked; ``status`` is what the other system says."""

    external_id_key = "job"
    status = "RUNNING"

    def execute(self, context: Any) -> Any:
        self.calls: list[str] = []
        return self.execute_resumable(context)

    def submit_job(self, context: Any) -> Any:
        self.calls.append("submit")
        return "new"

    def get_job_status(self, external_id: Any, context: Any) -> str:
        return self.status

    def is_job_active(self, status: str) -> bool:
        return status == "RUNNING"

    def is_job_succeeded(self, status: str) -> bool:
        return status == "DONE"

    def poll_until_complete(self, external_id: Any, context: Any) -> Any:
        self.calls.append(f"poll {external_id}")
        return "polled"

    def get_job_result(self, external_id: Any, context: Any) -> Any:
        self.calls.append(f"result {external_id}")
        return "result"


def run(store: dict[str, Any] | None, status: str = "RUNNING", **arguments: Any) -> tuple[Any, list[str]]:
    class Store:
        get = staticmethod((store or {}).get)
        set = staticmethod((store if store is not None else {}).__setitem__)

    job = Job(task_id="job", **arguments)
    job.status = status
    return job.execute({} if store is None else {"task_state_store": Store}), job.calls


def test_the_first_try_submits_and_remembers() -> None:
    store: dict[str, Any] = {}
    assert run(store) == ("result", ["submit", "poll new", "result new"])
    assert store == {"job": "new"}


def test_a_retry_follows_the_job_that_runs() -> None:
    assert run({"job": "old"}) == ("polled", ["poll old"])


def test_a_retry_takes_the_result_of_a_job_that_is_done() -> None:
    assert run({"job": "old"}, "DONE") == ("result", ["result old"])


def test_a_retry_submits_again_after_a_failure() -> None:
    store = {"job": "old"}
    assert run(store, "FAILED")[1][0] == "submit"
    assert store == {"job": "new"}


@pytest.mark.parametrize(("store", "durable"), [(None, True), ({"job": "old"}, False)])
def test_without_a_store_every_try_submits(store: dict[str, Any] | None, durable: bool) -> None:
    assert run(store, durable=durable)[1][0] == "submit"
