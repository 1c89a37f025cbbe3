"""The names of ``import queuack``: sorted, each there, each explained on the reference page, and cheap to import."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import queuack
from queuack.authoring import reference

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "api.md"


def test_the_list_is_sorted_and_without_repetition() -> None:
    assert queuack.__all__ == sorted(set(queuack.__all__))
    assert set(queuack.__all__) <= set(dir(queuack))


@pytest.mark.parametrize("name", queuack.__all__)
def test_name(name: str) -> None:
    assert getattr(queuack, name) is not None
    assert reference.summary(name).endswith((".", ":"))


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        queuack.nothing  # noqa: B018


def test_airflow_gives_the_same_objects() -> None:
    """What ``airflow.sdk`` has under the same name is the same object."""
    from queuack.compat import serving
    from queuack.compat.table import SERVED

    shared = SERVED["airflow.sdk"].keys() & set(queuack.__all__) - {"__version__"}
    assert len(shared) > 40
    for name in shared:
        assert serving.resolve(SERVED["airflow.sdk"][name]) is getattr(queuack, name), name


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    written = reference.write(tmp_path / "new").read_text(encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == written, "run: python -m queuack.authoring.reference"
    assert re.findall(r"^\| `(\w+)`", written, re.MULTILINE) == queuack.__all__


def test_importing_queuack_alone_loads_nothing_else() -> None:
    program = (
        "import sys; before = set(sys.modules); import queuack;"
        "print([name for name in set(sys.modules) - before if name.startswith(('queuack.', 'jinja2', 'pendulum'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
