"""Templates: what is rendered, with what names, and how it fails."""

from __future__ import annotations

import jinja2
import pytest

from queuack.authoring.dag import DAG
from queuack.authoring.operator import BaseOperator


class Echo(BaseOperator):
    template_fields = ("value",)
    template_ext = (".sql",)

    def __init__(self, value, **kwargs):
        super().__init__(**kwargs)
        self.value = value

    def execute(self, context):
        return self.value


class Holder:
    template_fields = ("inner",)

    def __init__(self, inner):
        self.inner = inner


@pytest.fixture
def render(desk):
    def run(value, **dag_arguments):
        with DAG("d", **dag_arguments):
            op = Echo(task_id="t", value=value)
        return desk.execute(op)

    return run


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ ds }} {{ ds_nodash }}", "2024-01-02 20240102"),
        ("{{ macros.ds_add(ds, 5) }} {{ macros.ds_format(ds, '%Y-%m-%d', '%d.%m.%y') }}", "2024-01-07 02.01.24"),
        ("{{ logical_date | ts_nodash }} {{ data_interval_end | ds }}", "20240102T000000 2024-01-03"),
        ("{{ execution_date.day }} {{ next_ds }} {{ yesterday_ds_nodash }}", "2 2024-01-03 20240101"),
        ("{{ dag.dag_id }} {{ task.task_id }} {{ ti.try_number }} {{ run_id }}", "d t 1 scheduled__2024-01-02"),
        ("{{ var.value.get('none', 'fallback') }} {{ var.value.city }}", "fallback Bern"),
        ("{{ var.json.config.size }} {{ conn.db.host }}", "3 example.org"),
        ("{{ ti.xcom_pull(task_ids='other') }} {{ params.p }}", "7 q"),
        ("plain", "plain"),
        ("no trailing newline\n", "no trailing newline"),
        ("{% for i in range(2) %}{{ i }}{% endfor %}{% do [].append(1) %}", "01"),
    ],
)
def test_names_and_filters(render, desk, monkeypatch, template, text):
    monkeypatch.setenv("AIRFLOW_VAR_CONFIG", '{"size": 3}')
    desk.runtime.variables["city"] = "Bern"
    desk.runtime.connections["db"] = {"conn_type": "postgres", "host": "example.org"}
    desk.runtime.xcoms["other", "return_value"] = 7
    assert render(template, params={"p": "q"}) == text


def test_containers_and_objects(render):
    holder = Holder("{{ ds }}")
    result = render({"a": ["{{ ds }}", ("{{ run_id }}",), {"{{ ds }}"}], "b": 3, "h": holder})
    assert result["a"] == ["2024-01-02", ("scheduled__2024-01-02",), {"2024-01-02"}]
    assert (result["b"], result["h"].inner, holder.inner) == (3, "2024-01-02", "{{ ds }}")


def test_undefined_names_fail_unless_allowed(render):
    with pytest.raises(jinja2.UndefinedError):
        render("{{ nonsense }}")
    assert render("[{{ nonsense }}]", template_undefined=jinja2.Undefined) == "[]"


def test_user_macros_filters_and_environment(render):
    assert (
        render(
            "{{ twice(2) }} {{ 'x' | shout }}",
            user_defined_macros={"twice": lambda n: 2 * n},
            user_defined_filters={"shout": str.upper},
        )
        == "4 X"
    )
    assert render("line\n", jinja_environment_kwargs={"keep_trailing_newline": True}) == "line\n"


def test_native_objects(render):
    assert render("{{ [1, 2] }}", render_template_as_native_obj=True) == [1, 2]
    assert render("12", render_template_as_native_obj=True) == 12
    assert render("{{ [1, 2] }}") == "[1, 2]"


def test_templates_cannot_reach_pythons_internals(render):
    with pytest.raises(jinja2.exceptions.SecurityError):
        render("{{ ds.__class__.__mro__ }}")


def test_files_are_read_from_the_search_path(render, tmp_path):
    (tmp_path / "query.sql").write_text("select '{{ ds }}'")
    assert render("query.sql", template_searchpath=str(tmp_path)) == "select '2024-01-02'"
    assert render(["query.sql"], template_searchpath=[str(tmp_path)]) == ["select '2024-01-02'"]
    with pytest.raises(jinja2.TemplateNotFound):
        render("absent.sql", template_searchpath=str(tmp_path))
