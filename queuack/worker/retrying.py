"""Asks a task's retry policy about a failed attempt. Decides what its answer changes, and what a broken policy does.

Airflow page: core-concepts/tasks, "Retry policies".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from queuack.authoring.retry_policy import RetryAction, RetryDecision

if TYPE_CHECKING:
    from queuack.protocol import Workload
    from queuack.worker.logs import TaskLog
    from queuack.worker.verdict import Verdict

MAX_REASON = 500
"""Characters that are kept."""


def has_policy(task: Any, verdict: Verdict) -> bool:
    """Whether there is somebody to ask: nobody is about AirflowFailException and the like."""
    return (
        verdict.outcome == "failed"
        and verdict.error is not None
        and not verdict.fail_without_retry
        and getattr(task, "retry_policy", None) is not None
    )


def by_policy(task: Any, context: Any, workload: Workload, verdict: Verdict, log: TaskLog) -> Verdict:
    """The verdict after the policy was asked. What the policy raises, or answers that is no decision, is logged and
    changes nothing; TaskCancelled and the like pass."""
    try:
        decision = task.retry_policy.evaluate(
            exception=verdict.error,
            try_number=workload.try_number,
            max_tries=workload.max_tries,
            context=context,
        )
        _check(decision)
    except Exception as error:
        log.write_exception("The retry policy failed; the task's own retries decide", error)
        return verdict
    if decision.reason:
        log.write("info", f"Retry policy: {decision.action.value}. {decision.reason}", "task")
    if decision.action is RetryAction.FAIL:
        return replace(verdict, fail_without_retry=True)
    if decision.action is RetryAction.DEFAULT:
        return verdict
    delay = decision.retry_delay
    return replace(
        verdict,
        retry_delay=None if delay is None else delay.total_seconds(),
        retry_reason=decision.reason[:MAX_REASON] if decision.reason else None,
    )


def _check(decision: Any) -> None:
    if not isinstance(decision, RetryDecision):
        raise TypeError(f"evaluate() must return a RetryDecision, not {type(decision).__name__}")
    if not isinstance(decision.action, RetryAction):
        raise TypeError(f"the action of a RetryDecision must be a RetryAction, not {decision.action!r}")
    if decision.retry_delay is not None and not isinstance(decision.retry_delay, timedelta):
        raise TypeError(f"the retry_delay of a RetryDecision must be a timedelta, not {decision.retry_delay!r}")
    if decision.reason is not None and not isinstance(decision.reason, str):
        raise TypeError(f"the reason of a RetryDecision must be a str, not {decision.reason!r}")
