"""Retry policies: which rule decides, and where a policy can be given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queuack import DAG, ExceptionRetryPolicy, RetryAction, RetryDecision, RetryRule, task
from queuack.document.build import document_of

RULES = [
    RetryRule("json.decoder.JSONDecodeError", RetryAction.FAIL, reason="never"),
    RetryRule([ConnectionError, "no.such.Error"], retry_delay=timedelta(seconds=9)),
    RetryRule(ValueError, RetryAction.FAIL, match_subclasses=False),
]


class Own(ValueError):
    """A subclass."""


def test_the_first_rule_that_matches_decides() -> None:
    import json

    policy = ExceptionRetryPolicy(RULES, default=RetryAction.RETRY)
    same = ExceptionRetryPolicy.deserialize(policy.serialize())
    for each in (policy, same):
        assert each.evaluate(json.JSONDecodeError("x", "y", 0), 1, 3) == RetryDecision.fail("never")
        assert each.evaluate(BrokenPipeError(), 1, 3) == RetryDecision.retry(
            timedelta(seconds=9), "Matched rule for BrokenPipeError"
        )
        assert each.evaluate(ValueError(), 1, 3).action is RetryAction.FAIL
        assert each.evaluate(Own(), 1, 3) == RetryDecision(RetryAction.RETRY)


def test_a_name_without_module_is_refused() -> None:
    with pytest.raises(ValueError, match="dotted import path"):
        RetryRule("ValueError")


def test_it_comes_from_default_args_and_from_partial() -> None:
    policy, other = ExceptionRetryPolicy([]), ExceptionRetryPolicy(RULES)
    with DAG("d", schedule=None, default_args={"retry_policy": policy}) as dag:

        @task
        def plain() -> None: ...

        @task(retry_policy=other)
        def mapped(x: int) -> int:
            return x

        plain()
        mapped.expand(x=[1, 2])
    assert dag.get_task("plain").retry_policy is policy
    assert dag.get_task("mapped").retry_policy is other
    assert dag.get_task("mapped").unmap({"op_kwargs": {"x": 1}}).retry_policy is other
    assert all(each.has_retry_policy for each in document_of(dag, relative_fileloc="d.py", fileloc="d.py").tasks)
