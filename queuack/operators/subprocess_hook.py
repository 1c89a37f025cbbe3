"""Running a command and logging its output line by line. Airflow: ``airflow.providers.standard.hooks.subprocess``."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory
from typing import NamedTuple

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
            process = self.sub_process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=os.environ if env is None else env,
                start_new_session=True,
            )
            assert process.stdout is not None
            self.log.info("Output:")
            line = ""
            with process.stdout:
                try:
                    for raw in process.stdout:
                        line = raw.decode(output_encoding, errors="backslashreplace").rstrip()
                        self.log.info("%s", line)
                    process.wait()
                except BaseException:
                    self._end_group(process)
                    raise
            self.log.info("Command exited with return code %s", process.returncode)
        return SubprocessResult(process.returncode, line)

    @staticmethod
    def _end_group(process: subprocess.Popen[bytes], grace: float = 5.0) -> None:
        """SIGTERM, then SIGKILL after ``grace`` seconds."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def send_sigterm(self) -> None:
        """Ask the running command's process group to end."""
        if self.sub_process is not None and self.sub_process.poll() is None:
            self.log.info("Sending SIGTERM signal to process group")
            with suppress(ProcessLookupError):
                os.killpg(self.sub_process.pid, signal.SIGTERM)
