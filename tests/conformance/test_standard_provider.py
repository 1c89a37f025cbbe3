"""The released ``apache-airflow-providers-standard`` on Queuack: its modules import, its operators run. No Airflow.

The package is that of the wheel with the example DAGs; what it imports beyond Queuack is installed beside it, in a folder
that only the processes of this test see.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from examples import STANDARD

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

BESIDE = ["apache-airflow-providers-common-compat"]
"""Provider packages: each requires Airflow, so what they require is not installed with them."""

UNDECLARED = ["asgiref", "deprecated", "lazy-object-proxy", "sqlalchemy>=2"]
"""What the modules import and Airflow brings."""

IMPORTS = """
import importlib, json, pkgutil, sys
import queuack.compat
queuack.compat.install()
import airflow.providers.standard as package
failed = {}
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if "example_dags" not in module.name:
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            failed[module.name] = str(error)
print(json.dumps([package.__file__, failed]))
"""

RUN = """
import json, sys
import queuack.compat
queuack.compat.install()
from queuack.authoring.dagfile import load_dag_file
from queuack.testing import test_dag
(dag,) = load_dag_file(sys.argv[1]).dags
run = test_dag(dag)
print(json.dumps({
    "modules": sorted({type(task).__module__ for task in dag.tasks}),
    "states": {task_id: state for (task_id, _), state in run.task_states.items()},
    "results": {task_id: value for (task_id, _, key), value in run.xcoms.items() if key == "return_value"},
}))
"""

DAG = """
import sys
from datetime import datetime, time, timedelta

from airflow.providers.standard.decorators.bash import bash_task
from airflow.providers.standard.decorators.python import python_task
from airflow.providers.standard.decorators.sensor import sensor_task
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.datetime import BranchDateTimeOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.latest_only import LatestOnlyOperator
from airflow.providers.standard.operators.python import (
    BranchPythonOperator, ExternalPythonOperator, PythonOperator, ShortCircuitOperator,
)
from airflow.providers.standard.operators.smooth import SmoothOperator
from airflow.providers.standard.operators.weekday import BranchDayOfWeekOperator
from airflow.providers.standard.sensors.bash import BashSensor
from airflow.providers.standard.sensors.date_time import DateTimeSensor, DateTimeSensorAsync
from airflow.providers.standard.sensors.filesystem import FileSensor
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.providers.standard.sensors.time import TimeSensor
from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor, WaitSensor
from airflow.providers.standard.sensors.weekday import DayOfWeekSensor
from airflow.providers.standard.utils.weekday import WeekDay
from airflow.sdk import DAG

EVERY_DAY = set(WeekDay)


def call(x, ds, **context):
    return [x, ds.replace("-", "") == context["ds_nodash"]]


def add(x):
    return x + 1


with DAG("real", schedule=None, start_date=datetime(2026, 1, 1)):
    PythonOperator(task_id="python", python_callable=call, op_args=["{{ run_id[:6] }}"])
    BranchPythonOperator(task_id="branch", python_callable=lambda: "yes") >> [
        EmptyOperator(task_id="yes"), EmptyOperator(task_id="no")
    ]
    ShortCircuitOperator(task_id="short", python_callable=lambda: False) >> EmptyOperator(task_id="cut_off")
    ExternalPythonOperator(task_id="external", python=sys.executable, python_callable=add, op_args=[1])
    BashOperator(task_id="bash", bash_command="echo {{ 1 + 1 }}")
    BashOperator(task_id="bash_skips", bash_command="exit 99")
    LatestOnlyOperator(task_id="latest")
    BranchDateTimeOperator(
        task_id="dates", target_lower=datetime(2020, 1, 1), target_upper=None,
        follow_task_ids_if_true="after", follow_task_ids_if_false="before",
    ) >> [EmptyOperator(task_id="after"), EmptyOperator(task_id="before")]
    BranchDayOfWeekOperator(
        task_id="days", week_day=EVERY_DAY, follow_task_ids_if_true="day", follow_task_ids_if_false="no_day"
    ) >> [EmptyOperator(task_id="day"), EmptyOperator(task_id="no_day")]
    SmoothOperator(task_id="smooth")
    FileSensor(task_id="file", fs_conn_id="files", filepath=__file__)
    FileSensor(task_id="file_deferrable", fs_conn_id="files", filepath=__file__, deferrable=True)
    BashSensor(task_id="bash_sensor", bash_command="exit 0")
    PythonSensor(task_id="python_sensor", python_callable=lambda: True)
    PythonSensor(
        task_id="soft", python_callable=lambda: False, timeout=0.01, poke_interval=0.02, soft_fail=True
    )
    DateTimeSensor(task_id="date_time", target_time="{{ ds }}")
    DateTimeSensorAsync(task_id="date_time_async", target_time="{{ ds }}")
    TimeSensor(task_id="time", target_time=time(0))
    TimeDeltaSensor(task_id="time_delta", delta=timedelta(0))
    WaitSensor(task_id="wait", time_to_wait=timedelta(seconds=0.1), deferrable=True)
    DayOfWeekSensor(task_id="weekday", week_day=EVERY_DAY)

    @bash_task
    def bash_decorated():
        return "echo {{ 2 + 2 }}"

    @python_task
    def python_decorated(a):
        return a * 2

    @sensor_task
    def sensor_decorated():
        return True

    bash_decorated()
    python_decorated(3)
    sensor_decorated()
"""

SKIPPED = {"no", "cut_off", "bash_skips", "before", "no_day", "soft"}


@pytest.fixture(scope="module")
def packages(airflow_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the provider and what it needs."""
    folder = tmp_path_factory.mktemp("packages")
    name, _, version = STANDARD.partition("==")
    (wheel,) = airflow_wheel.glob(f"{name.replace('-', '_')}-{version}-*.whl")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
    for command in ([*install, "--no-deps", *BESIDE], [*install, *UNDECLARED]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-1000:]
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run_python(packages: Path, home: Path, text: str, *arguments: str) -> Any:
    """What the text prints last, as JSON."""
    (home / "dags").mkdir(exist_ok=True)
    paths = [str(packages), str(Path(__file__).parents[2])]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "QUEUACK_HOME": str(home), "AIRFLOW_CONN_FILES": "fs://"}
    command = [sys.executable, "-W", "ignore", "-c", text, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=home, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_its_modules_import(packages: Path, tmp_path: Path) -> None:
    file, failed = run_python(packages, tmp_path, IMPORTS)
    assert file.startswith(str(packages))
    assert failed == {}


def test_its_operators_run(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text(DAG)
    found = run_python(packages, tmp_path, RUN, str(tmp_path / "real.py"))
    assert all(module.startswith("airflow.providers.standard.") for module in found["modules"])
    assert found["states"] == {name: "skipped" if name in SKIPPED else "success" for name in found["states"]}
    assert found["results"]["python"] == ["manual", True]
    assert found["results"]["external"] == 2
    assert found["results"]["bash"] == "2"
    assert found["results"]["bash_decorated"] == "4"
    assert found["results"]["python_decorated"] == 6
