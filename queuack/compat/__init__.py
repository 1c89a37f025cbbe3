"""The ``airflow`` import names: ``install()`` makes ``import airflow`` reach Queuack's classes.

Decides that Queuack's names win in a process that called ``install()``, whether or not Airflow is installed. What each
name means is data (``compat/table/``); how a name is served is ``compat/finder.py`` and ``compat/serving.py``.
"""

from __future__ import annotations

from queuack.compat.finder import install, installed, uninstall

__all__ = ["install", "installed", "uninstall"]
