"""Plugins: ``plugins/**/*.py`` and the ``airflow.plugins`` entry points, loaded in the processes that run user code.

A plugin that fails is a recorded error, never an exception; one that hangs or ends its process is found out by a
process that tries them first, and is left out everywhere else. The daemon loads none. This module is the package's
face.
Airflow page: administration-and-deployment/plugins.
"""

from __future__ import annotations

from queuack.plugins.describing import KINDS
from queuack.plugins.loading import LoadedPlugin, PluginError
from queuack.plugins.present import have_changed, load_plugins, plugin_errors, reload_plugins
from queuack.plugins.probing import Verdict, last_verdict, verdict_on
from queuack.plugins.sources import FreshSourceLoader, add_folders_to_path, entry_points, sources, state_of

__all__ = [
    "KINDS",
    "FreshSourceLoader",
    "LoadedPlugin",
    "PluginError",
    "Verdict",
    "add_folders_to_path",
    "entry_points",
    "have_changed",
    "last_verdict",
    "load_plugins",
    "plugin_errors",
    "reload_plugins",
    "sources",
    "state_of",
    "verdict_on",
]
