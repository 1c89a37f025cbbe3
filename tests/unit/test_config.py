"""Settings: sources and their order, types, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from queuack import config
from queuack.errors import SettingError
from queuack.executors.settings import max_workers
from queuack.home import Home
from queuack.settings_table import BY_NAME, SECTIONS, SETTINGS


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def write(home: Home, text: str) -> None:
    home.settings_file.write_text(text, encoding="utf-8")


def test_the_table_is_sound() -> None:
    assert len(BY_NAME) == len(SETTINGS)
    assert {setting.section for setting in SETTINGS} == set(SECTIONS)
    for setting in SETTINGS:
        assert setting.help.endswith("."), setting.name
        assert setting.name == setting.name.lower()
        if setting.default is not None:
            assert config.parse(setting, setting.default, "default") == setting.default


def test_defaults_of_airflow_3(home: Home) -> None:
    settings = config.load(home, environ={})
    assert settings.get_boolean("core", "dags_are_paused_at_creation") is False
    assert settings.get_boolean("scheduler", "catchup_by_default") is False
    assert settings.get_int("core", "parallelism") == 1024
    assert settings.get("core", "default_task_execution_timeout") is None
    assert settings.get_float("workers", "kill_grace") == 5.0
    assert settings.value_and_source("core", "parallelism") == (1024, "default")


def test_max_workers_follows_parallelism_where_that_is_set(home: Home) -> None:
    limits = []
    for flags in (
        {},
        {"core.parallelism": 64},
        {"core.parallelism": 8},
        {"workers.max_workers": 3},
        {"core.parallelism": 8, "workers.max_workers": 9},
    ):
        before = config.configure(config.load(home, flags, {}))
        limits.append(max_workers())
        config.configure(before)
    assert limits == [32, 64, 8, 3, 8]


def test_folders_are_taken_from_the_home(home: Home, tmp_path: Path) -> None:
    settings = config.load(home, {"core.plugins_folder": "/elsewhere"}, {"QUEUACK__CORE__DAGS_FOLDER": "my/dags"})
    assert settings.get_str("core", "dags_folder") == str(tmp_path / "my/dags")
    assert settings.get_path("core", "plugins_folder") == Path("/elsewhere")


def test_strongest_source_wins(home: Home) -> None:
    environ: dict[str, str] = {}
    flags: dict[str, str] = {}
    seen = [config.load(home, flags, environ).value_and_source("core", "parallelism")]
    write(home, "[core]\nparallelism = 1")
    seen.append(config.load(home, flags, environ).value_and_source("core", "parallelism"))
    environ["AIRFLOW__CORE__PARALLELISM"] = "2"
    seen.append(config.load(home, flags, environ).value_and_source("core", "parallelism"))
    environ["QUEUACK__CORE__PARALLELISM"] = "3"
    seen.append(config.load(home, flags, environ).value_and_source("core", "parallelism"))
    flags["core.parallelism"] = "4"
    seen.append(config.load(home, flags, environ).value_and_source("core", "parallelism"))
    assert seen == [
        (1024, "default"),
        (1, "queuack.toml"),
        (2, "AIRFLOW__CORE__PARALLELISM"),
        (3, "QUEUACK__CORE__PARALLELISM"),
        (4, "flag"),
    ]


def test_a_child_process_sees_the_flags(home: Home) -> None:
    parent = config.load(home, {"core.parallelism": 4, "core.default_task_execution_timeout": None}, {})
    child = config.load(home, environ=parent.environment())
    assert child.values == parent.values
    assert parent.environment()["QUEUACK_HOME"] == str(home.root)
    assert parent.changed() == {"core.parallelism": "4", "core.default_task_execution_timeout": ""}


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"QUEUACK__CORE__PARALELISM": "3"},
            "There is no setting core.paralelism (environment variable QUEUACK__CORE__PARALELISM). "
            "Did you mean core.parallelism?",
        ),
        (
            {"QUEUACK__CORE__ISOLATION": "fork"},
            "There is no setting core.isolation (environment variable QUEUACK__CORE__ISOLATION). "
            "Did you mean workers.isolation?",
        ),
        (
            {"QUEUACK__CORE__PARALLELISM": "many"},
            "core.parallelism = 'many' (QUEUACK__CORE__PARALLELISM) is not valid: it must be a whole number.",
        ),
        (
            {"AIRFLOW__CORE__PARALLELISM": "0"},
            "core.parallelism = '0' (AIRFLOW__CORE__PARALLELISM) is not valid: it must be at least 1.",
        ),
        (
            {"QUEUACK__WORKERS__ISOLATION": "frok"},
            "workers.isolation = 'frok' (QUEUACK__WORKERS__ISOLATION) is not valid: it must be one of warm, fork. "
            "Did you mean fork?",
        ),
        (
            {"QUEUACK__SCHEDULER__CATCHUP_BY_DEFAULT": "maybe"},
            "scheduler.catchup_by_default = 'maybe' (QUEUACK__SCHEDULER__CATCHUP_BY_DEFAULT) is not valid: it must be "
            "true or false.",
        ),
    ],
)
def test_refusals_name_the_setting_the_place_and_the_nearest_match(
    home: Home, environ: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingError) as caught:
        config.load(home, environ=environ)
    assert caught.value.message == message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[core]\nparalel = 3", ["core.paralel", "queuack.toml", "core.parallelism"]),
        ("[coer]\nparallelism = 3", ["[coer]", "queuack.toml", "Did you mean [core]?"]),
        ("[core\n", ["queuack.toml", "not valid TOML", "line 1"]),
        ("core = 3", ["core must be a section"]),
        ("[core]\nparallelism = 2.5", ["core.parallelism = 2.5 (queuack.toml)", "whole number"]),
        ("[core]\nparallelism = true", ["core.parallelism = True", "whole number"]),
        ("[database]\nmemory_limit = 3", ["database.memory_limit = 3", "a text"]),
        ("[airflow]\nx = 3", ["[airflow] holds sections only"]),
    ],
)
def test_mistakes_in_the_file(home: Home, text: str, parts: list[str]) -> None:
    write(home, text)
    with pytest.raises(SettingError) as caught:
        config.load(home, environ={})
    for part in parts:
        assert part in caught.value.message


def test_settings_of_airflow_that_mean_nothing_here_are_listed(home: Home) -> None:
    write(home, "[airflow.smtp]\nsmtp_host = 'mail'")
    settings = config.load(
        home, environ={"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor", "AIRFLOW__CORE__PARALLELISM": "99"}
    )
    assert settings.ignored == ("AIRFLOW__CORE__EXECUTOR",)
    assert settings.extra == {("core", "executor"): "CeleryExecutor", ("smtp", "smtp_host"): "mail"}
    assert settings.get_int("core", "parallelism") == 99


def test_empty_unsets_what_may_be_unset(home: Home) -> None:
    write(home, "[core]\ndefault_task_execution_timeout = 60")
    assert config.load(home, environ={}).get("core", "default_task_execution_timeout") == 60
    environ = {"QUEUACK__CORE__DEFAULT_TASK_EXECUTION_TIMEOUT": ""}
    assert config.load(home, environ=environ).get("core", "default_task_execution_timeout") is None


def test_a_truth_value_chooses_where_true_is_one_choice_of_several(home: Home) -> None:
    write(home, "[api]\nexpose_config = true")
    assert config.load(home, environ={}).get_str("api", "expose_config") == "True"
    assert (
        config.load(home, environ={"AIRFLOW__API__EXPOSE_CONFIG": "false"}).get_str("api", "expose_config") == "False"
    )


def test_choices_take_any_case(home: Home) -> None:
    settings = config.load(home, environ={"AIRFLOW__LOGGING__LOGGING_LEVEL": "debug"})
    assert settings.get_str("logging", "logging_level") == "DEBUG"


def test_asking_for_the_wrong_name_or_type(home: Home) -> None:
    settings = config.load(home, environ={})
    with pytest.raises(SettingError, match=r"Did you mean core\.parallelism"):
        settings.get("core", "parallellism")
    with pytest.raises(SettingError, match="not of type bool"):
        settings.get_boolean("core", "parallelism")


def test_the_settings_of_the_process(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = config.configure(config.load(home, {"core.parallelism": 7}, {}))
    try:
        assert config.get("core", "parallelism") == config.get_int("core", "parallelism") == 7
        assert config.get_float("workers", "idle_timeout") == 60.0
        assert config.get_boolean("scheduler", "catchup_by_default") is False
        assert config.get_str("workers", "isolation") == "warm"
        assert config.value_and_source("core", "parallelism") == (7, "flag")
        config.configure(None)
        monkeypatch.setenv("QUEUACK_HOME", str(home.root))
        monkeypatch.setenv("QUEUACK__CORE__PARALLELISM", "9")
        assert config.get_int("core", "parallelism") == 9
        assert config.current().home == home
    finally:
        config.configure(before)


def test_importing_it_is_cheap() -> None:
    heavy = ("click", "rich", "duckdb", "pendulum", "msgspec", "tomllib", "difflib")
    code = f"import sys, queuack.config; sys.exit(any(name in sys.modules for name in {heavy!r}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
