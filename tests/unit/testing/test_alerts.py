"""Mail about failed attempts, sent by the runner: who gets it, when, and what it says."""

from __future__ import annotations

import logging
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from queuack import config
from queuack.authoring.alerts import sends_mail
from queuack.authoring.dag import DAG
from queuack.document.build import document_of
from queuack.operators.empty import EmptyOperator
from queuack.operators.python import PythonOperator
from queuack.testing import test_dag as run_dag


@pytest.fixture
def mails(home: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the backend was given; ``mails.set(**environ)`` loads more settings."""
    found = SimpleNamespace(sent=[])
    module = ModuleType("own_mail")

    def send(to: Any, subject: str, html_content: str, **options: Any) -> None:
        if to == "broken@x":
            raise OSError("no server")
        found.sent.append(SimpleNamespace(to=to, subject=subject, text=html_content, **options))

    module.send = send  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_mail", module)

    def load(**environ: str) -> None:
        config.configure(config.load(home, environ={"AIRFLOW__EMAIL__EMAIL_BACKEND": "own_mail.send", **environ}))

    found.set = load
    load()
    return found


def fail() -> None:
    raise ValueError("a < b")


def run(**arguments: Any) -> Any:
    with DAG("d", schedule=None) as dag:
        PythonOperator(task_id="t", **{"python_callable": fail, **arguments})
    return run_dag(dag)


def test_a_failure(mails: Any) -> None:
    assert run(email=["a@x"]).state == "failed"
    (mail,) = mails.sent
    assert mail.to == ["a@x"]
    assert mail.subject.startswith("Airflow alert: <TaskInstance: d.t ")
    assert "Try 1 out of 1" in mail.text
    assert "a &lt; b" in mail.text
    assert mail.conn_id == "smtp_default"


def test_a_retry_and_a_failure(mails: Any) -> None:
    run(email="a@x", retries=1, retry_delay=0.01)
    assert ["Try 1 out of 2" in mail.text for mail in mails.sent] == [True, False]
    mails.sent.clear()
    run(email="a@x", retries=1, retry_delay=0.01, email_on_retry=False)
    assert ["Try 2 out of 2" in mail.text for mail in mails.sent] == [True]


def test_who_gets_none(mails: Any) -> None:
    run()
    run(email="a@x", email_on_failure=False)
    run(email="a@x", python_callable=lambda: None)
    mails.set(AIRFLOW__EMAIL__DEFAULT_EMAIL_ON_FAILURE="False")
    run(email="a@x")
    assert mails.sent == []
    run(email="a@x", email_on_failure=True)
    run(email="a@x", default_args={"email_on_failure": True})
    assert len(mails.sent) == 2


def test_own_templates(mails: Any, tmp_path: Any) -> None:
    (tmp_path / "subject").write_text("{{ dag.dag_id }} {{ exception }}")
    mails.set(AIRFLOW__EMAIL__SUBJECT_TEMPLATE=str(tmp_path / "subject"), AIRFLOW__EMAIL__FROM_EMAIL="me@x")
    run(email="a@x")
    assert (mails.sent[0].subject, mails.sent[0].from_email) == ("d a < b", "me@x")


def test_a_mail_that_cannot_be_sent_is_logged(mails: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert run(email="broken@x").state == "failed"
    assert "could not be sent" in caplog.text


def test_the_scheduler_is_told(mails: Any) -> None:
    """A task whose worker dies sends mail too, from another one."""
    with DAG("d", schedule=None) as dag:
        PythonOperator(task_id="t", python_callable=fail, email="a@x", email_on_retry=False)
        EmptyOperator(task_id="e", email="a@x")
    document = document_of(dag, relative_fileloc="d.py", fileloc="/d.py")
    flags = {task.task_id: (task.callbacks.failure, task.callbacks.retry, task.is_empty) for task in document.tasks}
    assert flags == {"t": (True, False, False), "e": (False, False, True)}
    assert not sends_mail(dag.get_task("t"), "on_success_callback")
    assert not sends_mail(None, None)
