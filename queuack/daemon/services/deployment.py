"""What the deployment is made of: settings, processes, plugins, providers."""

from __future__ import annotations

import getpass
import importlib.metadata
import os
import socket
from typing import Any

import msgspec

from queuack import clock, config
from queuack.daemon.port import Port
from queuack.errors import NotAllowed, NotFound

Row = dict[str, Any]

HIDDEN = "< hidden >"
"""Instead of a secret setting, as Airflow writes it."""

JOB_TYPES = {"parser": "DagProcessorJob", "triggerer": "TriggererJob"}
"""Role of a process → Airflow's name for the job it does. A worker has none, as in Airflow 3."""

PROVIDERS = "apache-airflow-providers-"


def configuration(port: Port, section: str | None = None, key: str | None = None) -> list[Row]:
    """Settings in force: section, key, value as text; secrets hidden. All, of a section, or one.

    Raises NotAllowed unless ``[api] expose_config`` allows it, NotFound for a section or key that there is not."""
    if config.get_str("api", "expose_config") == "False":
        raise NotAllowed("The settings are not shown: [api] expose_config is off.")
    rows = [
        {
            "section": setting.section,
            "key": setting.key,
            "value": HIDDEN
            if setting.secret and config.get(setting.section, setting.key)
            else config.as_text(config.get(setting.section, setting.key)),
        }
        for setting in config.SETTINGS
        if section in (None, setting.section) and key in (None, setting.key)
    ]
    if not rows:
        raise NotFound(f"Section {section} not found." if key is None else f"Option [{section}/{key}] not found.")
    return rows


def list_jobs(port: Port) -> list[Row]:
    """The processes of a running daemon that do what is a job in Airflow, as rows of its table ``job``; ``id`` is the
    process id. A connection is their heartbeat; those that ended are not kept. Empty where no daemon runs."""
    members = port.members()
    if members is None:
        return []
    now = clock.iso(clock.now_us())
    return [
        {
            "id": pid,
            "dag_id": None,
            "state": "running",
            "job_type": JOB_TYPES.get(role, "SchedulerJob"),
            "start_date": clock.iso(since),
            "end_date": None,
            "latest_heartbeat": now,
            "executor_class": None if role in JOB_TYPES else "LocalExecutor",
            "hostname": socket.gethostname(),
            "unixname": getpass.getuser(),
        }
        for role, pid, since in sorted(members)
        if role in JOB_TYPES or pid == os.getpid()
    ]


class _Verdict(msgspec.Struct):
    """What is shown of ``run/plugins.json``."""

    rows: list[Row] = []
    bad: dict[str, str] = {}
    errors: dict[str, str] = {}


def list_plugins(port: Port) -> Row:
    """What the parser found when plugins changed last: {"plugins": name, source and, by kind, names of what it brings;
    "errors": {source: why it is left out}}."""
    try:
        found = msgspec.json.decode((config.current().home.run / "plugins.json").read_bytes(), type=_Verdict)
    except (OSError, msgspec.MsgspecError):
        found = _Verdict()
    return {"plugins": sorted(found.rows, key=lambda row: str(row["name"])), "errors": {**found.errors, **found.bad}}


def list_providers(port: Port) -> list[Row]:
    """Airflow's provider packages that are installed: package_name, description, version, documentation_url."""
    found = {}
    for package in importlib.metadata.distributions():
        name = package.name.lower().replace("_", "-")
        if name.startswith(PROVIDERS):
            urls = dict(url.split(", ", 1) for url in package.metadata.get_all("Project-URL") or () if ", " in url)
            found[name] = {
                "package_name": name,
                "description": str(package.metadata["Summary"] or ""),
                "version": package.version,
                "documentation_url": urls.get("Documentation"),
            }
    return [found[name] for name in sorted(found)]


METHODS = (configuration, list_jobs, list_plugins, list_providers)
