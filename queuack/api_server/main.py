"""The API's process: connects to the daemon, serves HTTP until the daemon is gone or tells it to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from queuack import config
from queuack.api.app import ApiSettings, create_app
from queuack.api.auth.tokens import signing_key
from queuack.api.backend import Backend, SocketBackend
from queuack.api.shared import SharedBackend
from queuack.errors import QueuackError
from queuack.home import Home
from queuack.web import pages

CANNOT_LISTEN = 3
"""Exit code: the address is taken or not this machine's."""

NICENESS = 5
"""Those who look go behind those who work, where both want the processor."""

IDLE_SECONDS = 30
"""How long a connection may stay open between two requests."""

CONNECTIONS = 512


class CannotListen(QueuackError):
    """The address cannot be listened on."""

    exit_code = CANNOT_LISTEN


def run(home: Home, name: str) -> None:
    """Serve. Ends the process with ``CANNOT_LISTEN`` when the address is not to be had."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s  %(levelname)-7s  %(message)s")
    os.nice(NICENESS)
    try:
        asyncio.run(serve(home))
    except QueuackError as error:
        sys.stderr.write(f"The API: {error.message}\n")
        sys.exit(error.exit_code)


async def serve(home: Home, told: Callable[[str], None] | None = None) -> None:
    """Serve until the daemon is gone or a signal comes; ``told`` hears the address. Raises CannotListen,
    DaemonUnreachable."""
    listener = listen(config.get_str("api", "host"), config.get_int("api", "port"))
    backend = SocketBackend(home)
    await backend.connect()
    settings = ApiSettings(
        signing_key=signing_key(home.jwt_key_file, config.get_optional_str("api_auth", "jwt_secret")),
        lifetime=config.get_int("api_auth", "jwt_expiration_time"),
    )
    server = uvicorn.Server(
        uvicorn.Config(
            _application(SharedBackend(backend), settings),
            log_level="warning",
            access_log=False,
            lifespan="off",
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=2,
            server_header=False,
        )
    )
    host, port = listener.getsockname()[:2]
    await backend.call("api_listens", host=host, port=port)
    if told is not None:
        told(f"http://{host}:{port}")
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    lost = asyncio.create_task(backend.lost.wait())
    await asyncio.wait({serving, lost}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    lost.cancel()
    await backend.close()


def _application(backend: Backend, settings: ApiSettings) -> FastAPI:
    app = create_app(backend, settings)
    pages.install(app)
    return app


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0: any that is free. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"{host}:{port} cannot be listened on: {error.strerror}. Choose another with `--set api.port=…`."
        ) from None
    return listener
