"""The wheel that stands for ``apache-airflow``, and what providers ask ``airflow.providers_manager``."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename

from queuack.authoring import provider_hooks
from queuack.compat.shims.providers_manager import ProvidersManager
from queuack.migrate.stand_in import write_stand_in


def test_the_wheel_has_metadata_and_no_code(tmp_path: Path) -> None:
    path = write_stand_in(tmp_path / "new")
    name, version, _, _ = parse_wheel_filename(path.name)
    assert (name, str(version)) == ("apache-airflow", "3.3.2+queuack")
    assert version in Requirement("apache-airflow>=2.11.0").specifier
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "site")
        names = archive.namelist()
    (info,) = {name.partition("/")[0] for name in names}
    distribution = PathDistribution(tmp_path / "site" / info)
    assert (distribution.name, distribution.version) == ("apache-airflow", str(version))
    assert distribution.requires == ["queuack[providers]"]
    assert sorted(names) == [f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL")]
    for file in distribution.files or ():
        if file.hash is not None:
            digest = hashlib.sha256((tmp_path / "site" / file).read_bytes()).digest()
            assert file.hash.value == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert write_stand_in(tmp_path).read_bytes() == path.read_bytes()


def test_what_providers_say_of_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    info = {"package-name": "a-provider", "dialects": [{"dialect-type": "odd", "dialect-class-name": "a.Odd"}]}
    points = [
        SimpleNamespace(value="a:get", load=lambda: lambda: info),
        SimpleNamespace(value="b:get", load=lambda: 1 / 0),
    ]
    monkeypatch.setattr(provider_hooks, "entry_points", lambda group: points)
    assert ProvidersManager().dialects["odd"]._asdict() == {
        "name": "odd",
        "dialect_class_name": "a.Odd",
        "provider_name": "a-provider",
    }
    assert ProvidersManager().providers["a-provider"].data is info
    assert list(ProvidersManager().providers) == ["a-provider"], "one that is broken is left out"
