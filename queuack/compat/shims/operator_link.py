"""``BaseOperatorLink``: base of the links an operator offers beside its task. Airflow: howto/define-extra-link."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

__all__ = ["BaseOperatorLink"]


class BaseOperatorLink(ABC):
    """Subclasses say a ``name`` and where it leads; ``operators`` are the classes a plugin's link belongs to."""

    operators: ClassVar[list[type[Any]]] = []

    @property
    @abstractmethod
    def name(self) -> str:
        """The text of the link."""

    @property
    def xcom_key(self) -> str:
        """The XCom under which the link's target is kept."""
        return f"_link_{type(self).__name__}"

    @abstractmethod
    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The URL for one task instance; empty when there is none."""
