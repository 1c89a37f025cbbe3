"""Human in the loop: tasks that ask a person and go on with the answer. They wait without a worker.

How long they wait and what an answer must look like is decided by the daemon. Airflow pages: tutorial/hitl,
apache-airflow-providers-standard operators/hitl.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

from queuack.authoring import timezone
from queuack.authoring.conf import conf
from queuack.authoring.exceptions import (
    AirflowException,
    AirflowProviderDeprecationWarning,
    TaskAwaitingInput,
)
from queuack.authoring.hitl import HITLUser, upsert_hitl_detail
from queuack.authoring.notifier import BaseNotifier
from queuack.authoring.operator import BaseOperator
from queuack.authoring.params import ParamsDict
from queuack.operators.branch import BranchMixIn
from queuack.operators.skipmixin import SkipMixin
from queuack.triggers.hitl import HITLTriggerEventSuccessPayload

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class HITLTriggerEventError(Exception):
    """The question ended without an answer; the argument is the event."""


class HITLTimeoutError(HITLTriggerEventError):
    """Nobody answered in time, and there are no defaults."""


class HITLRejectException(AirflowException):
    """An ApprovalOperator with ``fail_on_reject`` was rejected."""


class HITLOperator(BaseOperator):
    """Asks; returns ``chosen_options``, ``params_input``, ``responded_at``, ``responded_by_user``.

    ``subject`` (one line) and ``body`` (Markdown) are templates. ``options``: what can be chosen, one of them or, with
    ``multiple``, several. ``params``: a form, as a DAG's params. ``assigned_users``: who may answer (default: anybody).
    ``notifiers`` are called once the question can be answered. After ``response_timeout`` (default: never) the
    ``defaults`` count; without them the task fails with HITLTimeoutError.

    Raises ValueError for options, defaults or params that do not fit together.
    """

    template_fields: Collection[str] = ("subject", "body")

    def __init__(
        self,
        *,
        subject: str,
        options: list[str],
        body: str | None = None,
        defaults: str | list[str] | None = None,
        multiple: bool = False,
        params: ParamsDict | dict[str, Any] | None = None,
        notifiers: Sequence[BaseNotifier] | BaseNotifier | None = None,
        assigned_users: HITLUser | list[HITLUser] | None = None,
        response_timeout: timedelta | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if self.execution_timeout and not response_timeout:
            warnings.warn(
                "HITLOperator takes `execution_timeout` as the time to wait for an answer, which is deprecated: write "
                "`response_timeout`.",
                AirflowProviderDeprecationWarning,
                stacklevel=2,
            )
            response_timeout, self.execution_timeout = self.execution_timeout, None
        self.response_timeout = response_timeout
        self.subject = subject
        self.body = body
        self.options = options
        self.defaults = [defaults] if isinstance(defaults, str) else defaults
        self.multiple = multiple
        self.params = params if isinstance(params, ParamsDict) else ParamsDict(params or {})
        self.notifiers: Sequence[BaseNotifier] = (
            [notifiers] if isinstance(notifiers, BaseNotifier) else list(notifiers or [])
        )
        self.assigned_users: list[HITLUser] | None = (
            [assigned_users] if isinstance(assigned_users, dict) else assigned_users
        )
        self.validate_options()
        self.validate_params()
        self.validate_defaults()
        self.hitl_summary_extra: dict[str, Any] = {}

    @property
    def hitl_summary(self) -> dict[str, Any]:
        """The question, and what is known of the answer, for listeners. Made anew each time."""
        return {
            "subject": self.subject,
            "body": self.body,
            "options": self.options,
            "defaults": self.defaults,
            "multiple": self.multiple,
            "assigned_users": self.assigned_users,
            "serialized_params": self.serialized_params or None,
        } | self.hitl_summary_extra

    @property
    def serialized_params(self) -> dict[str, dict[str, Any]]:
        return {name: param.serialize() for name, param in self.params.param_items()}

    # ── what can be wrong in a DAG file ──────────────────────────────────────────────────────────
    def validate_options(self) -> None:
        if not self.options:
            raise ValueError('"options" cannot be empty.')

    def validate_params(self) -> None:
        """Names only: the values are a person's."""
        if "_options" in self.params:
            raise ValueError('"_options" is not allowed in params')

    def validate_defaults(self) -> None:
        if self.defaults is None:
            return
        if not set(self.defaults) <= set(self.options):
            raise ValueError(f'defaults "{self.defaults}" should be a subset of options "{self.options}"')
        if not self.multiple and len(self.defaults) > 1:
            raise ValueError('More than one defaults given when "multiple" is set to False.')

    # ── asking ───────────────────────────────────────────────────────────────────────────────────
    def execute(self, context: Context) -> Any:
        upsert_hitl_detail(
            ti_id=context["task_instance"].id,
            options=self.options,
            subject=self.subject,
            body=self.body,
            defaults=self.defaults,
            multiple=self.multiple,
            params=self.serialized_params,
            assigned_users=self.assigned_users,
        )
        ends = None if self.response_timeout is None else timezone.utcnow() + self.response_timeout
        self.hitl_summary_extra["timeout_datetime"] = None if ends is None else ends.isoformat()
        self.log.info("Waiting for response")
        for notifier in self.notifiers:
            notifier(context)
        raise TaskAwaitingInput(method_name="execute_complete", timeout=self.response_timeout)

    # ── going on ─────────────────────────────────────────────────────────────────────────────────
    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        if "error" in event:
            self.hitl_summary_extra["error_type"] = event["error_type"]
            self.process_trigger_event_error(event)
        chosen, given = event["chosen_options"], event["params_input"] or {}
        self.validate_chosen_options(chosen)
        self.validate_params_input(given)
        user, at = event["responded_by_user"], event["responded_at"]
        self.hitl_summary_extra |= {
            "chosen_options": chosen,
            "params_input": given,
            "responded_at": at.isoformat(),
            "responded_by_user": user,
        }
        return HITLTriggerEventSuccessPayload(
            chosen_options=chosen, params_input=given, responded_at=at, responded_by_user=user
        )

    def process_trigger_event_error(self, event: dict[str, Any]) -> None:
        """Raises HITLTimeoutError or HITLTriggerEventError."""
        raise (HITLTimeoutError if event["error_type"] == "timeout" else HITLTriggerEventError)(event)

    def validate_chosen_options(self, chosen_options: list[str]) -> None:
        unknown = set(chosen_options) - set(self.options)
        if unknown:
            raise ValueError(f"Responses {unknown} not in {self.options}")

    def validate_params_input(self, params_input: Mapping[str, Any]) -> None:
        """Sets the params. Raises ValueError for other names, ParamValidationError for a value that does not fit."""
        if self.params and params_input and set(self.params) != set(params_input):
            raise ValueError(f"params_input {params_input} does not match params {self.params}")
        for name, value in params_input.items():
            self.params[name] = value

    # ── links ────────────────────────────────────────────────────────────────────────────────────
    def generate_link_to_ui(
        self,
        *,
        task_instance: Any,
        base_url: str | None = None,
        options: str | list[str] | None = None,
        params_input: dict[str, Any] | None = None,
    ) -> str:
        """Where the question can be answered; ``options`` and ``params_input`` are filled in already.

        ``base_url``: default ``[api] base_url``. Raises ValueError for options and params there are not, and when no
        base URL is known."""
        chosen = [options] if isinstance(options, str) else options or []
        query: dict[str, Any] = {"_options": chosen} if chosen else {}
        if unknown := set(chosen) - set(self.options):
            raise ValueError(f"options {unknown} are not valid options")
        if unknown := set(params_input or {}) - set(self.params):
            raise ValueError(f"params {unknown} are not valid params")
        base = base_url or conf.get("api", "base_url", fallback=None)
        if not base:
            raise ValueError("Not able to retrieve base_url")
        query |= {**(params_input or {}), "map_index": task_instance.map_index}
        parts = urlsplit(base)
        dag_id, run_id, task_id = (quote(getattr(task_instance, name)) for name in ("dag_id", "run_id", "task_id"))
        path = f"/dags/{dag_id}/runs/{run_id}/tasks/{task_id}/required_actions"
        return f"{parts.scheme}://{parts.netloc}{path}?{urlencode(query)}"

    @staticmethod
    def generate_link_to_ui_from_context(
        *,
        context: Context,
        base_url: str | None = None,
        options: list[str] | None = None,
        params_input: dict[str, Any] | None = None,
    ) -> str:
        """The same, for the task of ``context``. Raises ValueError when that asks nobody."""
        task = context["task"]
        if not isinstance(task, HITLOperator):
            raise ValueError("This method only supports HITLOperator")
        return task.generate_link_to_ui(
            task_instance=context["task_instance"], base_url=base_url, options=options, params_input=params_input
        )


