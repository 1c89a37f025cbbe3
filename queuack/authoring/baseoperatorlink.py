"""BaseOperatorLink: a link that a task shows in the UI. Airflow page: howto/define-extra-link."""

from __future__ import annotations

from typing import Any, ClassVar

XCOM_LINK_PREFIX = "_link_"


class BaseOperatorLink:
    """Subclasses define ``name`` and ``get_link(operator, ti_key=…)``."""

    operators: ClassVar[list[type]] = []

    @property
    def name(self) -> str:
        raise NotImplementedError(f"{type(self).__name__} must define name")

    @property
    def xcom_key(self) -> str:
        """Where the worker leaves the link after the task."""
        return f"{XCOM_LINK_PREFIX}{type(self).__name__}"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        raise NotImplementedError(f"{type(self).__name__} must define get_link(operator, ti_key=...)")
