"""Commands of Airflow that mean nothing here, each with what to do instead. They answer that, with exit code 2."""

from __future__ import annotations

PROGRAM = {
    "triggerer": "Deferred tasks wait in a process that the daemon starts itself: queuack standalone.",
    "dag-processor": "The daemon parses DAG files itself: queuack standalone. To look at them: queuack dags report.",
    "celery": "There are no Celery workers: the daemon starts its workers itself ([workers] in queuack.toml).",
    "kubernetes": "There is no Kubernetes executor: the daemon starts its workers itself ([workers] in queuack.toml).",
    "local-kubernetes": "There is no Kubernetes executor: the daemon starts its workers itself.",
    "edge": "There are no edge workers: the daemon starts its workers itself ([workers] in queuack.toml).",
    "kerberos": "Tickets are not renewed here: run a renewer such as k5start beside Queuack.",
    "teams": "There are no teams: run one Queuack for each, with a home folder of its own (--home).",
    "db-manager": "There is one database and nothing else to manage: queuack db.",
    "webserver": "The pages are served by the daemon: queuack standalone, or queuack api-server.",
    "roles": "Roles are fixed (Viewer, User, Op, Admin); a user is given one by queuack users.",
    "sync-perm": "Roles are fixed (Viewer, User, Op, Admin): there is nothing to synchronise.",
    "permissions": "Roles are fixed (Viewer, User, Op, Admin): queuack users.",
}

PROVIDERS = {
    "auth-managers": "Users and roles are Queuack's own (queuack users); no provider takes part.",
    "behaviours": "The form of a connection has all fields; no provider changes it.",
    "widgets": "The form of a connection has all fields; no provider changes it.",
    "executors": "Queuack runs tasks itself; executors of providers are not used.",
    "lazy-loaded": "Providers are imported by the DAG files that use them and in no other way.",
    "logging": "Logs are files of the home folder; log handlers of providers are not used.",
    "queues": "Message queues are watched by triggers: queuack providers triggers.",
}

CONFIG = {
    "update": "Queuack changes no settings file: edit queuack.toml by what `queuack config lint` says.",
}
