"""``DagBag``: DAG files loaded in this process, as programs that make or test DAGs do.

Decides which files (as the parser does) and that a file that fails is an entry in ``import_errors``. Not what the
daemon uses: a file that hangs here, hangs its caller. Airflow (2.x): ``airflow.models.DagBag``.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from queuack.authoring.dag import DAG
from queuack.authoring.dag_stack import DagContext, TaskGroupContext
from queuack.authoring.dagfile import load_dag_file, unique_module_name
from queuack.compat.models.session import refusal
from queuack.home import find_home


class DagBag:
    """The DAGs of a folder or a file; default: the dags folder. A DAG file may use it, also on a folder it lies in."""

    def __init__(
        self,
        dag_folder: str | Path | None = None,
        include_examples: Any = False,
        safe_mode: Any = True,
        read_dags_from_db: bool = False,
        *,
        collect_dags: bool = True,
        **_: Any,
    ) -> None:
        """``include_examples`` and further arguments are taken and make no difference."""
        self.dag_folder = str(Path(dag_folder).expanduser() if dag_folder is not None else find_home().dags)
        self.dags: dict[str, DAG] = {}
        self.import_errors: dict[str, str] = {}
        """File → traceback."""
        self._safe_mode = safe_mode is not False
        if collect_dags:
            self.collect_dags()

    def collect_dags(self, dag_folder: str | Path | None = None, **_: Any) -> None:
        """Load the files of a folder."""
        for path, member in _dag_files(Path(dag_folder or self.dag_folder), self._safe_mode):
            self._load(path, member)

    def process_file(self, filepath: str, only_if_updated: bool = True, safe_mode: bool = True) -> list[DAG]:
        """Load one file; its DAGs."""
        return self._load(Path(filepath), None)

    def _load(self, path: Path, member: str | None) -> list[DAG]:
        fileloc = f"{path}/{member}" if member else str(path)
        if DagContext.current_autoregister_module_name == unique_module_name(fileloc):
            return []  # the file that asks
        try:
            with _beside_the_current_file(path.parent):
                found = load_dag_file(path, zip_member=member).dags
        except Exception:
            self.import_errors[fileloc] = traceback.format_exc()
            return []
        for dag in found:
            self.dags[dag.dag_id] = dag
        return found

    @property
    def dag_ids(self) -> list[str]:
        return [*self.dags]

    def size(self) -> int:
        return len(self.dags)

    def get_dag(self, dag_id: str, session: Any = None) -> DAG | None:
        """None when no file defines it."""
        return self.dags.get(dag_id)

    def bag_dag(self, dag: DAG, *_: Any, **__: Any) -> None:
        """Add a DAG that was made elsewhere."""
        self.dags[dag.dag_id] = dag

    def sync_to_db(self, *_: Any, **__: Any) -> None:
        """Raises NotBuilt."""
        raise refusal("DagBag.sync_to_db", "put the file into the dags folder, the parser finds it")


def _dag_files(folder: Path, safe_mode: bool) -> Iterator[tuple[Path, str | None]]:
    from queuack import config  # start-up time: only programs that make a DagBag
    from queuack.parser.files import dag_files, file_at

    home = find_home()
    folder = folder.absolute()
    flags = {"core.dags_folder": str(folder), "core.dag_discovery_safe_mode": "true" if safe_mode else "false"}
    settings = config.load(home, flags)
    found = dag_files(home, settings) if folder.is_dir() else file_at(folder, home, settings)
    for file in found:
        yield file.path, file.zip_member


@contextmanager
def _beside_the_current_file(folder: Path) -> Iterator[None]:
    """Load a file while another is being loaded: that one's DAGs and stacks are kept; ``folder`` is importable."""
    kept = DagContext.current_autoregister_module_name, [*DagContext.autoregistered_dags]
    stacks = [*DagContext._stack], [*TaskGroupContext._stack]
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        DagContext.reset()
        DagContext.current_autoregister_module_name = kept[0]
        DagContext.autoregistered_dags.extend(kept[1])
        DagContext._stack.extend(stacks[0])
        TaskGroupContext._stack.extend(stacks[1])
