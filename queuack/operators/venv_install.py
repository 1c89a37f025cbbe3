"""Making a virtual environment: ``venv`` and ``pip``, or ``uv`` where it is installed.

Decides the commands. ``[standard] venv_install_method`` (auto, uv, pip) chooses between them. What the commands say
goes to the task's log line by line.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from queuack.authoring.conf import conf
from queuack.authoring.exceptions import AirflowException
from queuack.operators.subprocess_hook import SubprocessHook


@dataclass(frozen=True)
class VenvRecipe:
    """What an environment is made of."""

    requirements: Sequence[str]
    python_version: str | None = None
    """``3.12``; None for the one that runs here."""
    system_site_packages: bool = True
    pip_install_options: Sequence[str] = ()
    index_urls: Sequence[str] | None = None
    """Package indexes, the main one first; an empty list means none; None what pip is configured for."""


def make_venv(folder: Path, recipe: VenvRecipe, hook: SubprocessHook) -> Path:
    """Make the environment in ``folder`` (which exists) and return its interpreter.

    Raises AirflowException when a command fails or there is no such Python.
    """
    if recipe.index_urls is not None:
        (folder / "pip.conf").write_text(_pip_conf(recipe.index_urls))
    uv = _uv()
    env = {**os.environ, **_uv_indexes(recipe.index_urls)}
    python = folder / "bin" / "python"
    _run(hook, _create(folder, recipe, uv), env)
    if any(requirement.strip() for requirement in recipe.requirements):
        file = folder / "requirements.txt"
        file.write_text("\n".join(recipe.requirements))
        install = [uv, "pip", "install", "--python", str(python)] if uv else [str(folder / "bin" / "pip"), "install"]
        _run(hook, [*install, *recipe.pip_install_options, "-r", str(file)], env)
    return python


def _uv() -> str | None:
    """The ``uv`` to use; None for venv and pip."""
    method = conf.get("standard", "venv_install_method", fallback="auto").lower()
    return shutil.which("uv") or ("uv" if method == "uv" else None) if method in ("auto", "uv") else None


def _create(folder: Path, recipe: VenvRecipe, uv: str | None) -> list[str]:
    name = f"python{recipe.python_version}" if recipe.python_version else sys.executable
    shared = ["--system-site-packages"] if recipe.system_site_packages else []
    if uv:
        return [uv, "venv", "--allow-existing", "--seed", "--python", name, *shared, str(folder)]
    if shutil.which(name) is None:
        raise AirflowException(f"There is no {name} on the PATH to make a virtual environment with.")
    return [name, "-m", "venv", str(folder), *shared]


def _pip_conf(index_urls: Sequence[str]) -> str:
    if not index_urls:
        return "[global]\nno-index = true"
    lines = ["[global]", f"index-url = {index_urls[0]}"]
    if len(index_urls) > 1:
        lines.append(f"extra-index-url = {' '.join(index_urls[1:])}")
    return "\n".join(lines)


def _uv_indexes(index_urls: Sequence[str] | None) -> dict[str, str]:
    if not index_urls:
        return {}
    more = {"UV_INDEX": " ".join(index_urls[1:])} if len(index_urls) > 1 else {}
    return {"UV_DEFAULT_INDEX": index_urls[0], **more}


def _run(hook: SubprocessHook, command: list[str], env: Mapping[str, str]) -> None:
    done = hook.run_command(command, dict(env), cwd=os.getcwd())
    if done.exit_code != 0:
        raise AirflowException(f"Could not make the virtual environment: {done.output or 'no message'}")
