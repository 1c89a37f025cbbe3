"""Loading plugins into this process: import, check, register what they bring.

Decides what is done with a class that is found. Which sources are loaded is the caller's decision.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from queuack.authoring.plugin import AirflowPlugin
from queuack.authoring.registered import registered
from queuack.home import Home
from queuack.plugins.sources import FreshSourceLoader, Source, add_folders_to_path, folders

log = logging.getLogger("queuack.plugins")


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


class Loaded:
    """What loading gave."""

    def __init__(self) -> None:
        self.plugins: list[LoadedPlugin] = []
        self.errors: list[PluginError] = []


modules: set[str] = set()
"""Names under which plugin files were imported."""


def load_into(loaded: Loaded, home: Home, found: Iterable[Source], begin: Callable[[Source], None]) -> None:
    """Load each source; ``begin`` is told before. What fails becomes an error of ``loaded``."""
    add_folders_to_path(home)
    folder = Path(folders(home)[1])
    imported: list[tuple[Source, type[AirflowPlugin]]] = []
    for source in found:
        begin(source)
        try:
            for plugin_class, is_own in _classes_of(source, folder):
                if is_own:
                    _register(plugin_class, source, loaded)
                else:
                    imported.append((source, plugin_class))
        except (Exception, SystemExit) as error:
            _record(loaded, source.name, error)
    for source, plugin_class in imported:
        try:
            _register(plugin_class, source, loaded)
        except (Exception, SystemExit) as error:
            _record(loaded, source.name, error)


# ── one source ───────────────────────────────────────────────────────────────────────────────────────
def _classes_of(source: Source, folder: Path) -> Iterator[tuple[type[AirflowPlugin], bool]]:
    """(class, whether it is the source's own). As in Airflow every plugin class counts that the file has in its
    namespace, an imported one too."""
    if source.point is not None:
        values, own = [source.point.load()], None
    else:
        assert source.file is not None
        module = _run(source.file, folder)
        values, own = list(vars(module).values()), module.__name__
    for value in values:
        if inspect.isclass(value) and issubclass(value, AirflowPlugin) and value is not AirflowPlugin:
            yield value, own is None or value.__module__ == own


def _run(file: Path, folder: Path) -> ModuleType:
    """Import under its dotted name below the folder, so that DAG files importing it get the same module."""
    parts = file.relative_to(folder).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == str(file):
        modules.add(name)
        return known
    if all(part.isidentifier() for part in name.split(".")):
        module = importlib.import_module(name)
        if getattr(module, "__file__", None) == str(file):
            modules.add(name)
            return module
    return _run_alone(f"queuack_plugin_{'_'.join(parts)}", file)


def _run_alone(name: str, file: Path) -> ModuleType:
    """A file whose dotted name cannot be used: it is no identifier or hidden by another module."""
    loader = FreshSourceLoader(name, str(file))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    modules.add(name)
    try:
        loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _register(plugin_class: type[AirflowPlugin], source: Source, loaded: Loaded) -> None:
    if any(type(known.plugin) is plugin_class for known in loaded.plugins):
        return
    plugin_class.validate()
    name = str(plugin_class.name)
    if any(known.name == name for known in loaded.plugins):
        problem = f"There is a plugin named {name!r} already; this one is not used."
        loaded.errors.append(PluginError(source.name, problem))
        return
    plugin = plugin_class()
    plugin.source = source.shown
    plugin.on_load()
    _register_macros(name, plugin.macros)
    registered.add(plugin)
    loaded.plugins.append(LoadedPlugin(name, source.name, plugin))


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


def _record(loaded: Loaded, file: str, error: BaseException) -> None:
    first = (str(error).splitlines() or [""])[0]
    message = f"{type(error).__name__}: {first}" if first else type(error).__name__
    loaded.errors.append(PluginError(file, message))
    log.warning("Plugin %s cannot be loaded: %s", file, message)
