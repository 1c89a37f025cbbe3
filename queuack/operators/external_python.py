"""ExternalPythonOperator: a function in a Python that is there already. Airflow page: howto/operator/python."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queuack.operators.branch import BaseBranchOperator
from queuack.operators.python import PythonOperator
from queuack.operators.python_elsewhere import PythonElsewhereOperator

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class ExternalPythonOperator(PythonElsewhereOperator):
    """Calls the function in the interpreter at ``python``, an absolute path (``…/bin/python``, templated)."""

    template_fields: Collection[str] = (*PythonOperator.template_fields, "python")

    def __init__(
        self, *, python: str, python_callable: Callable[..., Any], expect_pendulum: bool = False, **kwargs: Any
    ) -> None:
        if not python:
            raise ValueError("Python Path must be defined in ExternalPythonOperator")
        self.python = python
        self.expect_pendulum = expect_pendulum
        super().__init__(python_callable=python_callable, **kwargs)

    @contextmanager
    def interpreter(self) -> Iterator[str]:
        """Raises ValueError when ``python`` is no absolute path of a file."""
        path = Path(self.python)
        if not path.exists():
            raise ValueError(f"Python Path '{path}' must exists")
        if not path.is_file():
            raise ValueError(f"Python Path '{path}' must be a file")
        if not path.is_absolute():
            raise ValueError(f"Python Path '{path}' must be an absolute path.")
        yield str(path)


class BranchExternalPythonOperator(BaseBranchOperator, ExternalPythonOperator):
    """Follows the task or group ids that the function, called in another interpreter, returns."""

    def choose_branch(self, context: Context) -> str | Iterable[str] | None:
        chosen: str | Iterable[str] | None = ExternalPythonOperator.execute(self, context)
        return chosen
