"""What ``dags list`` says where there is no DAG yet: where files go and what goes into one. It only words it."""

from __future__ import annotations

import os
from pathlib import Path

from queuack.cli.session import Session

EXAMPLE = """\
from datetime import datetime
from airflow.sdk import dag, task

@dag(schedule="@hourly", start_date=datetime(2025, 1, 1))
def hello():
    @task
    def greet():
        print("Hello!")
    greet()

hello()
"""


def first_steps(session: Session) -> str:
    """Where the folder is, why it is that one, a DAG to paste, what to do then."""
    folder = Path(session.config.get_str("core", "dags_folder"))
    file = folder / "hello.py"
    example = "".join(f"    {line}\n" if line else "\n" for line in EXAMPLE.splitlines())
    return (
        f"There are no DAGs in {folder} yet.{_why(session)}\n\n"
        f"Save this as {file}:\n\n{example}\n"
        f"Try it:          queuack dags test hello\nLet it schedule: queuack standalone"
    )


def _why(session: Session) -> str:
    """Which home that is, where the user did not name it and it is not where they are."""
    root = session.home.root
    if session.root or os.environ.get("QUEUACK_HOME") or root == Path.cwd():
        return ""
    return f"\nThe home folder is {root}: the current folder has no dags/ (make one, or use --home)."
