"""One imagined run to run tasks in, a home of its own, and a mail server on loopback."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from queuack import config
from queuack.home import Home
from tests.unit.authoring.conftest import desk  # noqa: F401 (a fixture)


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Any]:
    """``settings({"AIRFLOW__SMTP__SMTP_HOST": …})`` loads the settings of a new home with that environment."""
    before = config.configure(config.load(Home(tmp_path), environ={}))
    yield lambda environ: config.configure(config.load(Home(tmp_path), environ=environ))
    config.configure(before)


@dataclass
class Mailbox:
    """What a mail server was given: (sender, recipients, message)."""

    port: int = 0
    mails: list[tuple[str, list[str], Message]] = field(default_factory=list)
    hangs_up: int = 0
    """So many connections are closed before the greeting."""
    logins: list[str] = field(default_factory=list)


class _Session(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as smtplib speaks."""

    def handle(self) -> None:
        box: Mailbox = self.server.box  # type: ignore[attr-defined]
        if box.hangs_up:
            box.hangs_up -= 1
            return
        self._say("220 loopback")
        sender, recipients = "", []
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    self._say("250-loopback\r\n250 AUTH PLAIN")
                case "AUTH":
                    box.logins.append(rest)
                    self._say("235 welcome")
                case "MAIL":
                    sender = rest.partition("<")[2].partition(">")[0]
                    self._say("250 ok")
                case "RCPT":
                    recipients.append(rest.partition("<")[2].partition(">")[0])
                    self._say("250 ok")
                case "DATA":
                    self._say("354 go on")
                    box.mails.append((sender, recipients, message_from_bytes(self._text())))
                    self._say("250 ok")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def _text(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        return b"".join(lines)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """A mail server, which ``[smtp]`` names."""
    server = _Server(("127.0.0.1", 0), _Session)
    box = server.box = Mailbox(port=server.server_address[1])  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings(
        {
            "AIRFLOW__SMTP__SMTP_HOST": "127.0.0.1",
            "AIRFLOW__SMTP__SMTP_PORT": str(box.port),
            "AIRFLOW__SMTP__SMTP_STARTTLS": "False",
        }
    )
    yield box
    server.shutdown()
    server.server_close()
    thread.join()
