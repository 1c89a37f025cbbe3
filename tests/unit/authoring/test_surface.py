"""The public names: sorted, importable, cheap; and values that must agree across layers."""

from __future__ import annotations

import subprocess
import sys

import queuack
from queuack.authoring import state
from queuack.engine import states


def test_every_public_name_is_there():
    assert queuack.__all__ == sorted(queuack.__all__)
    for name in queuack.__all__:
        assert getattr(queuack, name) is not None


def test_importing_queuack_alone_is_cheap():
    code = "import sys; before = set(sys.modules); import queuack; print(sorted(set(sys.modules) - before))"
    out = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert "queuack.authoring" not in out.stdout
    assert "jinja2" not in out.stdout
    assert "queuack" in out.stdout


def test_states_agree_with_the_engines():
    for name in ("TaskInstanceState", "DagRunState", "DagRunType"):
        assert {s.value for s in getattr(state, name)} == {s.value for s in getattr(states, name)}
