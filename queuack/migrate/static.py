"""Everything that a file's text alone tells. Runs nothing of the file."""

from __future__ import annotations

import warnings

from queuack.migrate.arguments import argument_findings
from queuack.migrate.context_keys import context_findings
from queuack.migrate.database import database_findings
from queuack.migrate.imports import import_findings
from queuack.migrate.installed import Installed
from queuack.migrate.source import Source
from queuack.migrate.verdicts import FileReport, Finding, Verdict


def look_at(report: FileReport, text: bytes, installed: Installed) -> None:
    """Add to ``report`` what the text says."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes and the like: a parse says them again
            source = Source(text, report.file)
    except SyntaxError as error:
        report.add(Finding(Verdict.BROKEN, f"SyntaxError: {error.msg}", error.lineno, "write Python 3"))
        return
    except ValueError as error:
        report.add(Finding(Verdict.BROKEN, f"ValueError: {error}"))
        return
    for finding in import_findings(source, installed):
        report.add(finding)
    for check in (argument_findings, context_findings, database_findings):
        for finding in check(source):
            report.add(finding)
