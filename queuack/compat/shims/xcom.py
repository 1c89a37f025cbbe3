"""``XCom`` as a class: reading, setting and deleting values by their keys from user code.

Values are where the process's Runtime keeps them; a task's own way is ``ti.xcom_pull`` and ``ti.xcom_push``.
"""

from __future__ import annotations

from typing import Any

from queuack.authoring.async_tasks import off_loop
from queuack.authoring.runtime import NO_XCOM, current_runtime
from queuack.authoring.xcomarg import XCOM_RETURN_KEY
from queuack.errors import NotBuilt

__all__ = ["XCOM_RETURN_KEY", "BaseXCom", "XCom"]


class BaseXCom:
    """Airflow's base of XCom backends; a backend of one's own is not built yet."""

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
        """The value; None when there is none."""
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
    def set(cls, key: str, value: Any, *, dag_id: str, task_id: str, run_id: str, map_index: int = -1) -> None:
        """Set a value."""
        current_runtime().xcom_set(
            dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index, key=key, value=value
        )

    @classmethod
    def delete(cls, key: str, *, dag_id: str, task_id: str, run_id: str, map_index: int = -1) -> None:
        """Take a value away; one that is not there is no error."""
        current_runtime().xcom_delete(dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index, key=key)

    @classmethod
    def get_all(
        cls, *, key: str, dag_id: str, task_id: str, run_id: str, include_prior_dates: bool = False
    ) -> list[Any] | None:
        """The values of all instances of a task, by map index; None when there are none."""
        if include_prior_dates:
            raise NotBuilt("XCom.get_all(include_prior_dates=True) is not built in Queuack yet: use XCom.get_one.")
        found = current_runtime().xcom_slice(dag_id=dag_id, run_id=run_id, task_id=task_id, key=key, start=0, stop=None)
        return found or None

    @classmethod
    async def aget_one(cls, **place: Any) -> Any:
        """As ``get_one``, from a task's event loop."""
        return await off_loop(cls.get_one, **place)

    @classmethod
    async def aget_value(cls, *, ti_key: Any, key: str) -> Any:
        """As ``get_value``, from a task's event loop."""
        return await off_loop(cls.get_value, ti_key=ti_key, key=key)

    @classmethod
    async def aget_all(cls, **place: Any) -> Any:
        """As ``get_all``, from a task's event loop."""
        return await off_loop(cls.get_all, **place)

    @classmethod
    async def aset(cls, key: str, value: Any, **place: Any) -> None:
        """As ``set``, from a task's event loop."""
        await off_loop(cls.set, key, value, **place)

    @classmethod
    def get_many(cls, *args: Any, **kwargs: Any) -> Any:
        """Raises NotBuilt."""
        raise NotBuilt("XCom.get_many is not built in Queuack yet: use ti.xcom_pull or `queuack sql`.")


class XCom(BaseXCom):
    """The values of this deployment."""
