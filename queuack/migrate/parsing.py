"""What a real parse says: every DAG file in a child process of its own, with the limits of the daemon's parser.

Decides how a failure or a warning of the parser becomes a finding, and what answers a file that asks for variables
and connections which are not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, cast

from queuack import protocol
from queuack.authoring.runtime import Runtime
from queuack.engine import spec
from queuack.errors import InvalidRequest
from queuack.home import Home
from queuack.migrate.imports import missing_module
from queuack.migrate.installed import Installed
from queuack.migrate.verdicts import FileReport, Finding, Verdict
from queuack.parser.files import DagFile
from queuack.parser.scan import scan

_MODULE = re.compile(r"^ModuleNotFoundError: No module named '(?P<module>[\w.]+)'(?P<rest>.*)$", re.DOTALL)
_IN_DAG = re.compile(r"DAG '[^']*': ")
_VARIABLE = re.compile(r"Variable (?P<key>\S+) does not exist")
_CONNECTION = re.compile(r"The conn_id `(?P<conn_id>[^`]+)` isn't defined")
_WARNING = re.compile(r"^(?P<file>.+?):(?P<line>\d+): (?P<category>\w+): (?P<text>.*)$", re.DOTALL)
_OLD = re.compile(r"^(?P<what>.* is (?:an old spelling|gone in Airflow 3)); (?P<way_out>.*?)\.?$", re.DOTALL)


class NothingRuns:
    """A runtime without values: what the base of the others answers to everything that a parse may not ask."""

    def variable_get(self, key: str) -> str | None:
        return None

    def connection_get(self, conn_id: str) -> dict[str, Any] | None:
        return None

    def variable_set(self, **_: Any) -> None:
        """Forgotten."""

    def variable_delete(self, **_: Any) -> None:
        """Forgotten."""

    def variable_keys(self, prefix: str | None = None) -> list[str]:
        return []

    def model_rows(self, **_: Any) -> list[dict[str, Any]]:
        return []

    def __getattr__(self, name: str) -> NoReturn:
        raise InvalidRequest(f"{name} cannot be asked while a DAG file is checked.")


class Stored(NothingRuns):
    """The variables of a deployment."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def variable_get(self, key: str) -> str | None:
        return self._variables.get(key)


class StandIn(NothingRuns):
    """A runtime that has every variable and connection, with nothing in it: how far a file gets, once they are there.

    ``Variable.get`` gives ``{}``, which is text and JSON; a connection has only its id.
    """

    def variable_get(self, key: str) -> str:
        return "{}"

    def connection_get(self, conn_id: str) -> dict[str, Any]:
        return {"conn_id": conn_id, "conn_type": "generic"}


def parse_into(
    reports: dict[str, FileReport],
    files: Iterable[DagFile],
    home: Home,
    installed: Installed,
    variables: Mapping[str, str],
) -> None:
    """Add to ``reports`` (by relative path) what parsing ``files`` says."""
    by_name = {file.relative_fileloc: file for file in files}
    again: list[DagFile] = []
    for parsed in scan(home, files=by_name.values(), runtime=cast(Runtime, Stored(variables))):
        report = reports[parsed.relative_fileloc]
        lacking = _lacking(parsed)
        if lacking is not None:
            report.add(lacking)
            again.append(by_name[parsed.relative_fileloc])
        else:
            _take(report, parsed, installed)
    for parsed in scan(home, files=again, runtime=cast(Runtime, StandIn())):
        _take(reports[parsed.relative_fileloc], parsed, installed, stand_in=True)


def _lacking(parsed: protocol.Parsed) -> Finding | None:
    """The finding for a file that failed because a variable or a connection is not there."""
    for failure in parsed.failures:
        variable = _VARIABLE.search(failure.message)
        if variable is not None:
            key = variable["key"].strip("'\"")
            way_out = f"queuack variables set {key} …, or AIRFLOW_VAR_{key.upper()} in the environment"
            return Finding(Verdict.WARNS, f"asks for the variable {key!r}, which is not set", failure.line, way_out)
        connection = _CONNECTION.search(failure.message)
        if connection is not None:
            key = connection["conn_id"]
            what = f"asks for the connection {key!r}, which is not there"
            return Finding(Verdict.WARNS, what, failure.line, f"AIRFLOW_CONN_{key.upper()} in the environment")
    return None


def _take(report: FileReport, parsed: protocol.Parsed, installed: Installed, *, stand_in: bool = False) -> None:
    for warning in parsed.warnings:
        report.add(_of_warning(warning))
    for failure in parsed.failures:
        finding = _of_failure(failure, installed)
        if stand_in and finding.verdict is Verdict.BROKEN:
            finding = Finding(
                Verdict.BROKEN,
                f"{finding.what} (with an empty value for it)",
                finding.line,
                "set the variables it asks for, then check again",
            )
        report.add(finding)
    if parsed.documents or not parsed.failures:
        report.dags = [spec.decode(document).dag_id for document in parsed.documents]


def _of_warning(warning: str) -> Finding:
    found = _WARNING.match(warning)
    if found is None:
        return Finding(Verdict.WARNS, warning)
    text, line = found["text"], int(found["line"])
    old = _OLD.match(text)
    if old is not None:
        return Finding(Verdict.WARNS, old["what"], line, old["way_out"], minor=True)
    return Finding(Verdict.WARNS, f"{found['category']}: {text}", line)


def _of_failure(failure: protocol.ParseFailure, installed: Installed) -> Finding:
    message = failure.message
    module = _MODULE.match(message)
    if module is not None and (not module["module"].startswith("airflow") or ".providers." in module["module"]):
        return missing_module(module["module"], failure.line, installed)
    if module is not None:
        return Finding(Verdict.UNSUPPORTED, message, failure.line, module["rest"].lstrip(": "))
    dag = _IN_DAG.match(message)
    name, _, text = message.removeprefix(dag[0] if dag else "").partition(": ")
    if name == "NotBuilt":
        what, _, way_out = text.partition(": ")
        return Finding(Verdict.UNSUPPORTED, what, failure.line, way_out)
    if name == "ImportError" and "from 'airflow" in text:
        what, _, way_out = text.partition(": ")
        return Finding(Verdict.UNSUPPORTED, what, failure.line, way_out)
    if message.endswith(":"):  # what matters is in the next line
        message = f"{message} {failure.stacktrace.rstrip().rpartition(chr(10))[2]}"
    return Finding(Verdict.BROKEN, message, failure.line)
