"""``airflow.configuration.conf`` as DAG files and providers use it. Expectations were observed on Airflow 3.3.2."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from queuack import config
from queuack.authoring.conf import FIXED_ANSWERS, MOVED, AirflowConfigParser
from queuack.authoring.exceptions import AirflowConfigException
from queuack.home import Home
from queuack.settings_table import BY_NAME

ENVIRON = {
    "AIRFLOW__MY__X": "3",
    "AIRFLOW__MY__E": "",
    "AIRFLOW__MY__J": '{"a": 1}',
    "AIRFLOW__MY__L": "a, b,c",
    "AIRFLOW__MY__B": "yes",
    "AIRFLOW__MY__P": "collections.OrderedDict",
}


class Colour(enum.Enum):
    RED = 1


@pytest.fixture
def conf(tmp_path: Path) -> Iterator[AirflowConfigParser]:
    (tmp_path / "queuack.toml").write_text("[airflow.smtp]\nsmtp_host = 'mail.example'\n", encoding="utf-8")
    before = config.configure(config.load(Home(tmp_path), environ=ENVIRON))
    yield AirflowConfigParser()
    config.configure(before)


def test_text_of_settings(conf: AirflowConfigParser, tmp_path: Path) -> None:
    assert conf.get("core", "max_active_tasks_per_dag") == "16"
    assert conf.get("core", "load_examples") == "False"
    assert conf.get("CORE", "Dags_Folder") == str(tmp_path / "dags")
    assert conf.get("core", "default_task_execution_timeout") == ""
    assert conf.get("smtp", "smtp_host") == "mail.example"
    assert conf.get("core", "executor") == "LocalExecutor"
    assert conf.get("webserver", "base_url") == conf.get("api", "base_url")


def test_missing_and_fallback(conf: AirflowConfigParser) -> None:
    with pytest.raises(AirflowConfigException, match=r"section/key \[nope/x\] not found in config"):
        conf.get("nope", "x")
    assert conf.get("nope", "x", fallback=None) is None
    assert conf.get("nope", "x", fallback=5) == 5
    assert conf.getint("nope", "x", fallback="5") == 5
    assert conf.getboolean("nope", "x", fallback=True) is True
    assert conf.getlist("my", "q", fallback=["z"]) == ["z"]
    assert conf.getjson("my", "q", fallback={}) == {}
    assert conf.gettimedelta("my", "q", fallback=None) is None
    with pytest.raises(AirflowConfigException):
        conf.get_mandatory_value("nope", "x")


def test_conversions(conf: AirflowConfigParser) -> None:
    assert conf.getint("my", "x") == 3
    assert conf.getfloat("my", "x") == 3.0
    assert conf.getboolean("core", "load_examples") is False
    assert conf.getlist("my", "l") == ["a", "b", "c"]
    assert conf.getlist("my", "e") == []
    assert conf.getjson("my", "j") == {"a": 1}
    assert conf.getjson("my", "e", fallback=[1]) == [1]
    assert conf.getjson("my", "e") is None
    assert conf.gettimedelta("my", "x") == timedelta(seconds=3)
    assert conf.getimport("my", "e") is None
    assert conf.getimport("my", "p").__name__ == "OrderedDict"
    assert conf.getenum("my", "q", Colour, fallback="RED") is Colour.RED


def test_conversions_that_fail(conf: AirflowConfigParser) -> None:
    with pytest.raises(AirflowConfigException, match=r'to bool.*"b" key in "my" section.*"yes"'):
        conf.getboolean("my", "b", fallback=True)
    with pytest.raises(AirflowConfigException, match="to int"):
        conf.getint("my", "e")
    with pytest.raises(AirflowConfigException, match="to int"):
        conf.getint("nope", "x", fallback=None)
    with pytest.raises(AirflowConfigException, match="could not be loaded"):
        conf.getimport("my", "x")
    with pytest.raises(AirflowConfigException, match="valid json"):
        conf.getjson("my", "l")
    with pytest.raises(AirflowConfigException, match="one of RED"):
        conf.getenum("my", "x", Colour)


def test_sections(conf: AirflowConfigParser) -> None:
    assert conf.getsection("nope") is None
    operators = conf.getsection("operators")
    assert operators is not None
    assert operators["default_deferrable"] is False
    assert operators["default_ram"] == 512
    assert conf.has_section("my")
    assert not conf.has_section("nope")
    assert conf.has_option("core", "parallelism")
    assert conf.has_option("my", "e")
    assert not conf.has_option("core", "nope")
    assert conf.as_dict()["core"]["parallelism"] == "1024"


def test_set_changes_this_object_only(conf: AirflowConfigParser) -> None:
    conf.set("core", "parallelism", "5")
    assert conf.getint("core", "parallelism") == 5
    assert config.get_int("core", "parallelism") == 1024
    conf.remove_option("core", "parallelism")
    assert conf.getint("core", "parallelism") == 1024


def test_tables_agree() -> None:
    assert not set(FIXED_ANSWERS) & set(BY_NAME)
    assert set(MOVED.values()) <= set(BY_NAME)
    assert not set(MOVED) & set(BY_NAME)
