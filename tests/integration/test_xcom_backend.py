"""An XCom backend of one's own: workers use it, the daemon never imports it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from queuack import config
from queuack.authoring.exceptions import AirflowConfigException
from queuack.authoring.xcom import xcom_class
from tests.live.daemon import LiveDaemon

BACKEND = """
import json, os, uuid
from pathlib import Path
from airflow.models.xcom import BaseXCom

HOME = Path(os.environ["QUEUACK_HOME"])
with (HOME / "loaded").open("a") as file:
    print(os.getpid(), file=file)

class Files(BaseXCom):
    @staticmethod
    def serialize_value(value, *, key=None, task_id=None, dag_id=None, run_id=None, map_index=None):
        if isinstance(value, dict):
            path = HOME / f"{dag_id}-{task_id}-{map_index}-{key}-{uuid.uuid4()}"
            path.write_text(json.dumps(BaseXCom.serialize_value(value)))
            value = f"file:{path}"
        return BaseXCom.serialize_value(value)

    @staticmethod
    def deserialize_value(result):
        value = BaseXCom.deserialize_value(result)
        if isinstance(value, str) and value.startswith("file:"):
            return json.loads(Path(value[5:]).read_text())
        return value

    @classmethod
    def purge(cls, xcom, *args):
        if isinstance(xcom.value, str) and xcom.value.startswith("file:"):
            Path(xcom.value[5:]).unlink()
"""
DAG = """
from datetime import date
from airflow.sdk import DAG, task
from airflow.models import XCom

with DAG("kept", schedule=None):
    @task
    def big():
        return {"a": 1}
    @task
    def each(n):
        return {"n": n, "of": XCom.__name__}
    @task
    def end(big, all, ti):
        place = dict(dag_id=ti.dag_id, run_id=ti.run_id)
        XCom.set("mine", {"b": 2}, task_id="end", **place)
        mine = XCom.get_one(key="mine", task_id="end", **place)
        XCom.delete("mine", task_id="end", **place)
        gone = XCom.get_one(key="mine", task_id="end", **place)
        earlier = XCom.get_all(key="return_value", task_id="each", include_prior_dates=True, **place)
        return [big, list(all), mine, gone, earlier, date(2026, 1, 2)]
    end(big(), each.expand(n=[1, 2]))
"""


def test_values_pass_through_it(tmp_path: Path) -> None:
    daemon = LiveDaemon(tmp_path / "home", core__xcom_backend="files_backend.Files")
    (daemon.home.plugins / "files_backend.py").write_text(BACKEND)
    daemon.dag("kept", DAG)
    with daemon:
        daemon.wait_dag("kept")
        daemon.call("trigger_run", dag_id="kept", run_id="r")
        assert daemon.wait_run("kept", "r") == "success"
        stored = dict(daemon.rows("select task_id || map_index, value from xcom where run_id = 'r'"))
        pid = daemon.process.pid
    each = [{"n": 1, "of": "Files"}, {"n": 2, "of": "Files"}]
    day = {"__classname__": "datetime.date", "__version__": 2, "__data__": "2026-01-02"}
    assert json.loads(stored["end-1"]) == [{"a": 1}, each, {"b": 2}, None, each, day]
    assert sorted(stored) == ["big-1", "each0", "each1", "end-1"]
    assert all(json.loads(stored[name]).startswith("file:") for name in ("big-1", "each0", "each1"))
    assert len([*tmp_path.glob("home/kept-end-*")]) == 0, "purge was not called"
    assert str(pid) not in (tmp_path / "home" / "loaded").read_text().split()


@pytest.mark.parametrize(
    ("path", "error"), [("nowhere.Files", AirflowConfigException), ("json.JSONDecoder", TypeError)]
)
def test_one_that_cannot_be_used(path: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "get_str", lambda section, key: path)
    with pytest.raises(error, match=r"\[core\] xcom_backend = " + path):
        xcom_class()
