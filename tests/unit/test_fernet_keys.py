"""Where keys come from, and how the first is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from queuack import config
from queuack.authoring.conf import conf
from queuack.errors import SettingError
from queuack.fernet_keys import find_keys, make_key_file, new_key
from queuack.home import Home


def test_a_key_is_one_of_fernet() -> None:
    assert Fernet(new_key())
    key = Fernet.generate_key().decode()
    assert find_keys(key, Path("none")).keys == (key,)


def test_the_first_key_is_made_once_and_private(tmp_path: Path) -> None:
    file = tmp_path / "fernet.key"
    assert find_keys(None, file).keys == ()
    make_key_file(file)
    made = find_keys(None, file)
    assert len(made.keys) == 1
    assert file.stat().st_mode & 0o777 == 0o600
    make_key_file(file)
    assert find_keys(None, file) == made
    assert list(tmp_path.iterdir()) == [file]


def test_several_keys_and_the_setting_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "fernet.key"
    first, second, third = new_key(), new_key(), new_key()
    file.write_text(f"{first}\n{second}\n")
    assert find_keys(None, file).keys == (first, second)
    assert find_keys("", file).keys == (first, second)
    found = find_keys(f"{third}, {first}", file)
    assert found.keys == (third, first)
    assert found.source == "core.fernet_key"
    assert found.fingerprints[1] == find_keys(None, file).fingerprints[0]


@pytest.mark.parametrize("text", ["not-a-key", "c2hvcnQ=", "ü" * 44, f"{'a' * 43}=,short"])
def test_what_is_no_key_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingError) as caught:
        find_keys(text, tmp_path / "fernet.key")
    assert "Fernet key" in str(caught.value)
    assert text.split(",")[-1] not in str(caught.value)
    file = tmp_path / "fernet.key"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingError):
        find_keys(None, file)
    file.write_text("\n")
    with pytest.raises(SettingError, match="is empty"):
        find_keys(None, file)


def test_the_key_is_the_daemons_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = new_key()
    environ = {"AIRFLOW__CORE__FERNET_KEY": key, "QUEUACK__core__fernet_key": key, "OTHER": "1"}
    assert config.for_children(environ) == {"OTHER": "1"}
    loaded = config.load(Home(tmp_path), environ=environ)
    assert loaded.get("core", "fernet_key") == key
    monkeypatch.setattr(config, "_current", loaded)
    assert conf.get("core", "fernet_key") == ""
    assert key not in str(conf.as_dict())
    with pytest.raises(SettingError, match="QUEUACK__CORE__FERNET_KEY"):
        config.load(Home(tmp_path), {"core.fernet_key": key})
