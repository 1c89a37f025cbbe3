"""One attempt from Started to Finished: load, context, templates, execution, XCom, outcome, callbacks.

It decides the order of these and what is said to the daemon; how user code is executed is
``authoring.execution``'s decision, which outcome an exception means ``worker.verdict``'s. It never lets an exception of
user code out. Airflow pages: core-concepts/tasks, "Callbacks", "XComs".
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from queuack import clock
from queuack.authoring.alerts import sends_mail
from queuack.authoring.context import make_context
from queuack.authoring.dag import DAG
from queuack.authoring.exceptions import AirflowTaskTimeout, DagRunTriggerException, TaskNotFound
from queuack.authoring.execution import execute_task
from queuack.authoring.extra_links import computed_links, extra_links_of
from queuack.authoring.masking import Masker
from queuack.faults import reach
from queuack.protocol import CallbackRan, Executing, Finished, Loading, Recalled, Rendered, Started, Workload, XComClear
from queuack.worker import deadlines, listeners
from queuack.worker.alerts import send_alert
from queuack.worker.assets import NOTHING, check_assets, clear_task_state, said_of_outlets
from queuack.worker.callbacks import run_dag_callback, run_task_callbacks
from queuack.worker.dagcache import DagCache
from queuack.worker.deferring import continuation, seconds_left, start_waiting
from queuack.worker.interrupts import Guard, TaskCancelled
from queuack.worker.link import Outlet
from queuack.worker.logs import TaskLog, log_path
from queuack.worker.mapping import length_of, name_of_instance, skipped_instances
from queuack.worker.rendered import encode_rendered, template_values
from queuack.worker.retrying import by_policy, has_policy
from queuack.worker.run_triggering import trigger_run
from queuack.worker.runtime import WorkerRuntime
from queuack.worker.verdict import SUCCESS, Verdict, verdict_of

RETURN_KEY = "return_value"


@dataclass(frozen=True)
class Workbench:
    """What running attempts needs: one per process that runs them."""

    outlet: Outlet
    log: TaskLog
    dags: DagCache
    runtime: WorkerRuntime
    interrupts: Guard
    masker: Masker
    logs_folder: Path
    import_timeout: float
    max_field_length: int


def started_fact(workload: Workload, at: int) -> Started:
    """That an attempt, or a callback, begins in this process."""
    return Started(
        seq=0,
        ti_id=workload.ti_id,
        try_number=workload.try_number,
        at=at,
        pid=os.getpid(),
        queued_dttm=workload.queued_dttm,
    )


class Runner:
    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def run(self, workload: Workload, *, more_waits: bool = False, announce: bool = True) -> None:
        """Run an attempt or a callback. ``more_waits``: another follows at once, let the outcome travel with it.
        ``announce=False``: Started has been said."""
        bench = self._bench
        key = (workload.ti_id, workload.try_number)
        reach("worker.before_started")
        started_at = clock.now_us()
        if announce:
            bench.outlet.emit(started_fact(workload, started_at))
        reach("worker.after_started")
        bench.log.begin(log_path(workload))
        try:
            if workload.callback_id is not None:
                state, output = self._run_callback(workload)
                ran = CallbackRan(seq=0, callback_id=workload.callback_id, state=state, output=output)
                bench.outlet.emit(ran)
            else:
                Attempt(bench, workload, started_at).run(more_waits)
        except TaskCancelled:
            bench.outlet.say(Recalled([key]))
        finally:
            bench.interrupts.disarm()
            bench.interrupts.stop_timer()
            bench.log.end()
            bench.dags.note_imports()

    def _run_callback(self, workload: Workload) -> tuple[str, str | None]:
        """Its state and output."""
        bench, output = self._bench, None
        try:
            bench.interrupts.arm((workload.ti_id, workload.try_number))
            if workload.callback_kind in deadlines.KINDS:
                output = deadlines.run(workload, lambda: bench.dags.dag(workload))
            elif workload.callback_kind in listeners.RUN_HOOKS:
                listeners.tell_run(workload, lambda: bench.dags.dag(workload))
            else:
                run_dag_callback(bench.dags.dag(workload), workload, bench.log)
            bench.interrupts.disarm()
        except TaskCancelled:
            raise
        except BaseException as error:
            bench.interrupts.disarm()
            bench.log.write_exception(f"The {workload.callback_kind} callback failed", error)
            return "failed", f"{type(error).__name__}: {error}"
        return "success", output


class Attempt:
    """One attempt of one task instance."""

    def __init__(self, bench: Workbench, workload: Workload, started_at: int) -> None:
        self._bench = bench
        self._workload = workload
        self._started_at = started_at
        self._task: Any = None
        self._context: Any = None
        self._said = NOTHING
        """Of assets, by a task that succeeded."""
        self._map_length: int | None = None
        self._instance_name: str | None = None
        self._import_us = 0

    def run(self, more_waits: bool) -> None:
        """Raises TaskCancelled when it was stopped from outside, nothing else."""
        bench = self._bench
        try:
            bench.interrupts.arm((self._workload.ti_id, self._workload.try_number))
            verdict = self._work()
            bench.interrupts.disarm()
        except BaseException as error:
            bench.interrupts.disarm()
            bench.interrupts.stop_timer()
            verdict = self._ask_policy(self._judge(error))
        self._conclude(verdict, more_waits)

    def fail(self, error: Exception) -> None:
        """The process that ran it is gone: end it as failed, with its callbacks."""
        try:
            self._bench.interrupts.arm((self._workload.ti_id, self._workload.try_number))
            self._load()
            self._bench.interrupts.disarm()
        except BaseException:
            self._bench.interrupts.disarm()
        self._conclude(Verdict("failed", error=error), False)

    def _conclude(self, verdict: Verdict, more_waits: bool) -> None:
        self._log_verdict(verdict)
        kind = verdict.callbacks(may_retry=self._workload.try_number <= self._workload.max_tries)
        callbacks = list(getattr(self._task, kind, None) or ()) if kind else []
        mails = verdict.error is not None and sends_mail(self._task, kind)
        self._push_links()
        self._record_again()
        reach("worker.before_finished")
        self._say_finished(verdict, flush=bool(callbacks) or mails or listeners.has_listeners() or not more_waits)
        reach("worker.after_finished")
        if callbacks and kind is not None:
            self._run_callbacks(kind, verdict)
        if listeners.has_listeners():
            self._tell_listeners(verdict)
        if mails:
            self._mail(verdict)

    # ── the work ─────────────────────────────────────────────────────────────────────────────────
    def _work(self) -> Verdict:
        verdict = self._prepare()
        if verdict is not None:
            return verdict
        try:
            result = self._execute()
        except BaseException as error:
            return self._weigh(error)
        return self._settle(result)

    def _prepare(self) -> Verdict | None:
        """All that comes before the task's own code; a verdict when that is not to run."""
        bench, workload = self._bench, self._workload
        if workload.try_number > 1 and workload.next_method is None:
            bench.outlet.emit(XComClear(seq=0, **self._instance()), flush=False)
        self._load()
        self._render()
        check_assets(workload)
        listeners.tell_running(self._context["ti"])
        if workload.next_method is None and (waiting := start_waiting(self._task)) is not None:
            return Verdict("deferred", waiting=waiting, remark="Starting in the triggerer.")
        return None

    def _weigh(self, error: BaseException) -> Verdict:
        """The task's code raised. Raises it again, unless it means success."""
        self._bench.interrupts.stop_timer()
        with suppress(Exception):  # the template may name what the task did not get to
            self._instance_name = name_of_instance(self._context)
        verdict = verdict_of(error)
        if verdict.outcome != "success":
            raise error
        self._said = said_of_outlets(self._task, self._context)
        return verdict

    def _settle(self, result: Any) -> Verdict:
        """The task's code returned."""
        self._instance_name = name_of_instance(self._context)
        self._push_result(result)
        self._said = said_of_outlets(self._task, self._context)
        clear_task_state(self._context)
        return SUCCESS

    def _load(self) -> None:
        bench, workload = self._bench, self._workload
        dag = bench.dags.dag(workload) if bench.dags.has(workload) else self._import()
        self._import_us = bench.dags.import_us
        task = dag.task_dict.get(workload.task_id)
        if task is None:
            raise TaskNotFound(f"The task {workload.task_id!r} is not in the DAG {dag.dag_id!r} of this worker's file.")
        self._task = task.prepare_for_execution()
        self._context = make_context(
            task=self._task,
            run=workload.run,
            ti_id=workload.ti_id,
            map_index=workload.map_index,
            try_number=workload.try_number,
            max_tries=workload.max_tries,
            start_date_us=self._started_at if workload.begun_us is None else workload.begun_us,
            log_path=f"{bench.logs_folder}/{log_path(workload)}",
            task_reschedule_count=workload.task_reschedule_count,
            first_reschedule_us=workload.first_reschedule_us,
        )
        self._context["ti"].upstream_map_indexes = workload.upstream_map_indexes

    def _import(self) -> DAG:
        """Load the DAG file, in the time a file has."""
        bench, workload = self._bench, self._workload
        bench.outlet.say(Loading(workload.ti_id, workload.try_number))
        bench.interrupts.start_timer(bench.import_timeout)
        try:
            return bench.dags.dag(workload)
        except AirflowTaskTimeout:
            raise AirflowTaskTimeout(
                f"Importing {workload.relative_fileloc} took longer than {bench.import_timeout:g} s "
                "([core] dagbag_import_timeout)."
            ) from None
        finally:
            bench.interrupts.stop_timer()
            bench.outlet.say(Executing(workload.ti_id, workload.try_number))

    def _render(self) -> None:
        task = self._task
        if task.is_mapped:
            before: dict[str, Any] = {}
            began = time.monotonic_ns()
            task.render_template_fields(self._context)
            self._import_us += (time.monotonic_ns() - began) // 1000  # It may fetch elements for a thousand others.
            self._task = self._context["task"]
        elif not task.template_fields:
            return
        else:
            before = template_values(task)
            task.render_template_fields(self._context)
        self._record(before)

    def _record(self, before: dict[str, Any]) -> None:
        bench = self._bench
        rendered = encode_rendered(before, template_values(self._task), bench.masker, bench.max_field_length)
        if rendered is not None:
            bench.outlet.emit(Rendered(seq=0, rendered=rendered, **self._instance()), flush=False)

    def _record_again(self) -> None:
        """The fields of a task that decides some of them itself (``@task.bash``), as they are at its end."""
        if self._context is None or not getattr(self._task, "overwrite_rtif_after_execution", False):
            return
        try:
            self._record({})
        except Exception as error:  # the values are the user's
            self._bench.log.write_exception("The rendered fields could not be recorded again", error)

    def _execute(self) -> Any:
        limit, workload, interrupts = self._task.execution_timeout, self._workload, self._bench.interrupts
        go_on = continuation(self._task, workload)
        left = seconds_left(limit, workload)
        if left is None:
            return self._call(go_on)
        self._bench.outlet.say(Executing(workload.ti_id, workload.try_number))
        interrupts.start_timer(left)
        try:
            return self._call(go_on)
        except AirflowTaskTimeout as error:
            if str(error) != "Timeout":
                raise
            raise AirflowTaskTimeout(f"Timeout: the task ran longer than {limit} (execution_timeout).") from error
        finally:
            interrupts.stop_timer()

    def _call(self, go_on: Callable[..., Any] | None) -> Any:
        try:
            return execute_task(self._task, self._context, go_on)
        except DagRunTriggerException as wanted:
            trigger_run(wanted, self._instance(), self._bench.runtime)

    def _push_result(self, result: Any) -> None:
        task = self._task
        if not task.do_xcom_push:
            result = None
        self._map_length = length_of(self._workload, result)
        if result is None:
            return
        if getattr(task, "multiple_outputs", False):
            for key, value in self._outputs(result).items():
                self._push(key, value)
        self._push(RETURN_KEY, result)

    @staticmethod
    def _outputs(result: Any) -> Mapping[str, Any]:
        if not isinstance(result, Mapping):
            raise TypeError(f"Returned output was type {type(result)} expected dictionary for multiple_outputs")
        for key in result:
            if not isinstance(key, str):
                raise TypeError(
                    "Returned dictionary keys must be strings when using multiple_outputs, "
                    f"found {key} ({type(key)}) instead"
                )
        return result

    def _push(self, key: str, value: Any) -> None:
        self._bench.runtime.push(**self._instance(), key=key, value=value, flush=False)

    def _instance(self) -> dict[str, Any]:
        workload = self._workload
        return {
            "dag_id": workload.run.dag_id,
            "run_id": workload.run.run_id,
            "task_id": workload.task_id,
            "map_index": workload.map_index,
        }

    # ── its end ──────────────────────────────────────────────────────────────────────────────────
    def _judge(self, error: BaseException) -> Verdict:
        """The verdict on ``error``; a task that was stopped from outside may end what it started elsewhere first."""
        interrupted = isinstance(error, TaskCancelled) or self._bench.interrupts.is_interrupt(error)
        if interrupted and self._task is not None:
            try:
                self._task.on_kill()
            except BaseException as failure:
                self._bench.log.write_exception("on_kill failed", failure)
        if isinstance(error, TaskCancelled):
            self._bench.log.write("warning", f"The task was stopped: {error}", "task")
            raise error
        try:
            return verdict_of(error)
        except Exception as failure:
            return Verdict("failed", error=failure)

    def _ask_policy(self, verdict: Verdict) -> Verdict:
        bench, task = self._bench, self._task
        if not has_policy(task, verdict):
            return verdict
        try:
            bench.interrupts.arm((self._workload.ti_id, self._workload.try_number))
            verdict = by_policy(task, self._context, self._workload, verdict, bench.log)
            bench.interrupts.disarm()
        except BaseException as error:
            bench.interrupts.disarm()
            if isinstance(error, TaskCancelled):
                raise
            bench.log.write_exception("The retry policy was stopped", error)
        return verdict

    def _log_verdict(self, verdict: Verdict) -> None:
        log, error = self._bench.log, verdict.error
        if isinstance(error, SystemExit):
            log.write_exception(f"Task exited with code {error.code}", error)
        elif error is not None:
            log.write_exception("Task failed with exception", error)
        elif verdict.remark:
            log.write("info", verdict.remark, "task")
        log.finish_lines()

    def _say_finished(self, verdict: Verdict, *, flush: bool) -> None:
        workload = self._workload
        self._bench.outlet.emit(
            Finished(
                seq=0,
                ti_id=workload.ti_id,
                try_number=workload.try_number,
                at=clock.now_us(),
                outcome=verdict.outcome,
                queued_dttm=workload.queued_dttm,
                started_at=self._started_at,
                pid=os.getpid(),
                fail_without_retry=verdict.fail_without_retry,
                retry_delay=verdict.retry_delay,
                retry_reason=verdict.retry_reason,
                reschedule_at=verdict.reschedule_at,
                skip_tasks=verdict.skip_tasks,
                **_waiting_fields(verdict),
                skip_instances=self._skipped_instances(verdict),
                map_length=self._map_length if verdict.outcome == "success" else None,
                rendered_map_index=self._instance_name,
                outlets=self._said[0] if verdict.outcome == "success" else (),
                asset_events=self._said[1] if verdict.outcome == "success" else (),
                import_us=self._import_us,
            ),
            flush=flush,
        )

    def _skipped_instances(self, verdict: Verdict) -> tuple[tuple[str, int], ...]:
        if verdict.outcome != "success" or self._context is None or not self._context["ti"].skip_requests:
            return verdict.skip_instances
        return verdict.skip_instances + skipped_instances(self._context["ti"])

    def _push_links(self) -> None:
        """Extra links, whatever the outcome. They are user code: they can be stopped, and what they raise is logged."""
        task, interrupts = self._task, self._bench.interrupts
        if task is None or self._context is None or not extra_links_of(task):
            return
        try:
            interrupts.arm((self._workload.ti_id, self._workload.try_number))
            for key, url in computed_links(task, self._context["ti"]):
                self._push(key, url)
            interrupts.disarm()
        except BaseException as error:
            interrupts.disarm()
            if isinstance(error, TaskCancelled):
                raise
            self._bench.log.write_exception("The extra links were given up", error)

    def _tell_listeners(self, verdict: Verdict) -> None:
        """After the callbacks, as in Airflow."""
        interrupts, workload = self._bench.interrupts, self._workload
        if self._context is None:
            return
        try:
            interrupts.arm((workload.ti_id, workload.try_number))
            may_retry = workload.try_number <= workload.max_tries
            listeners.tell_outcome(self._context["ti"], verdict, may_retry=may_retry)
            if verdict.outcome == "success" and self._task.outlets:
                listeners.tell_assets(self._task, self._said[1], self._context["ti"])
            interrupts.disarm()
        except BaseException as error:
            interrupts.disarm()
            self._bench.log.write_exception("The listeners were stopped", error)

    def _mail(self, verdict: Verdict) -> None:
        interrupts = self._bench.interrupts
        if self._context is None:
            return
        try:
            interrupts.arm((self._workload.ti_id, self._workload.try_number))
            send_alert(self._task, self._context, verdict.error, self._bench.log)
            interrupts.disarm()
        except BaseException as error:
            interrupts.disarm()
            self._bench.log.write_exception("Sending mail was stopped", error)

    def _run_callbacks(self, kind: str, verdict: Verdict) -> None:
        """After the outcome is said, as in Airflow: a callback that fails changes nothing."""
        interrupts, log = self._bench.interrupts, self._bench.log
        if self._context is None:
            return
        try:
            interrupts.arm((self._workload.ti_id, self._workload.try_number))
            run_task_callbacks(self._task, kind, self._context, verdict, log)
            interrupts.disarm()
        except BaseException as error:
            interrupts.disarm()
            log.write_exception(f"{kind} was stopped", error)


def _waiting_fields(verdict: Verdict) -> dict[str, Any]:
    """What Finished says of a task that waits."""
    waiting = verdict.waiting
    if waiting is None:
        return {}
    return {
        "trigger": waiting.trigger,
        "next_method": waiting.next_method,
        "next_kwargs": waiting.next_kwargs,
        "wait_timeout": waiting.timeout,
    }
