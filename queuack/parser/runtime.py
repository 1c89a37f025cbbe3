"""The runtime of a parsing child: variables and connections for code at the top of a DAG file.

It asks over a socket that is opened at the first question: the daemon's (as a client), or the pair that ``scan``
holds the other end of. Decides that XComs and runs are out of reach while a file is parsed: nothing runs then.
"""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Callable
from typing import Any, NoReturn

from queuack import errors, protocol
from queuack.authoring.runtime import Runtime
from queuack.errors import DaemonUnreachable, InvalidRequest, QueuackError
from queuack.home import Home, reachable_path

ASKABLE = frozenset(
    {"variable_get", "variable_set", "variable_delete", "variable_keys", "connection_get", "model_rows"}
)
_receive = socket.socket.recv
_send = socket.socket.sendall


class ParsingRuntime:
    """A ``queuack.authoring.runtime.Runtime`` whose every question is one Ask and one Answer."""

    def __init__(self, connect: Callable[[], socket.socket], asked: Callable[[], None]) -> None:
        """``asked`` is told of every question."""
        self._connect = connect
        self._asked = asked
        self._socket: socket.socket | None = None
        self._frames = protocol.FrameReader()
        self._ids = itertools.count(1)
        self._pid = os.getpid()

    def variable_get(self, key: str) -> str | None:
        value: str | None = self._ask("variable_get", key=key)
        return value

    def variable_set(self, key: str, value: str, description: str | None = None) -> None:
        self._ask("variable_set", key=key, value=value, description=description)

    def variable_delete(self, key: str) -> None:
        self._ask("variable_delete", key=key)

    def variable_keys(self, prefix: str | None = None) -> list[str]:
        value: list[str] = self._ask("variable_keys", prefix=prefix)
        return value

    def connection_get(self, conn_id: str) -> dict[str, Any] | None:
        value: dict[str, Any] | None = self._ask("connection_get", conn_id=conn_id)
        return value

    def xcom_get(self, **_: Any) -> Any:
        _nothing_runs("XComs")

    def xcom_count(self, **_: Any) -> int:
        _nothing_runs("XComs")

    def xcom_slice(self, **_: Any) -> list[Any]:
        _nothing_runs("XComs")

    def xcom_set(self, **_: Any) -> None:
        _nothing_runs("XComs")

    def xcom_delete(self, **_: Any) -> None:
        _nothing_runs("XComs")

    def previous_run(self, **_: Any) -> dict[str, Any] | None:
        _nothing_runs("DAG runs")

    def dag_runs(self, **_: Any) -> list[dict[str, Any]]:
        _nothing_runs("DAG runs")

    def task_states(self, **_: Any) -> list[dict[str, Any]]:
        _nothing_runs("Task states")

    def previous_task(self, **_: Any) -> dict[str, Any] | None:
        _nothing_runs("Task instances")

    def task_breadcrumbs(self, **_: Any) -> list[dict[str, Any]]:
        _nothing_runs("Task instances")

    def dag_outline(self, dag_id: str) -> dict[str, Any] | None:
        _nothing_runs("Other DAGs")

    def model_rows(self, **query: Any) -> list[dict[str, Any]]:
        """Beyond ``Runtime``: rows as Airflow's database models have them, for ``compat/models``."""
        return self._ask("model_rows", **query) or []

    def trigger_run(self, **_: Any) -> str:
        _nothing_runs("Triggering runs")

    def hitl_ask(self, **_: Any) -> None:
        _nothing_runs("Asking people")

    def hitl_answer(self, ti_id: int) -> dict[str, Any] | None:
        _nothing_runs("Asking people")

    def hitl_answer_by_default(self, **_: Any) -> None:
        _nothing_runs("Asking people")

    def _ask(self, method: str, **params: Any) -> Any:
        self._asked()
        if self._socket is None or self._pid != os.getpid():  # a fork must not share its parent's conversation
            self._socket, self._frames, self._pid = self._connect(), protocol.FrameReader(), os.getpid()
        ask = protocol.Ask(next(self._ids), method, params)
        _send(self._socket, protocol.frame(ask))
        while True:
            data = _receive(self._socket, 1 << 16)
            if not data:
                raise DaemonUnreachable(f"The connection was closed before {method} was answered.")
            for body in self._frames.feed(data):
                answer = protocol.decode_from_daemon(body)
                if isinstance(answer, protocol.Refused):
                    raise DaemonUnreachable(answer.reason)
                if isinstance(answer, protocol.Answer) and answer.id == ask.id:
                    return _value(answer)


def connect_to_daemon(home: Home) -> socket.socket:
    """A connection to the daemon of ``home`` that has said Hello as a client. Raises DaemonUnreachable."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with reachable_path(home.socket) as address:
            connection.connect(address)
        hello = protocol.Hello(role="client", name=f"parse-{os.getpid()}", pid=os.getpid(), token=read_token(home))
        _send(connection, protocol.frame(hello))
    except OSError as error:
        connection.close()
        raise DaemonUnreachable(f"No daemon answers at {home.socket}: {error}.") from None
    return connection


def read_token(home: Home) -> str:
    try:
        return home.token_file.read_text().strip()
    except OSError:
        return ""


def answer(runtime: Runtime | None, ask: protocol.Ask) -> protocol.Answer:
    """Carry out a child's question on the runtime at hand."""
    try:
        if ask.method not in ASKABLE:
            raise InvalidRequest(f"{ask.method} cannot be asked while a DAG file is parsed.")
        value = getattr(runtime, ask.method)(**ask.params) if runtime is not None else None
    except Exception as error:
        return protocol.Answer(id=ask.id, error=str(error), error_type=type(error).__name__)
    return protocol.Answer(id=ask.id, value=value)


def _value(answer: protocol.Answer) -> Any:
    if answer.error is None:
        return answer.value
    kind = getattr(errors, answer.error_type, QueuackError)
    raise (kind if isinstance(kind, type) and issubclass(kind, QueuackError) else QueuackError)(answer.error)


def _nothing_runs(what: str) -> NoReturn:
    raise InvalidRequest(f"{what} cannot be had while a DAG file is parsed: no task is running. Do it inside a task.")
