"""Mail: the operator, Airflow's functions and the notifier, to a server on loopback."""

from __future__ import annotations

import json
import smtplib
import ssl
import sys
from types import ModuleType

import pytest

from queuack.authoring.dag import DAG
from queuack.authoring.exceptions import AirflowConfigException
from queuack.hooks import mail_server as servers
from queuack.hooks.email import build_mime_message, get_email_address_list, send_email, send_email_smtp, send_mime_email
from queuack.hooks.mail_server import mail_server
from queuack.hooks.smtp import SmtpNotifier
from queuack.operators.email import EmailOperator


def test_the_operator(desk, mailbox, tmp_path):
    (tmp_path / "text.html").write_text("<b>{{ ds }}</b>")
    (tmp_path / "data.csv").write_text("1,2")
    with DAG("d", template_searchpath=[str(tmp_path)]):
        op = EmailOperator(
            task_id="t",
            to="a@x; b@x",
            cc=["c@x"],
            bcc="d@x",
            subject="Run {{ run_id }}",
            html_content="text.html",
            files=[str(tmp_path / "data.csv")],
            custom_headers={"X-Kind": "test"},
        )
    desk.execute(op)
    ((sender, recipients, message),) = mailbox.mails
    assert (sender, recipients) == ("airflow@example.com", ["a@x", "b@x", "c@x", "d@x"])
    assert (message["Subject"], message["To"], message["CC"]) == ("Run scheduled__2024-01-02", "a@x, b@x", "c@x")
    assert message["BCC"] is None
    assert message["X-Kind"] == "test"
    text, file = message.get_payload()
    assert text.get_payload(decode=True) == b"<b>2024-01-02</b>"
    assert (file.get_filename(), file.get_payload(decode=True)) == ("data.csv", b"1,2")


def test_senders(desk, mailbox, settings):
    send_email_smtp("a@x", "s", "t", from_email="me@x")
    port = str(mailbox.port)
    smtp = {"AIRFLOW__SMTP__SMTP_HOST": "127.0.0.1", "AIRFLOW__SMTP__SMTP_PORT": port}
    quiet = {**smtp, "AIRFLOW__SMTP__SMTP_STARTTLS": "no"}
    settings({**quiet, "AIRFLOW__EMAIL__FROM_EMAIL": "email@x"})
    send_email("a@x", "s", "t")
    settings({**quiet, "AIRFLOW__EMAIL__FROM_EMAIL": "email@x", "AIRFLOW__SMTP__SMTP_MAIL_FROM": "smtp@x"})
    send_email("a@x", "s", "t")
    send_email("a@x", "s", "t", from_email="me@x")
    assert [sender for sender, _, _ in mailbox.mails] == ["me@x", "email@x", "smtp@x", "me@x"]


def test_a_connection_gives_the_login(desk, mailbox, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps({"conn_type": "smtp", "login": "me", "password": "pw"}))
    send_email("a@x", "s", "t")
    assert len(mailbox.logins) == 1


def test_a_connection_with_a_host_says_all(desk, mailbox, settings, monkeypatch):
    port = mailbox.port
    settings({})
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "conn@x", "retry_limit": 0}
    known = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_MINE", json.dumps(known))
    send_email("a@x", "s", "t", conn_id="mine")
    assert mailbox.mails[0][0] == "conn@x"
    monkeypatch.setenv("AIRFLOW_CONN_MINE", json.dumps({"conn_type": "smtp", "host": "h"}))
    server = mail_server("mine")
    assert (server.port, server.ssl, server.starttls, server.check_certificate) == (465, True, True, True)
    monkeypatch.setenv("AIRFLOW_CONN_MINE", "smtp://h/?disable_ssl=true&ssl_context=none")
    server = mail_server("mine")
    assert (server.port, server.ssl, server.check_certificate) == (25, False, False)
    monkeypatch.setenv("AIRFLOW_CONN_MINE", "smtp://h/?ssl_context=odd")
    with pytest.raises(AirflowConfigException, match="odd"):
        mail_server("mine")


