"""``queuack tasks``: list, state, states-for-dag-run, failed-deps, waiting, respond, test, render, logs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from queuack.cli import control
from queuack.cli.graph import kind, upstream_first
from queuack.cli.groups import Group
from queuack.cli.options import JSON_OBJECT, dag_argument, map_index_option, output_option, run_argument, user_name
from queuack.cli.output import Column, Row, duration, print_data, print_rows, state_text
from queuack.cli.session import Session
from queuack.errors import DagNotFound, DagRunNotFound, NotFound, TaskNotFound

ENDED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
STATE_CHECK = 1.0
"""Seconds between questions whether a followed task has ended."""


def _name(row: Row) -> str:
    index = row.get("map_index", -1)
    return f"{row['task_id']}[{index}]" if index is not None and index >= 0 else str(row["task_id"])


TASK_COLUMNS = (
    Column("task_id", "task_id"),
    Column("operator", kind),
    Column("trigger_rule", lambda row: row.get("trigger_rule", "all_success"), droppable=True),
    Column("downstream", lambda row: row.get("downstream_task_ids", []), wraps=True, droppable=True),
)
INSTANCE_COLUMNS = (
    Column("task_id", _name),
    Column("state", lambda row: row.get("state") or "none", kind="state"),
    Column("try", "try_number", kind="number"),
    Column("start_date", "start_date", kind="instant", droppable=True),
    Column("took", duration, kind="number"),
    Column("operator", lambda row: row.get("operator_name") or row.get("operator"), droppable=True),
)
QUESTION_COLUMNS = (
    Column("dag_id", "dag_id"),
    Column("run_id", "run_id", wraps=True),
    Column("task_id", _name),
    Column("subject", "subject", wraps=True),
    Column("options", lambda row: ", ".join(row["options"]), wraps=True),
    Column("params", lambda row: ", ".join(row["params"] or {}), wraps=True, droppable=True),
    Column("asks", lambda row: ", ".join(user["name"] for user in row["assigned_users"] or []), droppable=True),
    Column("since", "created_at", kind="instant", droppable=True),
)
ANSWERED_COLUMNS = (
    *QUESTION_COLUMNS[:4],
    Column("answer", lambda row: ", ".join(row["chosen_options"] or []), wraps=True),
    Column("by", lambda row: (row["responded_by_user"] or {}).get("name", ""), droppable=True),
    Column("at", "responded_at", kind="instant", droppable=True),
)


@click.group(cls=Group)
def tasks() -> None:
    """List, test, render, explain, clear, mark tasks; read logs."""


@tasks.command("list")
@dag_argument
@output_option
@click.pass_obj
def list_tasks(session: Session, dag_id: str, output: str) -> None:
    """List the tasks of a DAG."""
    rows = session.dags_client.call("list_tasks", dag_id=dag_id)
    print_rows(_upstream_first(rows, rows), TASK_COLUMNS, output, empty="It has no tasks.")


for _command in (control.clear_tasks, control.set_task_state, control.note_task):
    tasks.add_command(_command)


@tasks.command()
@dag_argument
@click.argument("task_id")
@run_argument
@map_index_option
@output_option
@click.pass_obj
def state(
    session: Session, dag_id: str, task_id: str, logical_date_or_run_id: str, map_index: int, output: str
) -> None:
    """Print the state of a task instance."""
    row = session.client.call(
        "get_task_instance", dag_id=dag_id, run=logical_date_or_run_id, task_id=task_id, map_index=map_index
    )
    if output in ("json", "yaml"):
        print_data(row, output)
    else:
        click.echo(state_text(row["state"]))


@tasks.command("states-for-dag-run")
@dag_argument
@run_argument
@output_option
@click.pass_obj
def states_for_dag_run(session: Session, dag_id: str, logical_date_or_run_id: str, output: str) -> None:
    """List the states of all task instances of a run."""
    rows = session.client.call("list_task_instances", dag_id=dag_id, run=logical_date_or_run_id)
    try:
        tasks = session.client.call("list_tasks", dag_id=dag_id)
    except DagNotFound:  # no version of it is known
        tasks = []
    print_rows(_upstream_first(rows, tasks), INSTANCE_COLUMNS, output, empty="No task instances yet.")


@tasks.command("failed-deps")
@dag_argument
@click.argument("task_id")
@run_argument
@map_index_option
@output_option
@click.pass_obj
def failed_deps(
    session: Session, dag_id: str, task_id: str, logical_date_or_run_id: str, map_index: int, output: str
) -> None:
    """Tell why a task instance is not running."""
    rows = session.client.call(
        "failed_deps", dag_id=dag_id, run=logical_date_or_run_id, task_id=task_id, map_index=map_index
    )
    columns = (Column("dep", "dep"), Column("reason", "reason", wraps=True))
    print_rows(rows, columns, output, empty="Nothing holds it back.")


@tasks.command()
@click.argument("dag_id", required=False)
@click.option("--all", "everything", is_flag=True, help="Also what has been answered, or is waited for no more.")
@output_option
@click.pass_obj
def waiting(session: Session, dag_id: str | None, everything: bool, output: str) -> None:
    """List the tasks that wait for a person's answer."""
    filters = {} if everything else {"response_received": False, "state": "awaiting_input"}
    rows = session.client.call("list_hitl_details", dag_id=dag_id, **filters)
    print_rows(rows, ANSWERED_COLUMNS if everything else QUESTION_COLUMNS, output, empty="No task waits for an answer.")


