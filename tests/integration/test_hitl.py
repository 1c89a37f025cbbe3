"""People answer tasks of a real daemon, which dies meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from queuack.errors import AlreadyExists, InvalidRequest, NotAllowed, NotFound
from tests.live.daemon import LiveDaemon, until

DAG = """
from datetime import timedelta
from airflow.sdk import DAG, Param, BaseNotifier, task
from airflow.providers.standard.operators.hitl import (
    ApprovalOperator, HITLBranchOperator, HITLEntryOperator, HITLOperator)

class Note(BaseNotifier):
    template_fields = ("message",)
    def __init__(self, message):
        super().__init__()
        self.message = message
    def notify(self, context):
        context["ti"].xcom_push(key="note", value=self.message)

with DAG("ask", schedule=None):
    enter = HITLEntryOperator(task_id="enter", subject="For {{ dag.dag_id }}?", params={"n": Param(1, type="integer")},
                              notifiers=Note("{{ task.subject }} {{ task.options }}"))
    late = HITLOperator(task_id="late", subject="?", options=["a", "b"], defaults="b", multiple=True,
                        response_timeout=timedelta(seconds=0.1))
    never = HITLOperator(task_id="never", subject="?", options=["a"], response_timeout=timedelta(seconds=0.1))
    check = ApprovalOperator(task_id="check", subject="Ok?", assigned_users={"id": "7", "name": "Alice"})
    where = HITLBranchOperator(task_id="where", subject="?", options=["Left", "right"], options_mapping={"Left": "left"})
    strict = ApprovalOperator(task_id="strict", subject="?", fail_on_reject=True)
    rejected = ApprovalOperator(task_id="rejected", subject="?", ignore_downstream_trigger_rules=True)
    @task
    def left(): ...
    @task
    def right(): ...
    @task(trigger_rule="none_failed")
    def after(): ...
    [enter, late] >> check >> where >> [left(), right()]
    rejected >> task(lambda: 1, task_id="between")() >> after()
"""


def test_people_answer(tmp_path: Path) -> None:
    with LiveDaemon(tmp_path / "home") as daemon:
        daemon.dag("ask", DAG)
        daemon.wait_dag("ask")
        daemon.call("trigger_run", dag_id="ask", run_id="r")

        def waiting() -> set[str]:
            found = daemon.call("list_hitl_details", dag_id="ask", response_received=False, state="awaiting_input")
            return {row["task_id"] for row in found}

        def respond(task_id: str, *options: str, user: str = "7", **params: Any) -> Any:
            place = {"dag_id": "ask", "run": "r", "task_id": task_id}
            answer = {"chosen_options": list(options), "params_input": params, "user_id": user}
            return daemon.call("update_hitl_detail", **place, **answer)

        until(lambda: waiting() == {"enter", "strict", "rejected"}, what="three questions")
        assert daemon.value("select count(*) from trigger") == 0
        daemon.kill()
        daemon.start()
        for options, params in [(("No",), {}), ((), {}), (("OK",), {"n": "x"}), (("OK",), {"m": 1})]:
            with pytest.raises(InvalidRequest):
                respond("enter", *options, **params)
        with pytest.raises(NotFound, match="has not asked"):
            respond("check", "Approve")
        answered = respond("enter", "OK", n=5)
        assert (answered["responded_by_user"], answered["params_input"]) == ({"id": "7", "name": "7"}, {"n": 5})
        with pytest.raises(AlreadyExists):
            respond("enter", "OK")
        until(lambda: "check" in waiting(), what="the next question")
        with pytest.raises(NotAllowed):
            respond("check", "Approve", user="8")
        respond("check", "Approve")
        with pytest.raises(InvalidRequest, match="takes one option"):
            respond("strict", "Approve", "Reject")
        respond("strict", "Reject")
        respond("rejected", "Reject")
        until(lambda: "where" in waiting(), what="the last question")
        respond("where", "Left")
        assert daemon.wait_run("ask", "r") == "failed"
        states = dict(daemon.rows("select task_id, state from task_instance"))
        assert states == {
            **dict.fromkeys(["enter", "late", "check", "where", "left", "rejected"], "success"),
            **dict.fromkeys(["right", "between", "after"], "skipped"),
            **dict.fromkeys(["never", "strict"], "failed"),
        }
        values = {
            (task_id, key): json.loads(value)
            for task_id, key, value in daemon.rows("select task_id, key, value from xcom")
        }
        assert values["enter", "note"] == "For ask? ['OK']"
        assert values["enter", "return_value"]["params_input"] == {"n": 5}
        assert values["late", "return_value"]["chosen_options"] == ["b"]
        by = dict(daemon.rows("select task_id, owner from log where event = 'update_hitl_detail'"))
        assert by == dict.fromkeys(["enter", "check", "strict", "rejected", "where"], "7")
