"""The documentation is true where a machine can tell: commands parse, DAGs run, links lead somewhere, names exist."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest

from queuack import config
from queuack.authoring.dag import DAG
from queuack.cli.program import program
from queuack.engine.states import TaskInstanceState
from queuack.home import Home
from queuack.settings_table import BY_NAME, SECTIONS, SETTINGS

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROSE = [page for page in PAGES if page.parent != REFERENCE]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`(queuack [^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SETTING = re.compile(r"\[([a-z_]+)\] ([a-z_]+)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
REASON = re.compile(r"""Reason\(\s*"(\w+)\"""")
TABLE = re.compile(r"CREATE TABLE (\w+) \((.*?)\n\);", re.DOTALL)
TEST_COMMAND = re.compile(r"install .*(?:-e|--editable) '\.\[dev\]'.*?python -m pytest$", re.DOTALL | re.MULTILINE)
ASSIGNMENT = re.compile(r"^\w+=")
SEPARATORS = {"&&", "||", "|", ";", ">", "2>&1"}


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *languages: str) -> list[str]:
    """The contents of the page's fenced blocks in these languages."""
    return [text for language, text in FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def command_lines(page: Path) -> Iterator[str]:
    for text in blocks(page, "console"):
        yield from (line[2:] for line in text.splitlines() if line.startswith("$ "))
    for text in blocks(page, "sh"):
        yield from text.splitlines()
    yield from INLINE.findall(prose(page))


def queuack_calls(line: str) -> Iterator[list[str]]:
    """The arguments of each ``queuack`` in a shell line."""
    call: list[str] = []
    for word in [*shlex.split(line, comments=True), ";"]:
        if word not in SEPARATORS:
            call.append(word)
            continue
        while call and ASSIGNMENT.match(call[0]):
            del call[0]
        if call and call[0].rpartition("/")[2] == "queuack":
            yield call[1:]
        call = []


def parse(arguments: list[str]) -> None:
    """Raises click.UsageError for a command or an option that does not exist. Runs nothing."""
    command: click.Command | None = program
    name: str | None = "queuack"
    context: click.Context | None = None
    while command is not None:
        try:
            context = command.make_context(name, arguments, parent=context)
        except (click.MissingParameter, click.exceptions.NoArgsIsHelpError):
            return  # prose names commands without their arguments
        except click.BadParameter as error:
            if isinstance(error.param, click.Parameter) and isinstance(error.param.type, click.Path):
                return  # the reader has that file
            raise
        if not isinstance(command, click.Group):
            return
        rest = [*context._protected_args, *context.args]
        if not rest:
            return
        name, command, arguments = command.resolve_command(context, rest)


COMMANDS = sorted({(name_of(page), line) for page in PROSE for line in command_lines(page) if "queuack" in line})


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=[f"{page}: {line}" for page, line in COMMANDS])
def test_commands_exist(page: str, line: str) -> None:
    for arguments in queuack_calls(line):
        parse(arguments)


@pytest.mark.parametrize("line", ["queuack dags lst", "queuack dags list --colums x", "FOO=1 .venv/bin/queuack nosuch"])
def test_wrong_commands_are_found(line: str) -> None:
    (arguments,) = queuack_calls(line)
    with pytest.raises(click.UsageError):
        parse(arguments)


DAG_BLOCKS = [
    (f"{name_of(page)}-{number}", text)
    for page in PROSE
    for number, text in enumerate(blocks(page, "python"))
    if re.search(r"\bDAG\(|@dag\b", text)
]


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Path]:
    """An empty home whose settings hold, with Queuack's ``airflow`` importable."""
    from queuack import compat

    home = Home(tmp_path)
    home.prepare()
    before = config.configure(config.load(home, environ={}))
    was_installed = compat.installed()
    compat.install()
    yield tmp_path
    if not was_installed:
        compat.uninstall()
    config.configure(before)


def load(path: Path) -> list[DAG]:
    from queuack.authoring.dagfile import load_dag_file

    return load_dag_file(path).dags


def test_there_are_dags_in_the_docs() -> None:
    assert len(DAG_BLOCKS) >= 4


