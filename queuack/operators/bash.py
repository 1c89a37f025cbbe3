"""BashOperator: a task that runs a shell command. Airflow page: howto/operator/bash."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Container
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from queuack.authoring.context_variables import context_to_airflow_vars
from queuack.authoring.exceptions import AirflowException, AirflowSkipException
from queuack.authoring.operator import BaseOperator
from queuack.operators.subprocess_hook import SubprocessHook, SubprocessResult, working_directory

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class BashOperator(BaseOperator):
    """Runs ``bash_command`` (or a script file ``*.sh``); the last line of its output is the XCom.

    ``env`` replaces the environment, or adds to it with ``append_env``. Exit code ``skip_on_exit_code`` (99) skips,
    any other but 0 raises AirflowException. ``cwd``: a folder, by default a temporary one.
    """

    template_fields: Collection[str] = ("bash_command", "env", "cwd")
    template_fields_renderers: ClassVar[dict[str, str]] = {"bash_command": "bash", "env": "json"}
    template_ext = (".sh", ".bash")
    ui_color = "#f0ede4"

    def __init__(
        self,
        *,
        bash_command: Any,
        env: dict[str, str] | None = None,
        append_env: bool = False,
        output_encoding: str = "utf-8",
        skip_on_exit_code: int | Container[int] | None = 99,
        cwd: str | None = None,
        output_processor: Callable[[str], Any] = lambda result: result,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bash_command = bash_command
        self.env = env
        self.append_env = append_env
        self.output_encoding = output_encoding
        self.skip_on_exit_code = _as_codes(skip_on_exit_code)
        self.cwd = cwd
        self.output_processor = output_processor
        self._from_file = False

    @cached_property
    def subprocess_hook(self) -> SubprocessHook:
        return SubprocessHook()

    def get_env(self, context: Context) -> dict[str, str]:
        """The command's environment, ``AIRFLOW_CTX_*`` included."""
        inherited = dict(os.environ) if self.env is None or self.append_env else {}
        return {**inherited, **(self.env or {}), **context_to_airflow_vars(context, in_env_var_format=True)}

    def _read_template(self, name: str, path: str) -> str:
        text = super()._read_template(name, path)
        self._from_file = self._from_file or (name == "bash_command" and text != path)
        return text

    def execute(self, context: Context) -> Any:
        if self.cwd is not None and not os.path.exists(self.cwd):
            raise AirflowException(f"Can not find the cwd: {self.cwd}")
        if self.cwd is not None and not os.path.isdir(self.cwd):
            raise AirflowException(f"The cwd {self.cwd} must be a directory")
        result = self._run(shutil.which("bash") or "bash", self.get_env(context))
        if result.exit_code in self.skip_on_exit_code:
            raise AirflowSkipException(f"Bash command returned exit code {result.exit_code}. Skipping.")
        if result.exit_code != 0:
            raise AirflowException(
                f"Bash command failed. The command returned a non-zero exit code {result.exit_code}."
            )
        return self.output_processor(result.output)

    def _run(self, bash: str, env: dict[str, str]) -> SubprocessResult:
        hook = self.subprocess_hook
        if not self._from_file:
            return hook.run_command([bash, "-c", self.bash_command], env, self.output_encoding, self.cwd)
        with working_directory(self.cwd) as cwd, tempfile.NamedTemporaryFile("w", dir=cwd, suffix=".sh") as script:
            script.write(self.bash_command)
            script.flush()
            return hook.run_command([bash, os.path.basename(script.name)], env, self.output_encoding, cwd)

    def on_kill(self) -> None:
        self.subprocess_hook.send_sigterm()


def _as_codes(value: int | Container[int] | None) -> Container[int]:
    if value is None:
        return ()
    return value if isinstance(value, Container) else (value,)
