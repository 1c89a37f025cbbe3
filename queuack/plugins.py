"""Plugins: ``plugins/**/*.py`` and the ``airflow.plugins`` entry points, loaded in the processes that run user code.

Decides what counts as a plugin and where its macros appear. A plugin that fails is a recorded error, never an
exception. The daemon must not call it. It also puts the dags and plugins folders on ``sys.path``, with a loader that
reads sources afresh: byte code caches are matched by whole seconds and size, so an edit soon after another could go
unnoticed.
Airflow page: administration-and-deployment/plugins.
"""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import importlib.util
import inspect
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from queuack import config
from queuack.authoring.plugin import AirflowPlugin
from queuack.home import Home

log = logging.getLogger("queuack.plugins")

ENTRY_POINTS = "airflow.plugins"


@dataclass(frozen=True)
class LoadedPlugin:
    name: str
    file: str
    """Relative to the plugins folder, or the entry point."""
    plugin: AirflowPlugin


@dataclass(frozen=True)
class PluginError:
    file: str
    message: str
    """One line."""


@dataclass(frozen=True)
class _Loaded:
    plugins: list[LoadedPlugin]
    errors: list[PluginError]


_loaded: dict[Home, _Loaded] = {}


def load_plugins(home: Home) -> list[LoadedPlugin]:
    """All plugins of ``home``, in order of their files, then of entry points; loaded at the first call in this
    process."""
    return list(_load(home).plugins)


def plugin_errors(home: Home) -> list[PluginError]:
    """What failed while loading; loads at the first call."""
    return list(_load(home).errors)


def add_folders_to_path(home: Home) -> None:
    """Let DAG files import what lies in the dags and the plugins folder (at the end of ``sys.path``, as Airflow
    does)."""
    for folder in _folders(home):
        if folder not in sys.path:
            sys.path.append(folder)
            _fresh_folders.append(folder)
            for cached in [path for path in sys.path_importer_cache if _is_fresh(path)]:
                del sys.path_importer_cache[cached]
    if _fresh_finder not in sys.path_hooks:
        sys.path_hooks.insert(0, _fresh_finder)


@lru_cache(maxsize=1)
def entry_points() -> tuple[importlib.metadata.EntryPoint, ...]:
    """Plugins that installed packages announce. Reads metadata only, so that a process may do it before it forks."""
    return tuple(importlib.metadata.entry_points(group=ENTRY_POINTS))


def _folders(home: Home) -> tuple[str, str]:
    current = config.current()
    settings = current if current.home == home else config.load(home)
    return settings.get_str("core", "dags_folder"), settings.get_str("core", "plugins_folder")


def _load(home: Home) -> _Loaded:
    if home not in _loaded:
        add_folders_to_path(home)
        loaded = _loaded[home] = _Loaded([], [])
        folder = Path(_folders(home)[1])
        for file in _plugin_files(folder):
            relative = file.relative_to(folder).as_posix()
            try:
                _register_all(_classes_in(_run(file, folder)), relative, loaded)
            except (Exception, SystemExit) as error:
                _record(loaded, relative, error)
        for point in entry_points():
            try:
                _register_all(_classes_of(point.load()), f"{ENTRY_POINTS}: {point.name}", loaded)
            except (Exception, SystemExit) as error:
                _record(loaded, f"{ENTRY_POINTS}: {point.name}", error)
    return _loaded[home]


def _plugin_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts and path.is_file())


def _run(file: Path, folder: Path) -> ModuleType:
    """Import under its dotted name below the folder, so that DAG files importing it get the same module."""
    parts = file.relative_to(folder).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == str(file):
        return known
    if all(part.isidentifier() for part in name.split(".")):
        module = importlib.import_module(name)
        if getattr(module, "__file__", None) == str(file):
            return module
    return _run_alone(f"queuack_plugin_{'_'.join(parts)}", file)


def _run_alone(name: str, file: Path) -> ModuleType:
    """A file whose dotted name cannot be used: it is no identifier or hidden by another module."""
    loader = FreshSourceLoader(name, str(file))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _classes_in(module: ModuleType) -> Iterator[type[AirflowPlugin]]:
    for value in list(vars(module).values()):
        if inspect.isclass(value) and value.__module__ == module.__name__:
            yield from _classes_of(value)


def _classes_of(value: Any) -> Iterator[type[AirflowPlugin]]:
    if inspect.isclass(value) and issubclass(value, AirflowPlugin) and value is not AirflowPlugin:
        yield value


def _register_all(classes: Iterator[type[AirflowPlugin]], file: str, loaded: _Loaded) -> None:
    for plugin_class in classes:
        plugin_class.validate()
        name = str(plugin_class.name)
        if any(plugin.name == name for plugin in loaded.plugins):
            loaded.errors.append(PluginError(file, f"There is a plugin named {name!r} already; this one is not used."))
            continue
        plugin = plugin_class()
        plugin.source = file
        plugin.on_load()
        _register_macros(name, plugin.macros)
        loaded.plugins.append(LoadedPlugin(name, file, plugin))


def _register_macros(name: str, functions: list[Any]) -> None:
    """``macros.<name>.<function>``: a module below the macros module, which templates and DAG files both see."""
    if not functions:
        return
    macros = importlib.import_module("queuack.authoring.macros")
    module = ModuleType(f"airflow.macros.{name}")
    for function in functions:
        setattr(module, function.__name__, function)
    for prefix in ("airflow.macros", "airflow.sdk.execution_time.macros"):
        sys.modules[f"{prefix}.{name}"] = module
    setattr(macros, name, module)


def _record(loaded: _Loaded, file: str, error: BaseException) -> None:
    first = (str(error).splitlines() or [""])[0]
    message = f"{type(error).__name__}: {first}" if first else type(error).__name__
    loaded.errors.append(PluginError(file, message))
    log.warning("Plugin %s cannot be loaded: %s", file, message)


class FreshSourceLoader(importlib.machinery.SourceFileLoader):
    """Compiles the source on disk each time; neither reads nor writes byte code."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


_fresh_folders: list[str] = []
_finder_for = importlib.machinery.FileFinder.path_hook(
    (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
    (FreshSourceLoader, importlib.machinery.SOURCE_SUFFIXES),
)


def _is_fresh(path: str) -> bool:
    return any(path == folder or path.startswith(folder + os.sep) for folder in _fresh_folders)


def _fresh_finder(path: str) -> Any:
    if not _is_fresh(path):
        raise ImportError(path)
    return _finder_for(path)
