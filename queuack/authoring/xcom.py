"""``XCom`` as a class: reading, setting and deleting values by their keys, and the base of XCom backends.

Decides which class ``[core] xcom_backend`` names. Values are where the process's Runtime keeps them, which is also who
calls a backend's ``serialize_value`` and ``deserialize_value``; a task's own way is ``ti.xcom_pull`` and
``ti.xcom_push``. Airflow page: core-concepts/xcoms, "Custom XCom Backends".
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from queuack import config
from queuack.authoring.async_tasks import off_loop
from queuack.authoring.exceptions import AirflowConfigException
from queuack.authoring.runtime import NO_XCOM, current_runtime
from queuack.authoring.xcomarg import XCOM_RETURN_KEY
from queuack.errors import NotBuilt
from queuack.serialization import typed_json


class BaseXCom:
    """Airflow's base of XCom backends: a subclass overrides ``serialize_value``, ``deserialize_value``, ``purge``."""

    XCOM_RETURN_KEY = XCOM_RETURN_KEY

    @classmethod
    def get_one(
        cls,
        *,
        key: str,
        dag_id: str,
        task_id: str,
        run_id: str,
        map_index: int | None = None,
        include_prior_dates: bool = False,
    ) -> Any:
        """The value; None when there is none. With ``include_prior_dates`` the latest of this run and those before."""
        value = current_runtime().xcom_get(
            dag_id=dag_id,
            run_id=run_id,
            task_id=task_id,
            map_index=-1 if map_index is None else map_index,
            key=key,
            include_prior_dates=include_prior_dates,
        )
        return None if value is NO_XCOM else value

    @classmethod
    def get_value(cls, *, ti_key: Any, key: str) -> Any:
        """The value of a task instance given by its ``TaskInstanceKey``."""
        return cls.get_one(
            key=key, dag_id=ti_key.dag_id, task_id=ti_key.task_id, run_id=ti_key.run_id, map_index=ti_key.map_index
        )

    @classmethod
    def get_all(
        cls, *, key: str, dag_id: str, task_id: str, run_id: str, include_prior_dates: bool = False
    ) -> list[Any] | None:
        """The values of all instances of a task, by map index; None when there are none.

        With ``include_prior_dates`` those of this run and of every run of the DAG before it; of one map index the
        earlier run's first.
        """
        found = current_runtime().xcom_slice(
            dag_id=dag_id,
            run_id=run_id,
            task_id=task_id,
            key=key,
            start=0,
            stop=None,
            include_prior_dates=include_prior_dates,
        )
        return found or None

    @classmethod
    def get_many(cls, *args: Any, **kwargs: Any) -> Any:
        """Airflow 2's, which gave a query. Raises NotBuilt."""
        raise NotBuilt("XCom.get_many is gone, in Airflow 3 too: use XCom.get_all, ti.xcom_pull or `queuack sql`.")

    @classmethod
    def set(
        cls,
        key: str,
        value: Any,
        *,
        dag_id: str,
        task_id: str,
        run_id: str,
        map_index: int = -1,
        dag_result: bool = False,
        _mapped_length: int | None = None,
    ) -> None:
        """Set a value. ``dag_result`` and ``_mapped_length`` are taken and change nothing."""
        current_runtime().xcom_set(
            dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index, key=key, value=value
        )

    @classmethod
    def delete(cls, key: str, task_id: str, dag_id: str, run_id: str, map_index: int | None = None) -> None:
        """Take a value away, ``purge`` first; one that is not there is no error."""
        current_runtime().xcom_delete(
            dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=-1 if map_index is None else map_index, key=key
        )

    # The same from a task's event loop.
    @classmethod
    async def aget_one(cls, **place: Any) -> Any:
        return await off_loop(cls.get_one, **place)

    @classmethod
    async def aget_value(cls, *, ti_key: Any, key: str) -> Any:
        return await off_loop(cls.get_value, ti_key=ti_key, key=key)

    @classmethod
    async def aget_all(cls, **place: Any) -> Any:
        return await off_loop(cls.get_all, **place)

    @classmethod
    async def aset(cls, key: str, value: Any, **place: Any) -> None:
        await off_loop(cls.set, key, value, **place)

    # ── what a backend overrides ─────────────────────────────────────────────────────────────────
    @staticmethod
    def serialize_value(
        value: Any,
        *,
        key: str | None = None,
        task_id: str | None = None,
        dag_id: str | None = None,
        run_id: str | None = None,
        map_index: int | None = None,
    ) -> Any:
        """What is stored for ``value``: in JSON's types where it has such a form, else as it is (tables, pickles)."""
        try:
            return typed_json.wrap(value)
        except TypeError:
            return value

    @staticmethod
    def deserialize_value(result: Any) -> Any:
        """The value again; ``result.value`` is what was stored."""
        return typed_json.unwrap(result.value)

    @classmethod
    def purge(cls, xcom: Any, *args: Any) -> None:
        """A value is deleted; ``xcom.key`` and ``xcom.value`` (what was stored) say which. Does nothing here."""


def xcom_class() -> type[BaseXCom]:
    """The class of ``[core] xcom_backend``.

    Raises AirflowConfigException when it cannot be imported, TypeError when it is no subclass of BaseXCom.
    """
    return _load(config.get_str("core", "xcom_backend"))


@cache
def _load(path: str) -> type[BaseXCom]:
    if not path or path.rpartition(".")[2] == "BaseXCom":
        return BaseXCom
    module, _, name = path.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise AirflowConfigException(f"[core] xcom_backend = {path} cannot be loaded: {error}") from error
    if not (isinstance(found, type) and issubclass(found, BaseXCom)):
        raise TypeError(f"[core] xcom_backend = {path} is not a subclass of BaseXCom.")
    return found


def __getattr__(name: str) -> Any:
    """``XCom`` is the class in use; it is loaded when somebody asks for it."""
    if name == "XCom":
        return xcom_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
