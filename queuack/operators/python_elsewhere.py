"""The base of operators that call a function in another Python interpreter.

Decides which context keys go along, how arguments and result travel, and what the end of the process means. Which
interpreter it is, is the subclasses' decision. Airflow page: howto/operator/python.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pickle
import subprocess
import sys
import types
from abc import abstractmethod
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from queuack import config
from queuack.authoring.decorators.source import function_source
from queuack.authoring.exceptions import AirflowException, AirflowSkipException, DeserializingResultError
from queuack.operators.datetimes import to_standard_datetimes
from queuack.operators.interpreter import Interpreter, inspect_interpreter
from queuack.operators.python import PythonOperator
from queuack.operators.python_script import CallFiles, Script
from queuack.operators.subprocess_hook import SubprocessHook

if TYPE_CHECKING:
    from queuack.authoring.context import Context

SERIALIZERS = ("pickle", "cloudpickle", "dill")

PLAIN_KEYS = frozenset(
    (
        "ds",
        "ds_nodash",
        "expanded_ti_count",
        "inlets",
        "outlets",
        "partition_key",
        "run_id",
        "task_instance_key_str",
        "task_reschedule_count",
        "test_mode",
        "ts",
        "ts_nodash",
        "ts_nodash_with_tz",
        "next_ds",
        "next_ds_nodash",
        "prev_ds",
        "prev_ds_nodash",
        "tomorrow_ds",
        "tomorrow_ds_nodash",
        "yesterday_ds",
        "yesterday_ds_nodash",
    )
)
"""Context keys that every interpreter can read."""

PENDULUM_KEYS = frozenset(
    (
        "data_interval_end",
        "data_interval_start",
        "logical_date",
        "partition_date",
        "prev_data_interval_end_success",
        "prev_data_interval_start_success",
        "prev_start_date_success",
        "prev_end_date_success",
        "execution_date",
        "next_execution_date",
        "prev_execution_date",
        "prev_execution_date_success",
    )
)
"""Those whose values are pendulum's."""

AIRFLOW_KEYS = frozenset(
    (
        "macros",
        "conf",
        "dag",
        "dag_run",
        "task",
        "params",
        "triggering_asset_events",
        "triggering_dataset_events",
    )
)
"""Those whose values are Queuack's."""

_UNLISTED = frozenset({"test_mode", "expanded_ti_count"})
"""Given to a function that names them, not to ``**kwargs``."""