@tasks.command()
@dag_argument
@click.argument("task_id")
@run_argument
@click.option("--option", "options", multiple=True, metavar="TEXT", help="What you choose; may be repeated.")
@click.option("-p", "--params", type=JSON_OBJECT, metavar="JSON", help="What you enter, a JSON object.")
@click.option("--user", metavar="NAME", help="Who answers [default: you].")
@map_index_option
@output_option
@click.pass_obj
def respond(
    session: Session,
    dag_id: str,
    task_id: str,
    logical_date_or_run_id: str,
    options: tuple[str, ...],
    params: dict[str, Any] | None,
    user: str | None,
    map_index: int,
    output: str,
) -> None:
    """Answer a task that waits for a person.

    Without --option: the only option there is. Params you do not give keep their defaults.
    """
    instance = _either_way(session, dag_id, task_id, logical_date_or_run_id, map_index)
    named = {name: instance[name] for name in ("dag_id", "task_id", "map_index")} | {"run": instance["run_id"]}
    chosen = list(options)
    if not chosen:
        offered = session.client.call("get_hitl_detail", **named)["options"]
        chosen = offered if len(offered) == 1 else []
    row = session.client.call(
        "update_hitl_detail", **named, chosen_options=chosen, params_input=params, user_id=user or user_name()
    )
    if output in ("json", "yaml"):
        print_data(row, output)
    else:
        click.echo(f"Answered: {', '.join(row['chosen_options'])}. Task {_name(row)} goes on.")


@tasks.command()
@dag_argument
@click.argument("task_id")
@click.argument("logical_date_or_run_id", metavar="[LOGICAL_DATE_OR_RUN_ID]", required=False)
@map_index_option
@click.option("-t", "--task-params", type=JSON_OBJECT, metavar="JSON", help="Params of the task, a JSON object.")
@click.option("--env-vars", type=JSON_OBJECT, metavar="JSON", help="Environment variables to set, a JSON object.")
@click.pass_obj
def test(
    session: Session,
    dag_id: str,
    task_id: str,
    logical_date_or_run_id: str | None,
    map_index: int,
    task_params: dict[str, Any] | None,
    env_vars: dict[str, Any] | None,
) -> int:
    """Run one task here and now; nothing is recorded.

    It does not wait for what is upstream.
    """
    from queuack import testing  # start-up time: the whole machinery, only to run a task

    assert session.config is not None
    code: int = testing.test_task(
        session.home,
        dag_id,
        task_id,
        logical_date_or_run_id,
        map_index=map_index,
        task_params=task_params,
        env_vars=None if env_vars is None else {name: str(value) for name, value in env_vars.items()},
    )
    return code


