"""The processes of a running daemon."""

from __future__ import annotations

from typing import Any

from queuack import clock
from queuack.daemon.port import Port

Row = dict[str, Any]


def list_processes(port: Port) -> list[Row]:
    """role (scheduler, worker, parser, triggerer, api_server, …), pid and since (connected) of each; empty where no
    daemon runs."""
    return [{"role": role, "pid": pid, "since": clock.iso(since)} for role, pid, since in sorted(port.members() or ())]


METHODS = (list_processes,)