class ApprovalOperator(HITLOperator, SkipMixin):
    """Asks for "Approve" or "Reject". After "Reject" the tasks directly downstream are skipped, all tasks downstream
    with ``ignore_downstream_trigger_rules``, never teardowns; with ``fail_on_reject`` the task fails instead."""

    _can_skip_downstream = True

    FIXED_ARGS: ClassVar[list[str]] = ["options", "multiple"]
    APPROVE = "Approve"
    REJECT = "Reject"

    def __init__(
        self, *, ignore_downstream_trigger_rules: bool = False, fail_on_reject: bool = False, **kwargs: Any
    ) -> None:
        for name in self.FIXED_ARGS:
            if name in kwargs:
                raise ValueError(f"Passing {name} to ApprovalOperator is not allowed.")
        self.ignore_downstream_trigger_rules = ignore_downstream_trigger_rules
        self.fail_on_reject = fail_on_reject
        super().__init__(options=[self.APPROVE, self.REJECT], multiple=False, **kwargs)
        self.hitl_summary_extra["ignore_downstream_trigger_rules"] = ignore_downstream_trigger_rules
        self.hitl_summary_extra["fail_on_reject"] = fail_on_reject

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        answer = super().execute_complete(context, event)
        is_approved = answer["chosen_options"][0] == self.APPROVE
        self.hitl_summary_extra["approved"] = is_approved
        if is_approved:
            self.log.info("Approved. Proceeding with downstream tasks...")
            return answer
        if self.fail_on_reject:
            raise HITLRejectException('Receive "Reject"')
        task = context["task"]
        reach = task.get_flat_relatives if self.ignore_downstream_trigger_rules else task.get_direct_relatives
        self.log.info("Skipping downstream tasks")
        self.skip(ti=context["ti"], tasks=[each for each in reach(upstream=False) if not each.is_teardown])
        return answer


