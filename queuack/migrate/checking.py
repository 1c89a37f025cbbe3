"""The check of a folder or a file: which files, in what settings, and the report.

Decides what the dags and plugins folders are, and that nothing is written but to a temporary folder. It must not touch
the deployment it is called in.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from queuack import config
from queuack.errors import UsageError
from queuack.home import Home
from queuack.migrate.installed import Installed
from queuack.migrate.parsing import parse_into
from queuack.migrate.static import look_at
from queuack.migrate.verdicts import FileReport, Report
from queuack.parser.files import DagFile, dag_files, file_at, mentions_dags


def check(
    path: Path, *, importing: bool = True, timeout: float | None = None, variables: Mapping[str, str] | None = None
) -> Report:
    """Check a file, a dags folder, or a folder that holds ``dags/``.

    Plugins are taken from ``plugins/`` beside ``dags/``. ``importing``: also parse every DAG file in a child process,
    each for at most ``timeout`` seconds (default: ``[core] dagbag_import_timeout``); ``variables`` are those that
    files may ask for beside ``AIRFLOW_VAR_*`` in the environment. Raises UsageError when there is nothing to check.
    """
    if not path.exists():
        raise UsageError(f"There is no {path}.")
    dags, plugins = _folders(path.absolute())
    before = config.current()
    with tempfile.TemporaryDirectory(prefix="queuack-check-") as scratch:
        settings = _settings(Home(Path(scratch)), dags, plugins, timeout)
        config.configure(settings)
        try:
            return _check(path.absolute(), dags, plugins, settings, importing, variables or {})
        finally:
            config.configure(before)


def _folders(path: Path) -> tuple[Path, Path]:
    """The dags folder and the plugins folder."""
    if path.is_file():
        return path.parent, path.parent.parent / "plugins"
    if (path / "dags").is_dir():
        return path / "dags", path / "plugins"
    return path, path.parent / "plugins"


def _settings(home: Home, dags: Path, plugins: Path, timeout: float | None) -> config.Config:
    flags: dict[str, Any] = {
        "core.dags_folder": str(dags),
        "core.plugins_folder": str(plugins),
        "core.dag_discovery_safe_mode": "false",
        "logging.base_log_folder": str(home.logs),
    }
    if timeout is not None:
        flags["core.dagbag_import_timeout"] = str(timeout)
    return config.load(home, flags)


def _check(
    path: Path, dags: Path, plugins: Path, settings: config.Config, importing: bool, variables: Mapping[str, str]
) -> Report:
    home = settings.home
    files = [*dag_files(home, settings), *_plugins(plugins)] if path.is_dir() else file_at(path, home, settings)
    installed = Installed([dags, plugins])
    reports: dict[str, FileReport] = {}
    to_parse: list[DagFile] = []
    for file in files:
        text, _ = file.read()
        if path.is_dir() and b"airflow" not in text and b"queuack" not in text:
            continue
        report = reports[file.relative_fileloc] = FileReport(file.relative_fileloc)
        look_at(report, text, installed)
        if mentions_dags(text) or file.path.is_relative_to(plugins) or not path.is_dir():
            to_parse.append(file)
    if not reports:
        raise UsageError(f"No file in {path} names airflow: there is nothing to check.")
    if importing:
        parse_into(reports, to_parse, home, installed, variables)
    for report in reports.values():
        report.sort()
    return Report(str(dags), list(reports.values()))


def _plugins(folder: Path) -> list[DagFile]:
    """Plugin files, as if they were DAG files: an import says what is wrong with them."""
    found = sorted(path for path in folder.rglob("*.py") if path.is_file())
    return [DagFile(f"{folder.name}/{path.relative_to(folder).as_posix()}", path) for path in found]
