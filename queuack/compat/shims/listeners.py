"""``airflow.listeners.hookimpl`` and ``airflow.policies.hookimpl``: pluggy's marks, under Airflow's project names."""

from __future__ import annotations

from pluggy import HookimplMarker

__all__ = ["hookimpl", "policy_hookimpl"]

hookimpl = HookimplMarker("airflow")
policy_hookimpl = HookimplMarker("airflow.policy")
