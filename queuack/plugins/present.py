"""The plugins of this process: loaded once, without those that the probe has found to hang or to end their process.

Decides when they are loaded.
"""

from __future__ import annotations

import logging
import sys

from queuack.authoring.registered import registered
from queuack.home import Home
from queuack.plugins import loading
from queuack.plugins.loading import Loaded, LoadedPlugin, PluginError, load_into
from queuack.plugins.probing import stamp, verdict_on
from queuack.plugins.sources import Source, add_folders_to_path, sources, state_of

log = logging.getLogger("queuack.plugins")

_loaded: dict[Home, Loaded] = {}
_stamps: dict[Home, tuple[int, int] | None] = {}
_states: dict[Home, str] = {}


def load_plugins(home: Home) -> list[LoadedPlugin]:
    """All plugins of ``home``, in order of their files, then of entry points; loaded at the first call in this
    process."""
    return list(_load(home).plugins)


def plugin_errors(home: Home) -> list[PluginError]:
    """What failed while loading; loads at the first call."""
    return list(_load(home).errors)


def have_changed(home: Home) -> bool:
    """Whether others have found that the plugins are not those loaded here. Costs one look at a file."""
    if home not in _loaded or stamp(home) == _stamps.get(home):
        return False
    _stamps[home] = stamp(home)
    return state_of(sources(home)) != _states.get(home)  # they may have been tried anew, and be the same


def reload_plugins(home: Home) -> list[LoadedPlugin]:
    """Plugin files have changed: take what they brought out of this process and load all anew."""
    _loaded.pop(home, None)
    registered.clear()
    for name in loading.modules:
        sys.modules.pop(name, None)
    loading.modules.clear()
    return load_plugins(home)


def _load(home: Home) -> Loaded:
    known = _loaded.get(home)
    if known is None:
        add_folders_to_path(home)
        known = _loaded[home] = Loaded()
        found = sources(home)
        bad = verdict_on(home, found).bad
        _stamps[home], _states[home] = stamp(home), state_of(found)
        load_into(known, home, [source for source in found if source.name not in bad], _nothing)
        for name, message in bad.items():
            known.errors.append(PluginError(name, message))
            log.warning("Plugin %s is left out: %s", name, message)
    return known


def _nothing(source: Source) -> None:
    """Nobody wants to know."""
