"""FileSensor: waits for a file or a folder with files in it. Airflow page: howto/operator/file."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any

from queuack.authoring.exceptions import AirflowException
from queuack.authoring.trigger import StartTriggerArgs
from queuack.hooks.filesystem import FSHook
from queuack.sensors.base import BaseSensorOperator
from queuack.sensors.date_time import default_deferrable
from queuack.triggers.file import FileTrigger, find_file

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class FileSensor(BaseSensorOperator):
    """Waits until ``filepath`` is there: a file, a folder with a file anywhere below it, or a glob pattern of such.

    Relative paths are taken from the folder of the connection ``fs_conn_id``. ``recursive``: ``**`` spans folders.
    ``deferrable`` waits in the triggerer.
    """

    template_fields: Collection[str] = ("filepath", "fs_conn_id")
    ui_color = "#91818a"
    start_trigger_args = StartTriggerArgs(
        trigger_cls="airflow.providers.standard.triggers.file.FileTrigger",
        trigger_kwargs={},
        next_method="execute_complete",
        next_kwargs=None,
        timeout=None,
    )
    start_from_trigger = False

    def __init__(
        self,
        *,
        filepath: Any,
        fs_conn_id: str = "fs_default",
        recursive: bool = False,
        deferrable: bool | None = None,
        start_from_trigger: bool = False,
        trigger_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filepath = filepath
        self.fs_conn_id = fs_conn_id
        self.recursive = recursive
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.start_from_trigger = start_from_trigger
        if self.deferrable and start_from_trigger:
            self.start_trigger_args = dataclasses.replace(
                self.start_trigger_args,
                timeout=dt.timedelta(seconds=self.timeout),
                trigger_kwargs=self._trigger_arguments(),
            )

    @cached_property
    def path(self) -> str:
        """The whole path."""
        return os.path.join(FSHook(self.fs_conn_id).get_path(), self.filepath)

    def _trigger_arguments(self) -> dict[str, Any]:
        return {"filepath": self.path, "recursive": self.recursive, "poke_interval": self.poke_interval}

    def poke(self, context: Context) -> bool:
        self.log.info("Poking for file %s", self.path)
        found = find_file(self.path, self.recursive)
        if found is not None:
            self.log.info("Found File %s", found)
        return found is not None

    def execute(self, context: Context) -> Any:
        if self.deferrable and not self.poke(context):
            timeout = dt.timedelta(seconds=self.timeout)
            trigger = FileTrigger(**self._trigger_arguments())
            self.defer(trigger=trigger, method_name="execute_complete", timeout=timeout)
        return None if self.deferrable else super().execute(context)

    def execute_complete(self, context: Context, event: bool | None = None) -> None:
        """Raises AirflowException when the trigger found nothing."""
        if not event:
            raise AirflowException(f"{self.task_id} task failed as {self.filepath} not found.")
        self.log.info("%s completed successfully as %s found.", self.task_id, self.filepath)