class HITLBranchOperator(HITLOperator, BranchMixIn):
    """The options chosen are the ids of the tasks that run; ``options_mapping``: option → task id, where they differ.

    Raises ValueError for a mapping of options there are not, or to something else than text."""

    _can_skip_downstream = True

    def __init__(self, *, options_mapping: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options_mapping = options_mapping or {}
        self.validate_options_mapping()
        self.hitl_summary_extra["options_mapping"] = self.options_mapping

    def validate_options_mapping(self) -> None:
        unknown = sorted(set(self.options_mapping) - set(self.options))
        if unknown:
            raise ValueError(f"`options_mapping` contains keys that are not in `options`: {unknown}")
        wrong = {key: (value, type(value).__name__) for key, value in self.options_mapping.items()
                 if not isinstance(value, str)}  # fmt: skip
        if wrong:
            raise ValueError(f"`options_mapping` values must be strings (task_ids).\nInvalid entries: {wrong}")

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        chosen = super().execute_complete(context, event)["chosen_options"]
        branches = [self.options_mapping.get(option, option) for option in chosen]
        self.hitl_summary_extra["branches_to_execute"] = branches
        return self.do_branch(context, branches)


class HITLEntryOperator(HITLOperator):
    """Asks for params: the one option, unless others are given, is "OK", and the default."""

    OK = "OK"

    def __init__(self, **kwargs: Any) -> None:
        if "options" not in kwargs:
            kwargs["options"] = [self.OK]
            kwargs.setdefault("defaults", [self.OK])
        super().__init__(**kwargs)
