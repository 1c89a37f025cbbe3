"""Paths in object storage: what their parts are called, files of this machine and of memory, and how they travel."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from queuack.authoring.storage import filesystems
from queuack.authoring.storage.path import ObjectStoragePath
from queuack.authoring.storage.stores import attach
from queuack.serialization import typed_json


def test_the_connection_is_the_user_of_the_url() -> None:
    path = ObjectStoragePath("s3://me@bucket/a/b.txt")
    assert (path.conn_id, path.bucket, path.container, path.key) == ("me", "bucket", "bucket", "a/b.txt")
    assert (path.protocol, path.namespace, str(path)) == ("s3", "s3://bucket", "s3://me@bucket/a/b.txt")
    assert (path / "c").conn_id == path.parent.conn_id == ObjectStoragePath(path).conn_id == "me"
    assert ObjectStoragePath("s3://me@bucket/a", conn_id="other").conn_id == "other"


def test_equality_is_storage_connection_and_path() -> None:
    path = ObjectStoragePath("s3://me@bucket/a")
    assert path == ObjectStoragePath("s3://bucket/a", conn_id="me")
    assert path != ObjectStoragePath("s3://bucket/a")
    assert len({path, ObjectStoragePath("s3://me@bucket/a")}) == 1


def test_it_travels_as_an_xcom_and_in_a_pickle() -> None:
    path = ObjectStoragePath("s3://me@bucket/a")
    for back in (typed_json.loads(typed_json.dumps(path)), pickle.loads(pickle.dumps(path))):
        assert (back, back.conn_id) == (path, "me")
    with pytest.raises(ValueError, match="version 2"):
        ObjectStoragePath.deserialize({"path": "s3://b/a"}, 2)


def test_a_file_of_this_machine(tmp_path: Path) -> None:
    folder = ObjectStoragePath(f"file://{tmp_path}")
    file = folder / "a" / "b.txt"
    file.parent.mkdir(parents=True)
    with file.open("w") as opened:
        opened.write("hello")
    assert (tmp_path / "a" / "b.txt").read_text() == file.read_text() == "hello"
    assert (file.size(), file.stat().st_size, file.exists(), folder.is_dir()) == (5, 5, True, True)
    assert [path.name for path in file.parent.iterdir()] == ["b.txt"]
    assert file.samefile(ObjectStoragePath(f"file://{tmp_path}/a/b.txt"))
    file.replace(folder / "c.txt")
    assert (tmp_path / "c.txt").read_text() == "hello"


def test_from_storage_to_storage(tmp_path: Path) -> None:
    here, memory = ObjectStoragePath(f"file://{tmp_path}"), ObjectStoragePath("memory://from-storage")
    memory.mkdir(parents=True, exist_ok=True)
    (memory / "a.txt").write_text("one")
    (memory / "a.txt").copy(here / "a.txt")
    assert (tmp_path / "a.txt").read_text() == "one"
    (here / "a.txt").move(memory / "b.txt")
    assert not (tmp_path / "a.txt").exists()
    (memory / "b.txt").copy_into(here)
    assert (tmp_path / "b.txt").read_text() == "one"
    with pytest.raises(NotADirectoryError):
        (memory / "b.txt").copy_into(here / "nowhere")


def test_a_connection_needs_the_provider_of_its_storage() -> None:
    with pytest.raises(ValueError, match="install the provider"):
        filesystems.get_fs("memory", "me")
    with pytest.raises(ValueError, match="No filesystem registered for scheme nothing"):
        filesystems.get_fs("nothing")
    assert filesystems.has_fs("file")
    assert not filesystems.has_fs("memory")


def test_attached_storages_are_shared() -> None:
    store = attach("file", alias="shared")
    assert attach(alias="shared") is store
    with pytest.raises(ValueError, match="alias"):
        attach(alias="never attached")
    with pytest.raises(ValueError, match="No protocol"):
        attach()


def test_without_the_packages_the_error_names_the_extra() -> None:
    program = (
        "import sys; sys.modules['upath'] = None; import importlib.util as u; real = u.find_spec;"
        "u.find_spec = lambda name, *a: None if name == 'upath' else real(name, *a);"
        "from queuack import compat; compat.install();\n"
        "try:\n    from airflow.sdk import ObjectStoragePath\n"
        "except ImportError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ("ObjectStoragePath needs universal_pathlib: pip install 'queuack[objectstorage]'")
