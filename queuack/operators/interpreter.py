"""What another Python interpreter is: its version, and which of the libraries that values may need it has.

Asks the interpreter itself, in one short process that imports none of them. Must not install anything.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from queuack.authoring.exceptions import AirflowException

_QUESTION = """
import json, sys
try:
    from importlib.metadata import version
except ImportError:
    version = None
def ask(name):
    try:
        return version(name)
    except Exception:
        return None
print(json.dumps([list(sys.version_info[:3]), ask("pendulum"), ask("queuack"), ask("cloudpickle"), ask("dill")]))
"""


@dataclass(frozen=True)
class Interpreter:
    """One interpreter: an absolute path and the versions of what is installed there (None: it is not)."""

    path: str
    version: tuple[int, int, int]
    pendulum: str | None
    queuack: str | None
    cloudpickle: str | None
    dill: str | None

    @property
    def shares_pendulum(self) -> bool:
        """Whether a pickled pendulum value of this process can be read there."""
        return self.pendulum is not None and _major(self.pendulum) == _major(version("pendulum"))

    @property
    def shares_queuack(self) -> bool:
        """Whether pickled objects of Queuack can be read there: the same version is installed."""
        return self.queuack is not None and self.queuack == version("queuack")


def inspect_interpreter(path: str, env: Mapping[str, str] | None = None) -> Interpreter:
    """Ask the interpreter at ``path``, in the environment ``env`` (default: this process's).

    Raises AirflowException when it does not run.
    """
    try:
        done = subprocess.run(
            [path, "-c", _QUESTION], capture_output=True, text=True, check=True, env=None if env is None else dict(env)
        )
        number, pendulum, queuack, cloudpickle, dill = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip()
        raise AirflowException(f"{os.fspath(path)} does not run as a Python interpreter: {said}") from None
    return Interpreter(path, (number[0], number[1], number[2]), pendulum, queuack, cloudpickle, dill)


def _major(number: str) -> str:
    return number.partition(".")[0]
