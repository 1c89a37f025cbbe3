"""PythonVirtualenvOperator: a function in a virtual environment made for it, new each time or kept.

Decides what the environment is made of and when a kept one may be used again. Airflow page: howto/operator/python.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from queuack.authoring.exceptions import AirflowException
from queuack.authoring.variable import Variable
from queuack.hooks.package_index import PackageIndexHook
from queuack.operators.branch import BaseBranchOperator
from queuack.operators.python import PythonOperator
from queuack.operators.python_elsewhere import PythonElsewhereOperator
from queuack.operators.subprocess_hook import SubprocessHook
from queuack.operators.venv_install import VenvRecipe, make_venv

if TYPE_CHECKING:
    from queuack.authoring.context import Context

_MARKER = "install_complete_marker.json"
_CACHE_KEY_VARIABLE = "python_virtualenv_operator_cache_key"
"""The value of this Variable, if there is one, is part of what kept environments are made of: a change renews all."""


class PythonVirtualenvOperator(PythonElsewhereOperator):
    """Calls the function in a virtual environment with ``requirements``: a list, a text or a requirements file.

    ``python_version`` ("3.12") names another Python on the PATH. ``venv_cache_path`` is a folder that keeps the
    environment for the next time; without it the environment is gone afterwards. ``index_urls``, or connections of type
    ``package_index``, replace pip's own indexes.
    """

    template_fields: Collection[str] = (
        *PythonOperator.template_fields,
        "requirements",
        "index_urls",
        "index_urls_from_connection_ids",
        "venv_cache_path",
    )
    template_ext = (".txt",)

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        requirements: Iterable[str] | str | None = None,
        python_version: str | None = None,
        system_site_packages: bool = True,
        pip_install_options: list[str] | None = None,
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        index_urls: Collection[str] | str | None = None,
        index_urls_from_connection_ids: Collection[str] | str | None = None,
        venv_cache_path: os.PathLike[str] | str | None = None,
        **kwargs: Any,
    ) -> None:
        if python_version is not None and not isinstance(python_version, str):
            raise AirflowException("Passing non-string types (e.g. int or float) as python_version not supported")
        if python_version and python_version[0] != str(sys.version_info.major) and (op_args or op_kwargs):
            raise AirflowException(
                "Passing op_args or op_kwargs is not supported across different Python major versions for "
                f"PythonVirtualenvOperator. Please use string_args. Sys version: {sys.version_info}. "
                f"Virtual environment version: {python_version}"
            )
        self.requirements = _as_list(requirements) or []
        self.python_version = python_version
        self.system_site_packages = system_site_packages
        self.pip_install_options = pip_install_options
        self.index_urls = _as_list(index_urls)
        self.index_urls_from_connection_ids = _as_list(index_urls_from_connection_ids)
        self.venv_cache_path = venv_cache_path
        super().__init__(python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, **kwargs)

    @contextmanager
    def interpreter(self) -> Iterator[str]:
        self._hook = SubprocessHook()
        recipe = self._recipe()
        if self.venv_cache_path:
            yield str(self._kept_venv(Path(self.venv_cache_path), recipe))
            return
        with TemporaryDirectory(prefix="venv") as folder:
            yield str(make_venv(Path(folder), recipe, self._hook))

    def _recipe(self) -> VenvRecipe:
        requirements = [str(requirement) for requirement in self.requirements]
        needs_serializer = self.serializer != "pickle" and not self.system_site_packages
        if needs_serializer and self.serializer not in requirements:
            requirements.append(self.serializer)
        indexes = self.index_urls
        for conn_id in self.index_urls_from_connection_ids or ():
            indexes = [*(indexes or []), PackageIndexHook(conn_id).get_connection_url()]
        return VenvRecipe(
            requirements=sorted(requirements),
            python_version=self.python_version,
            system_site_packages=self.system_site_packages,
            pip_install_options=self.pip_install_options or (),
            index_urls=indexes,
        )

    def _kept_venv(self, parent: Path, recipe: VenvRecipe) -> Path:
        """The interpreter of the environment that this recipe gave before, made now if there is none."""
        facts = {
            "requirements_list": recipe.requirements,
            "pip_install_options": list(recipe.pip_install_options),
            "index_urls": recipe.index_urls,
            "cache_key": str(Variable.get(_CACHE_KEY_VARIABLE, "")),
            "python_version": recipe.python_version,
            "system_site_packages": recipe.system_site_packages,
        }
        text = json.dumps(facts, sort_keys=True)
        folder = parent / f"venv-{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8]}"
        self.log.info("Python virtual environment will be cached in %s", folder)
        parent.mkdir(parents=True, exist_ok=True)
        with open(f"{folder}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # other workers wait for the one that builds it
            marker = folder / _MARKER
            if marker.exists() and marker.read_text() == text:
                self.log.info("Reusing cached Python virtual environment in %s", folder)
                return folder / "bin" / "python"
            self._build(folder, recipe)
            marker.write_text(text)
        self.log.info("New Python virtual environment created in %s", folder)
        return folder / "bin" / "python"

    def _build(self, folder: Path, recipe: VenvRecipe) -> None:
        """Nothing half-made is left behind."""
        if folder.exists():
            self.log.warning("Found a partly installed virtual environment in %s, making it anew.", folder)
            shutil.rmtree(folder)
        folder.mkdir()
        try:
            make_venv(folder, recipe, self._hook)
        except BaseException as error:
            shutil.rmtree(folder)
            if isinstance(error, Exception):
                raise AirflowException(f"Unable to create new virtual environment in {folder}: {error}") from error
            raise


class BranchPythonVirtualenvOperator(BaseBranchOperator, PythonVirtualenvOperator):
    """Follows the task or group ids that the function, called in a virtual environment, returns."""

    def choose_branch(self, context: Context) -> str | Iterable[str] | None:
        chosen: str | Iterable[str] | None = PythonVirtualenvOperator.execute(self, context)
        return chosen


def _as_list(value: Collection[str] | Iterable[str] | str | None) -> list[str] | None:
    if value is None:
        return None
    return [value] if isinstance(value, str) else list(value)