def test_encryption_is_what_the_settings_say(desk, settings, monkeypatch):
    used: list[tuple[str, object]] = []

    class Fake:
        def __init__(self, host, port, timeout, context=None):
            used.append(("ssl" if context else "plain", context))

        def starttls(self, context):
            used.append(("starttls", context.verify_mode))

        def close(self): ...

    monkeypatch.setattr(servers.smtplib, "SMTP", Fake)
    monkeypatch.setattr(servers.smtplib, "SMTP_SSL", Fake)
    settings({})
    mail_server()._connect()
    assert used == [("plain", None), ("starttls", ssl.CERT_REQUIRED)]
    used.clear()
    settings({"AIRFLOW__SMTP__SMTP_SSL": "True", "AIRFLOW__EMAIL__SSL_CONTEXT": "none"})
    mail_server()._connect()
    assert [kind for kind, _ in used] == ["ssl"]


def test_a_server_that_hangs_up_is_asked_again(desk, mailbox, settings):
    mailbox.hangs_up = 2
    send_email("a@x", "s", "t")
    assert len(mailbox.mails) == 1
    mailbox.hangs_up = 2
    settings(
        {
            "AIRFLOW__SMTP__SMTP_HOST": "127.0.0.1",
            "AIRFLOW__SMTP__SMTP_PORT": str(mailbox.port),
            "AIRFLOW__SMTP__SMTP_RETRY_LIMIT": "1",
        }
    )
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send_email("a@x", "s", "t")


def test_dry_runs_send_nothing(desk, mailbox):
    send_email("a@x", "s", "t", dryrun=True)
    message, _ = build_mime_message("me@x", "a@x", "s", "t")
    send_mime_email("me@x", "a@x", message, dryrun=True)
    assert mailbox.mails == []
    send_mime_email("me@x", "a@x", message)
    assert len(mailbox.mails) == 1


def test_another_backend(settings, monkeypatch):
    sent = []
    module = ModuleType("own_mail")
    module.send = lambda to, subject, html_content, **options: sent.append((to, subject, options["conn_id"]))
    monkeypatch.setitem(sys.modules, "own_mail", module)
    settings({"AIRFLOW__EMAIL__EMAIL_BACKEND": "own_mail.send", "AIRFLOW__EMAIL__EMAIL_CONN_ID": "mine"})
    send_email(["a@x", "b@x"], "s", "t")
    assert sent == [("a@x, b@x", "s", "mine")]
    settings({"AIRFLOW__EMAIL__EMAIL_BACKEND": "own_mail.missing"})
    with pytest.raises(AirflowConfigException, match=r"own_mail\.missing"):
        send_email("a@x", "s", "t")


def test_address_lists():
    assert get_email_address_list("a@x, b@x;c@x") == ["a@x", "b@x", "c@x"]
    assert get_email_address_list(("a@x",)) == ["a@x"]
    for wrong in (1, [1]):
        with pytest.raises(TypeError):
            get_email_address_list(wrong)


def test_the_notifier(desk, mailbox):
    with DAG("d"):
        op = EmailOperator(task_id="t", to="a@x", subject="s", html_content="h")
    context = desk.context_of(op)
    context["exception"] = ValueError("a < b")
    SmtpNotifier(to="{{ ti.task_id }}@x", from_email="me@x")(context)
    SmtpNotifier(to="a@x", subject="{{ ds }}", html_content="own")(context)
    first, second = mailbox.mails
    assert (first[0], first[1]) == ("me@x", ["t@x"])
    assert first[2]["Subject"] == "DAG d - Task t - Run ID scheduled__2024-01-02"
    assert b"a &lt; b" in first[2].get_payload()[0].get_payload(decode=True)
    assert second[2]["Subject"] == "2024-01-02"
    with pytest.raises(ValueError, match="OAuth"):
        SmtpNotifier(to="a@x", auth_type="oauth2")
