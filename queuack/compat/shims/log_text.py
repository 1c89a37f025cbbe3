"""Parts of ``airflow.utils.log``: the ``log`` property, and terminal codes taken out of texts."""

from __future__ import annotations

import logging
import re

__all__ = ["ExternalLoggingMixin", "LoggingMixin", "remove_escape_codes"]

_ANSI = re.compile(r"\x1B[@-_][0-?]*[ -/]*[@-~]")


class LoggingMixin:
    """Gives a class ``self.log``, a logger named after module and class."""

    _log: logging.Logger | None = None
    _logger_name: str | None = None

    def __init__(self, context: object = None) -> None:
        super().__init__()

    @property
    def log(self) -> logging.Logger:
        if self._log is None:
            kind = type(self)
            self._log = logging.getLogger(self._logger_name or f"{kind.__module__}.{kind.__qualname__}")
        return self._log

    @classmethod
    def logger(cls) -> logging.Logger:
        return logging.getLogger(cls._logger_name or f"{cls.__module__}.{cls.__qualname__}")


class ExternalLoggingMixin:
    """Base of log handlers whose logs are shown elsewhere."""

    @property
    def log_name(self) -> str:
        return ""

    def get_external_log_url(self, task_instance: object, try_number: int) -> str:
        return ""

    @property
    def supports_external_link(self) -> bool:
        return False


def remove_escape_codes(text: str) -> str:
    """A text without ANSI escape codes."""
    return _ANSI.sub("", text)
