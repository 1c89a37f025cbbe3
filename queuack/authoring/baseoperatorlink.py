"""BaseOperatorLink: a link that a task shows in the UI. Airflow page: howto/define-extra-link."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

XCOM_LINK_PREFIX = "_link_"


class BaseOperatorLink(ABC):
    """Subclasses define ``name`` and ``get_link``; ``operators`` are the classes a plugin's link belongs to."""

    operators: ClassVar[list[type[Any]]] = []

    @property
    @abstractmethod
    def name(self) -> str:
        """The text of the link."""

    @property
    def xcom_key(self) -> str:
        """Where the worker leaves the link after the task."""
        return f"{XCOM_LINK_PREFIX}{type(self).__name__}"

    @abstractmethod
    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The URL for one task instance; empty when there is none."""