class PythonElsewhereOperator(PythonOperator):
    """Calls a function, given by its source, in another interpreter; the result comes back as the XCom.

    The function must import inside what it needs. ``string_args`` reach it as the global ``virtualenv_string_args``.
    ``serializer`` (pickle, cloudpickle, dill) carries arguments and result. Exit code ``skip_on_exit_code`` skips. The
    environment is this process's (``inherit_env``) and ``env_vars``; the DAGs folder is on its ``PYTHONPATH``. With
    ``use_airflow_context``, ``get_current_context()`` answers where Queuack is installed. Raises AirflowException with
    the text of what the function raised, CalledProcessError when its process ended otherwise.
    """

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        serializer: str | None = None,
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        string_args: Iterable[str] | None = None,
        expect_airflow: bool = True,
        skip_on_exit_code: int | Container[int] | None = None,
        env_vars: dict[str, str] | None = None,
        inherit_env: bool = True,
        use_airflow_context: bool = False,
        use_dill: bool = False,
        **kwargs: Any,
    ) -> None:
        if not isinstance(python_callable, types.FunctionType) or python_callable.__name__ == "<lambda>":
            raise ValueError(f"{type(self).__name__} only supports functions for python_callable arg")
        if inspect.isgeneratorfunction(python_callable):
            raise ValueError(f"{type(self).__name__} does not support using 'yield' in python_callable")
        super().__init__(python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, **kwargs)
        self.string_args = string_args or []
        self.serializer = serializer or ("dill" if use_dill else "pickle")
        if self.serializer not in SERIALIZERS:
            raise AirflowException(
                f"Unsupported serializer {serializer!r}. Expected one of {', '.join(map(repr, SERIALIZERS))}"
            )
        self.expect_airflow = expect_airflow
        self.skip_on_exit_code = _as_codes(skip_on_exit_code)
        self.env_vars = env_vars
        self.inherit_env = inherit_env
        self.use_airflow_context = use_airflow_context

    @property
    def is_async(self) -> bool:
        """Never here: an ``async def`` function is awaited over there."""
        return False

    @classmethod
    def is_async_with(cls, arguments: Mapping[str, Any]) -> bool:
        return False

    @abstractmethod
    def interpreter(self) -> AbstractContextManager[str]:
        """The path of an interpreter that is there until the block is left."""

    def execute(self, context: Context) -> Any:
        with self.interpreter() as path:
            self._target = inspect_interpreter(path, self._environment())
            self._check_versions(self._target)
            return super().execute(cast("Context", self._what_goes_along(context)))

    def execute_callable(self) -> Any:
        return self._call(self._target)

    def get_python_source(self) -> str:
        """The function's source without the decorators that make it a task."""
        return function_source(self.python_callable)

    # ── what goes along ──────────────────────────────────────────────────────────────────────────
    def _readable_keys(self, target: Interpreter) -> frozenset[str]:
        keys = PLAIN_KEYS
        if target.pendulum is not None:
            keys |= PENDULUM_KEYS
        if self.expect_airflow and target.shares_queuack:
            keys |= AIRFLOW_KEYS
        return keys

    def _what_goes_along(self, context: Context) -> dict[str, Any]:
        """The part of the context that the function asks for and the interpreter can read."""
        parameters = inspect.signature(self.python_callable).parameters.values()
        named = {parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD}
        takes_all = self.use_airflow_context or len(named) < len(parameters)
        readable = self._readable_keys(self._target)
        if lacking := sorted(named & (PENDULUM_KEYS | AIRFLOW_KEYS) - readable - set(self.op_kwargs)):
            self.log.warning(
                "%s cannot be given to %s: %s has no %s to read them with.",
                ", ".join(lacking),
                self.python_callable.__name__,
                self._target.path,
                "Queuack of this version" if set(lacking) & AIRFLOW_KEYS else "pendulum",
            )
        found = {key: _by_name(context[key]) for key in sorted(named & readable) if key in context}
        if takes_all:
            listed = readable.intersection(context) - _UNLISTED - set(found)
            found.update((key, value) for key in sorted(listed) if self._travels(value := _by_name(context[key])))
        self._sent = dict(found)
        return found

    def _travels(self, value: Any) -> bool:
        """Whether a value that nobody asked for by name can be sent."""
        try:
            self._serializer().dumps(value)
        except Exception:  # pickling raises whatever the object's hooks raise
            return False
        return True

    def _environment(self) -> dict[str, str]:
        env = {**(os.environ if self.inherit_env else {}), **(self.env_vars or {})}
        path = [env["PYTHONPATH"]] if env.get("PYTHONPATH") else []
        env["PYTHONPATH"] = os.pathsep.join([*path, config.get_str("core", "dags_folder")])
        return env

    def _check_versions(self, target: Interpreter) -> None:
        if target.version[0] != sys.version_info[0] and (self.op_args or self.op_kwargs):
            raise AirflowException(
                "Passing op_args or op_kwargs is not supported across different Python major versions for "
                f"{self.task_type}. Please use string_args. Sys version: {sys.version_info}. "
                f"Virtual environment version: {target.version}"
            )

    # ── the call ─────────────────────────────────────────────────────────────────────────────────
    def _call(self, target: Interpreter) -> Any:
        with TemporaryDirectory(prefix="venv-call") as folder:
            files = CallFiles(Path(folder))
            given = self._given()
            self._write_arguments(files.arguments, given, target)
            files.strings.write_text("\n".join(map(str, self.string_args)))
            files.script.write_text(self._script(given, target).text())
            command = files.command(target.path)
            hook = self._hook = SubprocessHook()
            code = hook.run_command(command, self._environment(), cwd=os.getcwd()).exit_code
            self._judge(code, command, files)
            return self._read_result(files.result)

    def _given(self) -> dict[str, Any]:
        given: dict[str, Any] = {"args": list(self.op_args), "kwargs": dict(self.op_kwargs)}
        if self.use_airflow_context:
            given["context"] = self._sent
        return given

    def _script(self, given: Mapping[str, Any], target: Interpreter) -> Script:
        module = self.python_callable.__module__
        return Script(
            function=self.python_callable.__name__,
            source=self.get_python_source(),
            serializer=self.serializer,
            has_arguments=any(given.values()),
            module=module if module.startswith("unusual_prefix_") else None,
            airflow_names=target.shares_queuack,
            translate_pendulum=not target.shares_pendulum,
            context=self.use_airflow_context and target.shares_queuack,
        )

    def _write_arguments(self, path: Path, given: dict[str, Any], target: Interpreter) -> None:
        if not any(given.values()):
            return
        if not target.shares_pendulum:
            given = to_standard_datetimes(given)
        self.log.info("Use %r as serializer.", self.serializer)
        try:
            path.write_bytes(self._serializer().dumps(given))
        except Exception as error:
            bad = [key for key, value in given["kwargs"].items() if not self._travels(value)]
            if not bad:
                raise
            raise AirflowException(
                f"Failed to serialize op_kwargs: {bad} cannot be pickled. Live objects do not reach another "
                "interpreter; pass what the function needs of them (such as '{{ ti.task_id }}')."
            ) from error

    def _judge(self, code: int, command: list[str], files: CallFiles) -> None:
        """Raises AirflowSkipException, AirflowException or CalledProcessError unless all went well."""
        if code in self.skip_on_exit_code:
            raise AirflowSkipException(f"Process exited with code {code}. Skipping.")
        if code == 0:
            return
        said = files.error.read_text() if files.error.exists() else ""
        if said:
            raise AirflowException(f"Process returned non-zero exit status {code}.\n{said}")
        raise subprocess.CalledProcessError(code, command)

    def _read_result(self, path: Path) -> Any:
        if not path.exists() or path.stat().st_size == 0:
            return None
        try:
            return self._serializer().loads(path.read_bytes())
        except ValueError as error:
            raise DeserializingResultError from error

    def _serializer(self) -> Any:
        """Without dill here, pickle: it writes what dill reads, and reads what dill writes of plain values."""
        try:
            return importlib.import_module(self.serializer)
        except ModuleNotFoundError:
            return pickle

    def on_kill(self) -> None:
        hook = getattr(self, "_hook", None)
        if hook is not None:
            hook.send_sigterm()


class _ModuleByName:
    """Becomes the module when it is unpickled; modules themselves cannot be pickled."""

    def __init__(self, module: types.ModuleType) -> None:
        self._name = module.__name__

    def __reduce__(self) -> tuple[Callable[[str], types.ModuleType], tuple[str]]:
        return importlib.import_module, (self._name,)


def _by_name(value: Any) -> Any:
    return _ModuleByName(value) if isinstance(value, types.ModuleType) else value


def _as_codes(value: int | Container[int] | None) -> Container[int]:
    if value is None:
        return ()
    return value if isinstance(value, Container) else (value,)
