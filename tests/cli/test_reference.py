"""The checked-in reference pages are what the tables render to (up to line breaks, which differ between clicks)."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuack.cli import reference

PAGES = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize(("name", "render"), [("cli.md", reference.cli_page), ("settings.md", reference.settings_page)])
def test_pages_are_up_to_date(name: str, render: object) -> None:
    assert callable(render)
    checked_in = (PAGES / name).read_text(encoding="utf-8")
    assert checked_in.split() == render().split(), "run: python -m queuack.cli.reference"


def test_writing(tmp_path: Path) -> None:
    assert [path.name for path in reference.write(tmp_path / "new")] == ["cli.md", "settings.md"]
