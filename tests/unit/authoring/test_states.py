"""Values that must agree across layers."""

from __future__ import annotations

from queuack.authoring import state
from queuack.engine import states


def test_states_agree_with_the_engines():
    for name in ("TaskInstanceState", "DagRunState", "DagRunType"):
        assert {s.value for s in getattr(state, name)} == {s.value for s in getattr(states, name)}
