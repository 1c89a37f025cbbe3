"""SubDAGs in a real daemon: a tree of runs in a pool of one slot, killed in between, cleared from the bottom."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.live.daemon import LiveDaemon, until

DAG = """
import os, time
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.operators.subdag import SubDagOperator

FOLDER = {folder!r}

def work(**context):
    with open(os.path.join(FOLDER, "record"), "a") as file:
        file.write(context["dag"].dag_id + ":" + context["task"].task_id + "\\n")

def gate(**context):
    while not os.path.exists(os.path.join(FOLDER, context["dag_run"].conf["gate"])):
        time.sleep(0.02)
    return [str(context["logical_date"]), context["params"]["greeting"], context["dag_run"].conf]

def make(dag_id, below):
    with DAG(dag_id, schedule="@daily" if "." in dag_id else None, params={params}) as dag:
        first = PythonOperator(task_id="first", python_callable=work, pool="narrow")
        if below:
            middle = SubDagOperator(task_id="s", subdag=make(dag_id + ".s", below - 1), pool="narrow", conf={{str(below): 1}})
        else:
            middle = PythonOperator(task_id="gate", python_callable=gate, pool="narrow")
        first >> middle >> PythonOperator(task_id="last", python_callable=work, pool="narrow")
    return dag

tree = make("tree", 2)
tree.params["greeting"] = "hello"
"""
ORDER = ["tree:first", "tree.s:first", "tree.s.s:first", "tree.s.s:last", "tree.s:last", "tree:last"]


def states(daemon: LiveDaemon, run: str = "one") -> dict[str, str | None]:
    """Every task instance of the tree, by the query that the page shows."""
    page = (Path(__file__).parents[2] / "docs" / "concepts" / "subdags.md").read_text(encoding="utf-8")
    (query,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    query = query.replace("'night'", "'tree'").replace("'one'", f"'{run}'")
    return {f"{dag_id}:{task_id}": state for _, dag_id, task_id, _, state in daemon.rows(query)}


def test_a_tree_of_runs_outlives_a_killed_daemon_and_is_cleared(tmp_path: Path) -> None:
    record = tmp_path / "record"
    with LiveDaemon(tmp_path / "home") as daemon:
        daemon.call("set_pool", pool="narrow", slots=1, description="", include_deferred=True)
        daemon.dag("tree", DAG.format(folder=str(tmp_path), params="{}"))
        for dag_id in ("tree", "tree.s", "tree.s.s"):
            daemon.wait_dag(dag_id)
        assert daemon.rows("select dag_id, is_subdag, root_dag_id, next_dagrun from dag order by dag_id") == [
            ["tree", False, None, None],
            ["tree.s", True, "tree", None],
            ["tree.s.s", True, "tree", None],
        ]
        daemon.call("trigger_run", dag_id="tree", run_id="one", logical_date="2026-01-02T00:00:00Z", conf={"gate": "g"})
        until(lambda: states(daemon).get("tree.s.s:gate") == "running", what="the gate")
        assert (states(daemon)["tree:s"], states(daemon)["tree.s:s"]) == ("deferred", "deferred")
        daemon.kill()
        daemon.start()
        assert states(daemon)["tree:s"] == "deferred"
        (tmp_path / "g").touch()
        assert daemon.wait_run("tree", "one") == "success"
        assert record.read_text().split() == ORDER
        assert len(states(daemon)) == 9
        value = "select value::VARCHAR from xcom where dag_id = 'tree.s.s' and task_id = 'gate'"
        date, greeting, conf = json.loads(daemon.value(value))
        assert (date[:10], greeting, conf) == ("2026-01-02", "hello", {"gate": "g", "1": 1, "2": 1})

        daemon.call("clear_tasks", dag_id="tree.s.s", run="one", task_ids=["last"])
        until(lambda: len(record.read_text().split()) == 9, what="the cleared tasks")
        assert daemon.wait_run("tree", "one") == "success"
        assert record.read_text().split()[6:] == ORDER[3:]

        tree = daemon.call("run_tree", dag_id="tree", run="one")
        (below,) = [task["subdag"] for task in tree["tasks"] if task["task_id"] == "s"]
        assert [task["task_id"] for task in below["tasks"]] == ["first", "s", "last"]
        assert below["tasks"][1]["subdag"]["parent_dag_id"] == "tree.s"
        assert [run["dag_id"] for run in daemon.call("list_children", dag_id="tree", run="one")] == ["tree.s"]
