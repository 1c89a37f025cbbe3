"""Where Queuack's REST API differs from Airflow's, and why: the one table, for the test and for the reference page."""

from __future__ import annotations

import re

NOT_YET: tuple[tuple[str, str], ...] = ()
"""Pattern at the beginning of a path → why its endpoints are missing, or not compared yet."""

NOT_HERE: dict[tuple[str, str], str] = {}
"""Endpoints that answer 501, and why."""

DIFFERENT: dict[tuple[str, str], tuple[tuple[str, ...], str]] = {
    ("GET", "/api/v2/auth/login"): (
        ("- answer as application/json", "- status 200"),
        "Both redirect (307); Airflow's document says 200.",
    ),
    ("GET", "/api/v2/auth/logout"): (
        ("- answer as application/json", "- status 200"),
        "Both redirect (307); Airflow's document says 200.",
    ),
    ("GET", "/api/v2/assets/aliases/{asset_alias_id}"): (
        ("+ answer group: string", "+ answer id: integer", "+ answer name: string"),
        "Both answer the alias; Airflow's document does not say so.",
    ),
    ("GET", "/api/v2/config"): (
        (
            "+ answer sections[].options[].value: string",
            "- answer sections[].options[].value: [any]|string",
        ),
        "A value is a text always; Airflow's document allows a pair with its source and never sends one.",
    ),
    ("GET", "/api/v2/config/section/{section}/option/{option}"): (
        (
            "+ answer sections[].options[].value: string",
            "- answer sections[].options[].value: [any]|string",
        ),
        "As above.",
    ),
}
"""Endpoint → (features that are missing, "-", or additional, "+"; why)."""

BEHAVIOUR: tuple[tuple[str, str], ...] = (
    ("`…_prefix_pattern`", "The beginning counts as it is written; Airflow leaves out punctuation at its end."),
    ("`limit`, `offset`", "A negative one is 400; Airflow says 422. At most 100 rows a page, as Airflow's default."),
    ("Ids of versions and task instances", "UUIDs in form; the number of the row in fact, so they sort."),
    ("`order_by=id`", "Pools, variables and connections have no number: sorted by name."),
    ("`bundle_version`, `bundle_url`", "None: DAG files come from one folder. A filter by a version finds nothing."),
    ("`last_parse_duration`, `last_expired`, `template_search_path`", "None: not kept."),
    (
        "`allowed_run_types`",
        "None in answers about DAGs; obeyed when a run is triggered or a backfill made. Custom timetables are not asked.",
    ),
    ("Cursors", "`total_entries` is exact and told on the first page only; Airflow counts up to a limit on each."),
    ("`order_by` of task instances", "Of all runs (`~`) by id where nothing is asked; Airflow: by map index."),
    ("DELETE of a run", "Its latest scheduled run gone, a DAG's schedule goes on from the one before at once."),
    ("DELETE of a task instance", "400 for one of the instances of an expanded task: they go with their run."),
    (
        "`…/dependencies`",
        "Queuack's own reasons, as `queuack tasks failed-deps` tells them; also for a task that retries.",
    ),
    ("`…/logs/{try_number}`", "A continuation token is not signed: it says from which byte on to read."),
    (
        "`…/externalLogUrl/{try_number}`",
        "400: logs are kept in the logs folder only, as with Airflow's default handler.",
    ),
    ("`…/xcomEntries/{xcom_key}`", "A value that is not JSON is described, never loaded; `stringify` gives JSON text."),
    ("`created_dagruns` of an asset event", "Those that have begun; a queued run has no start date to tell."),
    ("Bulk changes", "Each is carried out for itself; those before a refusal stay."),
    ("`params` of a task", "Those of its DAG."),
    ("PATCH of a pool", "Fields that are left out stay; Airflow wants name, slots and include_deferred always."),
    ("Secrets", "A number or a truth value behind a sensitive name is hidden too; Airflow hides texts."),
    (
        "`hitlDetails`",
        "A user's id is the name; params left out have their default; a cleared task shows its old question until it "
        "asks anew.",
    ),
    ("`…/state-store`", "What has expired is not listed; Airflow lists it until it is cleaned up."),
    ("`access_control` of asset events", "Changes nothing: there are no teams."),
    ("GET `/jobs`", "Processes that are there; `id` is the process id. Those that ended are not kept."),
    ("GET `/dagWarnings`", "Pools that tasks name and that do not exist, looked up when asked."),
    ("GET `/plugins`", "What a plugin brings for Airflow's web server is not used, and its lists are empty."),
    (
        "POST `/connections/enqueue-test`",
        "On this machine, whatever `executor` and `queue` say; forgotten when the API restarts.",
    ),
    ("`team_name`", "None; giving one is refused, as by an Airflow without multi-team mode."),
    ("Roles", "Viewer, User, Op and Admin, for all DAGs alike: there are no permissions for single DAGs."),
)
"""(what, how it differs): what no document tells."""


def not_yet(path: str) -> str | None:
    """Why an endpoint may be missing."""
    return next((reason for pattern, reason in NOT_YET if re.match(pattern, path)), None)
