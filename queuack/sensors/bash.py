"""BashSensor: waits until a command ends well. Airflow page: howto/operator/bash (BashSensor)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from queuack.authoring.exceptions import AirflowFailException
from queuack.operators.subprocess_hook import SubprocessHook
from queuack.sensors.base import BaseSensorOperator

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class BashSensor(BaseSensorOperator):
    """Runs ``bash_command`` in a temporary folder until it exits with 0.

    With ``retry_exit_code`` only that code means "not yet"; any other fails the task at once. ``env`` replaces the
    environment.
    """

    template_fields: Collection[str] = ("bash_command", "env")

    def __init__(
        self,
        *,
        bash_command: str,
        env: dict[str, str] | None = None,
        output_encoding: str = "utf-8",
        retry_exit_code: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bash_command = bash_command
        self.env = env
        self.output_encoding = output_encoding
        self.retry_exit_code = retry_exit_code

    def poke(self, context: Context) -> bool:
        self._hook = SubprocessHook()
        code = self._hook.run_command(["bash", "-c", self.bash_command], self.env, self.output_encoding).exit_code
        if code == 0:
            return True
        if self.retry_exit_code is None:
            self.log.info("Non-zero return code and no retry code set, will retry later")
            return False
        if code == self.retry_exit_code:
            self.log.info("Return code matches retry code, will retry later")
            return False
        raise AirflowFailException(f"Command exited with return code {code}")

    def on_kill(self) -> None:
        hook = getattr(self, "_hook", None)
        if hook is not None:
            hook.send_sigterm()