@pytest.mark.parametrize("text", [text for _, text in DAG_BLOCKS], ids=[name for name, _ in DAG_BLOCKS])
def test_dags_run(text: str, deployment: Path) -> None:
    from queuack.operators.hitl import HITLOperator
    from queuack.testing import test_dag as run_dag

    file = deployment / "dags" / "shown.py"
    file.write_text(text, encoding="utf-8")
    dags = load(file)
    assert dags
    for dag in dags:
        for task in dag.tasks:
            task.retry_delay = timedelta(0)  # nobody wants to wait for it here
        run = run_dag(dag)
        asks = any(isinstance(task, HITLOperator) for task in dag.tasks)
        assert run.state == ("running" if asks else "success")  # nobody answers
        assert {task_id for task_id, _ in run.task_states} == set(dag.task_ids)


@pytest.mark.parametrize(("page", "text"), [(name_of(page), text) for page in PROSE for text in blocks(page, "python")])
def test_python_is_python(page: str, text: str) -> None:
    compile(text, page, "exec")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in anchors(target), f"{link}: there is no such heading"


def anchors(page: Path) -> set[str]:
    """Headings as links name them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(prose(page))
    }


@pytest.mark.parametrize("page", PROSE, ids=name_of)
def test_settings_exist(page: Path) -> None:
    for section, key in SETTING.findall(prose(page)):
        if section in SECTIONS:
            assert (section, key) in BY_NAME, f"there is no setting [{section}] {key}"


@pytest.mark.parametrize(
    "text", [text for page in PROSE for text in blocks(page, "toml")], ids=lambda text: text.splitlines()[0]
)
def test_settings_files_load(text: str, tmp_path: Path) -> None:
    assert tomllib.loads(text)
    (tmp_path / "queuack.toml").write_text(text, encoding="utf-8")
    config.load(Home(tmp_path), environ={})


def test_every_setting_is_in_the_reference() -> None:
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    sections = {part.partition("]")[0]: part for part in text.split("\n## [")[1:]}
    missing = [setting.name for setting in SETTINGS if f"| `{setting.key}` |" not in sections[setting.section]]
    assert missing == []


def test_every_command_is_in_the_reference() -> None:
    titles = set(HEADING.findall(prose(REFERENCE / "cli.md")))
    assert set(command_paths(click.Context(program, info_name="queuack"))) <= titles


def command_paths(context: click.Context) -> Iterator[str]:
    yield context.command_path
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None
            yield from command_paths(click.Context(command, info_name=name, parent=context))


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / link).resolve() for link in LINK.findall(prose(index))}
    unlinked = [page for page in PROSE if index.parent in page.parents and page.parent.name != "adr" and page != index]
    assert [name_of(page) for page in unlinked if page not in linked] == []


def test_every_table_and_column_is_described() -> None:
    text = (ROOT / "docs" / "concepts" / "state.md").read_text(encoding="utf-8")
    parts = {part.partition("\n")[0]: part for part in text.split("\n### ")[1:]}
    schema = (ROOT / "queuack" / "store" / "schema.sql").read_text(encoding="utf-8")
    tables = {name: [line.split()[0] for line in body.strip().splitlines()] for name, body in TABLE.findall(schema)}
    assert set(parts) == {*tables, "schema_migration"}
    for table, columns in tables.items():
        assert [column for column in columns if f"`{column}`" not in parts[table]] == [], table


def test_every_reason_is_explained() -> None:
    """What ``tasks failed-deps`` may print."""
    source = (ROOT / "queuack" / "engine" / "explaining.py").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "how-to" / "why-not-running.md").read_text(encoding="utf-8")
    assert [code for code in REASON.findall(source) if f"`{code}`" not in page] == []


def test_every_state_is_explained() -> None:
    page = (ROOT / "docs" / "concepts" / "engine.md").read_text(encoding="utf-8")
    assert [state for state in TaskInstanceState if f"`{state}`" not in page] == []


def test_ci_does_what_the_readme_says() -> None:
    """``.ci/run`` takes the two commands from the README, and runs both."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    section = readme.partition("## Two commands")[2].partition("\n## ")[0]
    commands = [line for line in section.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert TEST_COMMAND.search(commands[1])
    assert "/^## Two commands/" in ci
    assert "${commands[0]" in ci
    assert 'bash -c "${commands[1]}"' in ci
