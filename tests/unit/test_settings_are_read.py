"""A setting that no code reads is a lie: every row of the table is looked up somewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import queuack
from queuack.settings_table import SETTINGS, Setting

PACKAGE = Path(queuack.__file__).parent
NOT_READERS = {PACKAGE / "settings_table.py", PACKAGE / "authoring" / "conf.py"}
"""The table itself, and what hands any setting to user code by name."""


def texts_of(path: Path) -> tuple[set[str], list[re.Pattern[str]]]:
    """The strings of a file, and its f-strings as patterns (a look-up may compute the key)."""
    texts: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"(\w+)" for part in node.values]
            patterns.append(re.compile("".join(parts)))
    return texts, patterns


@pytest.fixture(scope="module")
def files() -> list[tuple[set[str], list[re.Pattern[str]]]]:
    return [texts_of(path) for path in PACKAGE.rglob("*.py") if path not in NOT_READERS]


def reads(texts: set[str], patterns: list[re.Pattern[str]], setting: Setting) -> bool:
    if setting.section not in texts:
        return False
    if setting.key in texts:
        return True
    matches = [found for pattern in patterns if (found := pattern.fullmatch(setting.key))]
    return any(match.lastindex and set(match.groups()) <= texts for match in matches)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_is_read(files: list[tuple[set[str], list[re.Pattern[str]]]], setting: Setting) -> None:
    assert any(reads(texts, patterns, setting) for texts, patterns in files), f"nothing reads {setting.name}"
