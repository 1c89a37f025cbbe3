"""The client over a real socket, against a server of this test."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import queuack
from queuack import client, errors, protocol
from queuack.client import LiveClient
from queuack.home import Home

Reply = Callable[[protocol.Ask], list[protocol.Message] | None]


class Server(threading.Thread):
    """Takes one connection: checks the greeting, answers questions by ``reply`` (None = hang up)."""

    def __init__(self, home: Home, reply: Reply, greeting: protocol.Message | None) -> None:
        super().__init__(daemon=True)
        home.run.mkdir(parents=True, exist_ok=True)
        self.hello: Any = None
        self._reply, self._greeting = reply, greeting
        self._listener = socket.socket(socket.AF_UNIX)
        with client.reachable_path(home.socket) as address:
            self._listener.bind(address)
        self._listener.listen()

    def run(self) -> None:
        connection, _ = self._listener.accept()
        with connection, self._listener:
            reader = protocol.FrameReader()
            while data := connection.recv(7):  # small pieces: frames must be put together
                for body in reader.feed(data):
                    message = protocol.decode_to_daemon(body)
                    if isinstance(message, protocol.Hello):
                        self.hello = message
                        if self._greeting is None:
                            return
                        connection.sendall(protocol.frame(self._greeting))
                    elif isinstance(message, protocol.Ask):
                        replies = self._reply(message)
                        if replies is None:
                            return
                        for reply in replies:
                            connection.sendall(protocol.frame(reply))


Serve = Callable[..., Server]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def serve(home: Home) -> Iterator[Serve]:
    servers: list[Server] = []

    def start(reply: Reply, greeting: protocol.Message | None = protocol.Welcome(), at: Home = home) -> Server:  # noqa: B008
        server = Server(at, reply, greeting)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.join(5)
        assert not server.is_alive()


def answer(ask: protocol.Ask) -> list[protocol.Message]:
    return [protocol.Answer(id=ask.id, value={"method": ask.method, **ask.params})]


def test_question_and_answer(home: Home, serve: Serve) -> None:
    server = serve(answer)
    home.token_file.write_text("secret\n")
    with client.connect(home) as live:
        assert live.live
        assert live.call("get_dag", dag_id="ä") == {"method": "get_dag", "dag_id": "ä"}
        assert live.call("sync") == {"method": "sync"}
    assert (server.hello.role, server.hello.token) == ("client", "secret")


def test_other_messages_between_are_passed_over(home: Home, serve: Serve) -> None:
    serve(lambda ask: [protocol.Heartbeat(), protocol.Answer(id=99, value="not mine"), *answer(ask)])
    with LiveClient(home) as live:
        assert live.call("info") == {"method": "info"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DagNotFound", errors.DagNotFound),
        ("SettingError", errors.SettingError),
        ("QueuackError", errors.QueuackError),
        ("NoSuchClass", errors.QueuackError),
        ("ClassVar", errors.QueuackError),
    ],
)
def test_errors_come_back_in_their_class(home: Home, serve: Serve, name: str, expected: type[Exception]) -> None:
    serve(lambda ask: [protocol.Answer(id=ask.id, error="no such thing", error_type=name)])
    with LiveClient(home) as live, pytest.raises(errors.QueuackError, match="no such thing") as caught:
        live.call("get_dag", dag_id="x")
    assert type(caught.value) is expected


def test_nobody_there(home: Home) -> None:
    with pytest.raises(errors.DaemonUnreachable):
        LiveClient(home)


def test_a_socket_nobody_listens_on(home: Home) -> None:
    home.run.mkdir()
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(home.socket))
    with pytest.raises(errors.DaemonUnreachable):
        LiveClient(home)


def test_a_daemon_that_hangs_up(home: Home, serve: Serve) -> None:
    serve(lambda ask: None)
    with LiveClient(home) as live, pytest.raises(errors.DaemonUnreachable, match="went away before it answered"):
        live.call("info")


def test_a_daemon_that_hangs_up_at_the_greeting(home: Home, serve: Serve) -> None:
    serve(answer, None)
    with pytest.raises(errors.DaemonUnreachable):
        LiveClient(home)


def test_refused(home: Home, serve: Serve) -> None:
    serve(answer, protocol.Refused(reason="wrong token"))
    with pytest.raises(errors.ProtocolError, match="wrong token"):
        LiveClient(home)


def test_a_home_with_a_long_path(tmp_path: Path, serve: Serve) -> None:
    deep = Home(tmp_path / ("d" * 90) / ("e" * 90))
    serve(answer, at=deep)
    with LiveClient(deep) as live:
        assert live.call("info") == {"method": "info"}


def test_a_daemon_that_is_starting_is_waited_for(home: Home, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def locked(at: Home) -> None:
        looks.append(at)
        if len(looks) == 2:
            serve(answer)
        raise errors.StoreLocked

    monkeypatch.setattr(queuack, "app", SimpleNamespace(offline_service=locked), raising=False)
    monkeypatch.setattr(client, "POLL", 0)
    with client.connect(home) as live:
        assert live.live
    looks.clear()
    with pytest.raises(errors.StoreLocked):
        client.connect(Home(home.root / "other"), patience=0)


def test_without_a_daemon_the_file_is_opened(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    class Service:
        def call(self, method: str, params: dict[str, Any]) -> Any:
            return [method, params]

        def close(self) -> None:
            closed.append(True)

    monkeypatch.setattr(queuack, "app", SimpleNamespace(offline_service=lambda at: Service()), raising=False)
    with client.connect(home) as offline:
        assert not offline.live
        assert offline.call("get_dag", dag_id="x") == ["get_dag", {"dag_id": "x"}]
    assert closed == [True]