@tasks.command()
@dag_argument
@click.argument("task_id")
@run_argument
@map_index_option
@output_option
@click.pass_obj
def render(
    session: Session, dag_id: str, task_id: str, logical_date_or_run_id: str, map_index: int, output: str
) -> None:
    """Print templated fields as they render for a run."""
    from queuack import testing  # start-up time: the whole machinery, only to render

    assert session.config is not None
    fields = testing.render_task(session.home, dag_id, task_id, logical_date_or_run_id, map_index=map_index)
    if output in ("json", "yaml"):
        print_data(fields, output)
        return
    for name, value in fields.items():
        click.secho(f"# {name}", bold=True)
        click.echo(value if isinstance(value, str) else str(value))
        click.echo()


@tasks.command()
@dag_argument
@click.argument("task_id")
@run_argument
@click.option(
    "--try", "--try-number", "try_number", type=click.IntRange(min=1), metavar="N", help="Which try [default: latest]."
)
@map_index_option
@click.option("-f", "--follow", is_flag=True, help="Print new lines as they come, until the task has ended.")
@click.option("--raw", is_flag=True, help="Print the JSON lines as they are.")
@click.pass_obj
def logs(
    session: Session,
    dag_id: str,
    task_id: str,
    logical_date_or_run_id: str,
    try_number: int | None,
    map_index: int,
    follow: bool,
    raw: bool,
) -> None:
    """Print the log of a task instance. The run may also stand before the task."""
    from queuack.cli import logs as reader

    instance = _either_way(session, dag_id, task_id, logical_date_or_run_id, map_index)
    named = {name: instance[name] for name in ("dag_id", "task_id", "map_index")} | {"run": instance["run_id"]}
    answer = session.client.call("log_path", **named, try_number=try_number)
    path = Path(session.config.get_str("logging", "base_log_folder")) / (
        answer["path"] if isinstance(answer, dict) else answer
    )
    if follow:
        for line in reader.follow(path, _has_ended(session, named)):
            click.echo(line)
        return
    if not reader.parts(path):
        raise NotFound(f"There is no log yet: {path} (the task is {instance['state'] or 'not scheduled'}).")
    if raw:
        for part in reader.parts(path):
            click.echo(part.read_text(encoding="utf-8", errors="replace"), nl=False)
        return
    for line in reader.read(path):
        click.echo(line)


def _upstream_first(rows: list[Row], tasks: list[Row]) -> list[Row]:
    """``rows`` in the order in which ``tasks`` can run; those of tasks that are gone come last, by id."""
    place = {task_id: index for index, task_id in enumerate(upstream_first(tasks))}
    return sorted(
        rows, key=lambda row: (place.get(row["task_id"], len(place)), row["task_id"], row.get("map_index", -1))
    )


def _either_way(session: Session, dag_id: str, task_id: str, run: str, map_index: int) -> dict[str, Any]:
    """The task instance, with task and run in either order."""
    first: NotFound | None = None
    for task, of_run in ((task_id, run), (run, task_id)):
        try:
            row: dict[str, Any] = session.client.call(
                "get_task_instance", dag_id=dag_id, run=of_run, task_id=task, map_index=map_index
            )
        except (DagRunNotFound, TaskNotFound) as error:
            first = first or error
        else:
            return row
    assert first is not None
    raise first


def _has_ended(session: Session, named: dict[str, Any]) -> Any:
    asked = [float("-inf"), False]

    def ended() -> bool:
        if time.monotonic() - asked[0] >= STATE_CHECK:
            row = session.client.call("get_task_instance", **named)
            asked[:] = [time.monotonic(), row["state"] in ENDED]
        return bool(asked[1])

    return ended
