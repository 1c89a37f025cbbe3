"""Running a command and logging its output line by line. Airflow: ``airflow.providers.standard.hooks.subprocess``."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from queuack.authoring.hooks import BaseHook


class SubprocessResult(NamedTuple):
    exit_code: int
    output: str
    """The last line of stdout and stderr."""


@contextmanager
def working_directory(cwd: str | None = None) -> Iterator[str]:
    """``cwd``, or a temporary folder that is gone afterwards."""
    if cwd is not None:
        yield cwd
        return
    with TemporaryDirectory(prefix="airflowtmp", ignore_cleanup_errors=True) as folder:
        yield folder


class SubprocessHook(BaseHook):
    """Runs one command at a time, in a process group of its own."""

    def __init__(self, **kwargs: str | None) -> None:
        super().__init__(**kwargs)
        self.sub_process: subprocess.Popen[bytes] | None = None

    def run_command(
        self,
        command: list[str],
        env: dict[str, str] | None = None,
        output_encoding: str = "utf-8",
        cwd: str | None = None,
    ) -> SubprocessResult:
        """Run to the end. When interrupted (timeout, kill) the whole group is ended before the interruption goes on."""
        with working_directory(cwd) as folder:
            self.log.info("Running command: %s", command)
            start = _Start(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=os.environ if env is None else env,
                start_new_session=True,
            )
            try:
                process = self.sub_process = start.run()
                line = self._follow(process, output_encoding)
            except BaseException:
                self.sub_process = start.give_up()
                self._end_group()
                raise
            self.log.info("Command exited with return code %s", process.returncode)
        return SubprocessResult(process.returncode, line)

    def _follow(self, process: subprocess.Popen[bytes], encoding: str) -> str:
        """Log what it says until it ends; returns the last line."""
        assert process.stdout is not None
        self.log.info("Output:")
        line = ""
        with process.stdout:
            for raw in process.stdout:
                line = raw.decode(encoding, errors="backslashreplace").rstrip()
                self.log.info("%s", line)
            process.wait()
        return line

    def _end_group(self, grace: float = 5.0) -> None:
        """SIGTERM, then SIGKILL after ``grace`` seconds, to the command and all it started."""
        process = self.sub_process
        if process is None:
            return
        if process.stdout is not None:
            process.stdout.close()
        if process.poll() is not None:
            return
        _signal_group(process, signal.SIGTERM)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            _signal_group(process, signal.SIGKILL)
            process.wait()

    def send_sigterm(self) -> None:
        """Ask the running command's process group to end."""
        if self.sub_process is not None and self.sub_process.poll() is None:
            self.log.info("Sending SIGTERM signal to process group")
            _signal_group(self.sub_process, signal.SIGTERM)


class _Start:
    """Starts a command in a thread of its own, for signals interrupt the main thread only.

    An interruption between the fork and the moment its pid is known would otherwise leave the command behind.
    """

    def __init__(self, command: list[str], **options: Any) -> None:
        self._command, self._options = command, options
        self._lock = threading.Lock()
        self._given_up = False
        self._process: subprocess.Popen[bytes] | None = None
        self._error: Exception | None = None

    def run(self) -> subprocess.Popen[bytes]:
        """The started process. Raises what Popen raises."""
        thread = threading.Thread(target=self._popen, daemon=True)
        thread.start()
        thread.join()
        if self._process is None:
            raise self._error or RuntimeError("The command was not started.")
        return self._process

    def give_up(self) -> subprocess.Popen[bytes] | None:
        """From now on nothing is started; what has been."""
        with self._lock:
            self._given_up = True
            return self._process

    def _popen(self) -> None:
        with self._lock:
            if self._given_up:
                return
            try:
                self._process = subprocess.Popen(self._command, **self._options)
            except Exception as error:
                self._error = error


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:  # it has not made its group yet, or all of it is gone
        process.send_signal(number)
