"""``airflow.configuration`` as 1.10 had it: functions beside ``conf``."""

from __future__ import annotations

from typing import Any

from queuack.authoring.conf import conf
from queuack.home import find_home

__all__ = ["get", "get_airflow_home", "getboolean", "getfloat", "getint", "has_option"]


def get(*args: Any, **kwargs: Any) -> Any:
    """``conf.get``."""
    return conf.get(*args, **kwargs)


def getboolean(*args: Any, **kwargs: Any) -> Any:
    """``conf.getboolean``."""
    return conf.getboolean(*args, **kwargs)


def getint(*args: Any, **kwargs: Any) -> Any:
    """``conf.getint``."""
    return conf.getint(*args, **kwargs)


def getfloat(*args: Any, **kwargs: Any) -> Any:
    """``conf.getfloat``."""
    return conf.getfloat(*args, **kwargs)


def has_option(*args: Any, **kwargs: Any) -> Any:
    """``conf.has_option``."""
    return conf.has_option(*args, **kwargs)


def get_airflow_home() -> str:
    """The home folder."""
    return str(find_home().root)
