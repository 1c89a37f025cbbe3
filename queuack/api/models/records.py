"""Bodies about what is recorded: import errors, the audit log, jobs; and about what is installed."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

from queuack.api.models.common import Answer, Body, Instant


class ImportErrorResponse(Answer):
    import_error_id: int
    timestamp: Instant
    filename: str
    bundle_name: str | None
    stack_trace: str


class ImportErrorCollectionResponse(Answer):
    import_errors: list[ImportErrorResponse]
    total_entries: int


def import_error_of(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "stack_trace": row["stacktrace"] or row["message"]}


class EventLogResponse(Answer):
    event_log_id: int
    when: Instant
    dag_id: str | None
    task_id: str | None
    run_id: str | None
    map_index: int | None
    try_number: int | None
    event: str
    logical_date: Instant | None
    owner: str | None
    extra: str | None
    dag_display_name: str | None = None
    task_display_name: str | None = None


class EventLogCollectionResponse(Answer):
    event_logs: list[EventLogResponse]
    total_entries: int


def event_log_of(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "when": row["dttm"], "task_display_name": row["task_id"]}


class JobResponse(Answer):
    id: int
    dag_id: str | None
    state: str | None
    job_type: str | None
    start_date: Instant | None
    end_date: Instant | None
    latest_heartbeat: Instant | None
    executor_class: str | None
    hostname: str | None
    unixname: str | None
    dag_display_name: str | None = None


class JobCollectionResponse(Answer):
    jobs: list[JobResponse]
    total_entries: int


class _Brought(Answer):
    """What a plugin brings for Airflow's web server; Queuack does not use it and does not look into it."""

    model_config = ConfigDict(extra="allow")


class FastAPIAppResponse(_Brought):
    app: str
    url_prefix: str
    name: str


class FastAPIRootMiddlewareResponse(_Brought):
    middleware: str
    name: str


class AppBuilderViewResponse(_Brought):
    name: str | None = None
    category: str | None = None
    view: str | None = None
    label: str | None = None


class AppBuilderMenuItemResponse(_Brought):
    name: str
    href: str
    category: str | None = None


class _Shown(_Brought):
    name: str
    icon: str | None = None
    icon_dark_mode: str | None = None
    url_route: str | None = None
    category: str | None = None
    nav_top_level: bool | None = False
    destination: str = "nav"


class ExternalViewResponse(_Shown):
    href: str


class ReactAppResponse(_Shown):
    bundle_url: str


class PluginResponse(Answer):
    name: str
    macros: list[str]
    flask_blueprints: list[str]
    fastapi_apps: list[FastAPIAppResponse]
    fastapi_root_middlewares: list[FastAPIRootMiddlewareResponse]
    external_views: list[ExternalViewResponse]
    react_apps: list[ReactAppResponse]
    appbuilder_views: list[AppBuilderViewResponse]
    appbuilder_menu_items: list[AppBuilderMenuItemResponse]
    global_operator_extra_links: list[str]
    operator_extra_links: list[str]
    source: str
    listeners: list[str]
    timetables: list[str]


class PluginCollectionResponse(Answer):
    plugins: list[PluginResponse]
    total_entries: int


class PluginImportErrorResponse(Answer):
    source: str
    error: str


class PluginImportErrorCollectionResponse(Answer):
    import_errors: list[PluginImportErrorResponse]
    total_entries: int


FOR_A_WEB_SERVER = (
    "flask_blueprints",
    "fastapi_apps",
    "fastapi_root_middlewares",
    "external_views",
    "react_apps",
    "appbuilder_views",
    "appbuilder_menu_items",
)


def plugin_of(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: [] for name in FOR_A_WEB_SERVER}}


class ProviderResponse(Answer):
    package_name: str
    description: str
    version: str
    documentation_url: str | None


class ProviderCollectionResponse(Answer):
    providers: list[ProviderResponse]
    total_entries: int


class ConfigOption(Body):
    key: str
    value: str


class ConfigSection(Body):
    name: str
    options: list[ConfigOption]


class Config(Body):
    sections: list[ConfigSection]

    def as_text(self) -> str:
        """As an Airflow configuration file."""
        return "\n".join(
            f"[{section.name}]\n" + "".join(f"{option.key} = {option.value}\n" for option in section.options)
            for section in self.sections
        )


def config_of(rows: list[dict[str, Any]]) -> Config:
    """The rows of the service ``configuration``, by section."""
    sections: dict[str, list[ConfigOption]] = {}
    for row in rows:
        sections.setdefault(row["section"], []).append(ConfigOption(key=row["key"], value=row["value"]))
    return Config(sections=[ConfigSection(name=name, options=options) for name, options in sections.items()])
