"""The commands that run user code in their own process: ``dags test``, ``tasks test``, ``tasks render``.

Decides how a DAG is found (by file or by id) and where the output of its tasks goes.
"""

from __future__ import annotations

import difflib
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from queuack import compat, plugins
from queuack.authoring.dag import DAG
from queuack.authoring.dagfile import load_dag_file
from queuack.authoring.policies import apply_policies
from queuack.authoring.types import NOTSET
from queuack.document.build import document_of
from queuack.errors import DagNotFound, QueuackError, TaskNotFound, UsageError
from queuack.home import Home
from queuack.parser.files import dag_files
from queuack.testing.deployment import importing
from queuack.testing.run import InProcessRun, Listener, test_dag
from queuack.tracebacks import format_user_exception

LONGEST_LINE = 300
"""Characters of a log record's first line that a person is shown; the whole is in a worker's log file."""


class ShortLines(logging.Formatter):
    """Cuts long lines: results are logged whole, and some are large."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        line = super().formatMessage(record)
        return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}… ({len(line):,} characters)"


def prepare(home: Home) -> None:
    """Make this process one that user code can run in."""
    compat.install()
    plugins.add_folders_to_path(home)
    plugins.load_plugins(home)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ShortLines("    %(levelname)s  %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)


def list_plugins(home: Home) -> list[dict[str, Any]]:
    """One row for each plugin, then one for each file or entry point that could not be loaded; all tried anew.

    ``name`` is None and ``error`` says why for the latter; lists of names for what a plugin brings otherwise.
    """
    verdict = plugins.verdict_on(home, anew=True)
    rows: list[dict[str, Any]] = [{**row, "error": None} for row in verdict.rows]
    shown = {source.name: source.shown for source in plugins.sources(home)}
    for name, error in sorted({**verdict.errors, **verdict.bad}.items()):
        rows.append({**dict.fromkeys(plugins.KINDS, ()), "name": None, "source": shown.get(name, name), "error": error})
    return rows


def find_dag(home: Home, target: str) -> DAG:
    """The DAG of ``target``: an id, a file with one DAG, or ``file::id``.

    Raises UsageError, DagNotFound with the nearest id, QueuackError with the traceback of a file that is broken.
    """
    file, _, dag_id = target.rpartition("::")
    if not file and (target.endswith(".py") or os.sep in target):
        file, dag_id = target, ""
    if file and not Path(file).is_file():
        raise UsageError(f"There is no file {file}.")
    with importing(home):
        return _pick(_load(Path(file).resolve()), dag_id, file) if file else _search(home, target)


def _search(home: Home, dag_id: str) -> DAG:
    """The id stands in most files as it is; files that compute it come second, and may be broken."""
    known: list[str] = []
    broken: list[str] = []
    files = [(dag_id.encode() in file.read()[0], file) for file in dag_files(home)]
    for names_it, file in sorted(files, key=lambda item: not item[0]):
        try:
            found = _load(file.path, file.zip_member)
        except QueuackError:
            if names_it:
                raise
            broken.append(file.relative_fileloc)
            continue
        for dag in found:
            if dag.dag_id == dag_id:
                return dag
        known += [dag.dag_id for dag in found]
    near = difflib.get_close_matches(dag_id, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    unread = f" Not imported: {', '.join(broken)} (queuack dags list-import-errors)." if broken else ""
    raise DagNotFound(f"No file in {home.dags} defines a DAG {dag_id!r}.{hint}{unread}")


def _load(path: Path, zip_member: str | None = None) -> list[DAG]:
    try:
        return [dag for dag in load_dag_file(path, zip_member=zip_member).dags if apply_policies(dag)]
    except (Exception, SystemExit) as error:
        file = path / zip_member if zip_member else path
        raise QueuackError(f"{file} cannot be imported.\n{format_user_exception(error).rstrip()}") from error


def _pick(dags: list[DAG], dag_id: str, file: str) -> DAG:
    ids = ", ".join(dag.dag_id for dag in dags)
    if dag_id:
        for dag in dags:
            if dag.dag_id == dag_id:
                return dag
        raise DagNotFound(f"{file} defines no DAG {dag_id!r}; it defines: {ids or 'none'}.")
    if len(dags) != 1:
        raise UsageError(f"{file} defines {len(dags)} DAGs ({ids or 'none'}); name one: {file}::DAG_ID.")
    return dags[0]


def test_dag_target(
    home: Home,
    target: str,
    *,
    logical_date: datetime | None,
    conf: dict[str, Any] | None,
    on_event: Listener,
) -> int:
    """Run the DAG of ``target`` once. Returns 0 when the run succeeded, 1 when it failed."""
    prepare(home)
    dag = find_dag(home, target)
    _check(dag)
    run = test_dag(dag, logical_date=logical_date or NOTSET, conf=conf, on_event=on_event)
    return 0 if run.state == "success" else 1


def test_task(
    home: Home,
    dag_id: str,
    task_id: str,
    logical_date_or_run_id: str | None,
    *,
    map_index: int = -1,
    task_params: dict[str, Any] | None = None,
    env_vars: Mapping[str, str] | None = None,
) -> int:
    """Run one task without what is upstream; nothing is recorded. Returns 0 when it succeeded or skipped."""
    os.environ.update(env_vars or {})
    prepare(home)
    dag = find_dag(home, dag_id)
    ready = _task_id(dag, task_id, map_index)
    moment = _moment(logical_date_or_run_id)
    state = InProcessRun(dag, _print_event).run_task(ready, moment, task_params or {}, map_index)
    if state in ("success", "skipped"):
        return 0
    if dag.task_dict[task_id].upstream_task_ids:
        _print_event({"kind": "log", "line": "Nothing upstream was run: results of other tasks were None."})
    return 1


def render_task(
    home: Home, dag_id: str, task_id: str, logical_date_or_run_id: str | None, *, map_index: int = -1
) -> dict[str, Any]:
    """Template field → value as it renders for a run at that logical date."""
    prepare(home)
    dag = find_dag(home, dag_id)
    return InProcessRun(dag).render(_task_id(dag, task_id, map_index), _moment(logical_date_or_run_id), map_index)


def _check(dag: DAG) -> None:
    """Raises QueuackError, in a line, for what makes the DAG unfit to run: a cycle, a bad schedule."""
    try:
        document_of(dag, relative_fileloc=dag.fileloc, fileloc=dag.fileloc)
    except QueuackError:
        raise
    except Exception as error:
        raise QueuackError(f"DAG {dag.dag_id!r} cannot run. {type(error).__name__}: {error}") from error


def _task_id(dag: DAG, task_id: str, map_index: int) -> str:
    if task_id not in dag.task_dict:
        near = difflib.get_close_matches(task_id, dag.task_dict, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise TaskNotFound(f"DAG {dag.dag_id!r} has no task {task_id!r}.{hint}")
    _check(dag)
    mapped = dag.task_dict[task_id].get_needs_expansion()
    if mapped and map_index < 0:
        raise UsageError(f"The task {task_id!r} is mapped: say which instance, with --map-index N.")
    if map_index >= 0 and not mapped:
        raise UsageError(f"The task {task_id!r} is not mapped: leave --map-index out.")
    return task_id


def _moment(text: str | None) -> datetime:
    """The logical date that ``text`` names: ISO 8601, or a run id that ends with one; None = now."""
    if text is None:
        return datetime.now(UTC)
    for part in (text, text.rpartition("__")[2]):
        try:
            moment = datetime.fromisoformat(part)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise UsageError(f"{text!r} is neither an ISO 8601 date nor a run id with one.")


def _print_event(event: Mapping[str, Any]) -> None:
    if event.get("kind") == "log":
        sys.stderr.write(f"    {event['line']}\n")


test_dag_target.__test__ = False  # type: ignore[attr-defined]  # not tests, whatever pytest thinks of their names
test_task.__test__ = False  # type: ignore[attr-defined]
