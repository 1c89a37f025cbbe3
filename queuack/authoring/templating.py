"""Jinja in template fields: environments, filters, and the walk over a task's fields.

Decides what is rendered and how undefined names fail. Values of names come from the context, lazily.
Airflow pages: templates-ref, core-concepts/operators ("Jinja Templating").
"""

from __future__ import annotations

import copy
import datetime as dt
import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2

    from queuack.authoring.context import Context
    from queuack.authoring.dag import DAG

log = logging.getLogger(__name__)
_SOURCES_KEPT = 2000
"""Compiled templates kept per environment."""


def ds_filter(value: dt.date | None) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%d")


def ds_nodash_filter(value: dt.date | None) -> str | None:
    return None if value is None else value.strftime("%Y%m%d")


def ts_filter(value: dt.date | None) -> str | None:
    return None if value is None else value.isoformat()


def ts_nodash_filter(value: dt.date | None) -> str | None:
    return None if value is None else value.strftime("%Y%m%dT%H%M%S")


def ts_nodash_with_tz_filter(value: dt.date | None) -> str | None:
    return None if value is None else value.isoformat().replace("-", "").replace(":", "")


FILTERS: dict[str, Callable[..., Any]] = {
    "ds": ds_filter,
    "ds_nodash": ds_nodash_filter,
    "ts": ts_filter,
    "ts_nodash": ts_nodash_filter,
    "ts_nodash_with_tz": ts_nodash_with_tz_filter,
}


def create_template_env(
    *,
    native: bool = False,
    searchpath: Sequence[str] | None = None,
    template_undefined: Any = None,
    jinja_environment_kwargs: Mapping[str, Any] | None = None,
    user_defined_macros: Mapping[str, Any] | None = None,
    user_defined_filters: Mapping[str, Any] | None = None,
) -> jinja2.Environment:
    """A sandboxed (or native) environment with Airflow's filters; undefined names raise unless told otherwise."""
    import jinja2  # start-up time: most DAG files define no environment

    from queuack.authoring.jinja_environments import NativeEnvironment, SandboxedEnvironment

    options: dict[str, Any] = {
        "undefined": template_undefined or jinja2.StrictUndefined,
        "extensions": ["jinja2.ext.do"],
        "cache_size": 0,
    }
    if searchpath:
        options["loader"] = jinja2.FileSystemLoader(list(searchpath))
    options.update(jinja_environment_kwargs or {})
    env: jinja2.Environment = NativeEnvironment(**options) if native else SandboxedEnvironment(**options)
    env.filters.update(FILTERS)
    env.globals.update(user_defined_macros or {})
    env.filters.update(user_defined_filters or {})
    env.extend(queuack_compiled={}, queuack_plain=_plain_is_safe(options) and not native)
    return env


def _plain_is_safe(options: Mapping[str, Any]) -> bool:
    """Whether text without braces and line ends renders to itself: nobody changed Jinja's markers."""
    return not any("_string" in name or "_prefix" in name for name in options)


def compiled(env: jinja2.Environment, source: str) -> jinja2.Template:
    """The template of ``source``, compiled once per environment."""
    cache: dict[str, jinja2.Template] | None = getattr(env, "queuack_compiled", None)
    if cache is None:
        return env.from_string(source)
    template = cache.get(source)
    if template is None:
        if len(cache) >= _SOURCES_KEPT:
            cache.clear()
        template = cache[source] = env.from_string(source)
    return template


class _Scope(Mapping[str, Any]):
    """What a template sees: the context, then the environment's globals; nothing is computed before it is named."""

    def __init__(self, context: Mapping[str, Any], globals_: Mapping[str, Any]) -> None:
        self._context, self._globals = context, globals_

    def __contains__(self, key: object) -> bool:
        return key in self._context or key in self._globals

    def __getitem__(self, key: str) -> Any:
        return self._context[key] if key in self._context else self._globals[key]

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(self._globals), **dict.fromkeys(self._context)})

    def __len__(self) -> int:
        return len(set(self._globals) | set(self._context))

    def copy(self) -> dict[str, Any]:
        """For Jinja's tracebacks: what has been computed so far."""
        return {**self._globals, **dict(dict.items(self._context) if isinstance(self._context, dict) else {})}


def render_template(template: jinja2.Template, context: Mapping[str, Any], *, native: bool) -> Any:
    """Render without computing context values that the template does not name."""
    env = template.environment
    scope: Any = _Scope(context, template.globals)
    try:
        nodes = list(template.root_render_func(env.context_class(env, scope, template.name, template.blocks)))
    except Exception:
        env.handle_exception()
    if native:
        import jinja2.nativetypes  # start-up time: only DAGs that ask for native objects

        return jinja2.nativetypes.native_concat(nodes)
    return "".join(nodes)


class Templater:
    """What has template fields: operators, notifiers."""

    template_fields: Collection[str] = ()
    template_ext: Sequence[str] = ()
    render_template_as_native_obj: bool | None = None

    def get_dag(self) -> DAG | None:
        return None

    def get_template_env(self, dag: DAG | None = None) -> jinja2.Environment:
        """The DAG's environment, native if the operator or else the DAG says so."""
        dag = dag or self.get_dag()
        native = self.render_template_as_native_obj
        if dag is not None:
            return dag.template_environment(dag.render_template_as_native_obj if native is None else native)
        return create_template_env(native=bool(native))

    def prepare_template(self) -> None:
        """Runs once files are read and before anything is rendered; for subclasses."""

    def resolve_template_files(self) -> None:
        """Replace template fields that name a file of ``template_ext`` by its text.

        A file that is not there is logged.
        """
        endings = tuple(self.template_ext)
        for name in self.template_fields if endings else ():
            value = getattr(self, name, None)
            if isinstance(value, str) and value.endswith(endings):
                setattr(self, name, self._read_template(name, value))
            elif isinstance(value, list) and any(isinstance(one, str) and one.endswith(endings) for one in value):
                read = [
                    self._read_template(name, one) if isinstance(one, str) and one.endswith(endings) else one
                    for one in value
                ]
                setattr(self, name, read)
        self.prepare_template()

    def _read_template(self, name: str, path: str) -> str:
        env = self.get_template_env()
        try:
            if env.loader is None:
                return path
            return env.loader.get_source(env, path)[0]
        except Exception:
            log.exception("Failed to resolve template field %r", name)
            return path

    def _do_render_template_fields(
        self, parent: Any, names: Iterable[str], context: Context, jinja_env: Any, seen: set[int]
    ) -> None:
        for name in names:
            try:
                value = getattr(parent, name)
            except AttributeError:
                raise AttributeError(
                    f"{name!r} is configured as a template field "
                    f"but {type(parent).__name__} does not have this attribute."
                ) from None
            if _is_empty(value):
                continue
            try:
                if callable(value) and not hasattr(value, "resolve"):
                    rendered = value(context=context, jinja_env=jinja_env or self.get_template_env())
                else:
                    rendered = self.render_template(value, context, jinja_env, seen)
            except Exception:
                log.error("Exception rendering Jinja template for %s, field %r", getattr(self, "task_id", parent), name)
                raise
            if rendered is not value:
                setattr(parent, name, rendered)

    def render_template(self, content: Any, context: Context, jinja_env: Any = None, seen_oids: Any = None) -> Any:
        """``content`` with every string rendered, also in lists, sets, dicts and objects with template fields."""
        seen: set[int] = set() if seen_oids is None else seen_oids
        if seen and id(content) in seen:
            return content
        if isinstance(content, str):
            return self._render_text(content, context, jinja_env or self.get_template_env())
        if content is None or isinstance(content, (bool, int, float, bytes, os.PathLike)):
            return content
        if (resolve := getattr(content, "resolve", None)) is not None and not isinstance(content, type):
            return resolve(context)
        if isinstance(content, tuple):
            values = [self.render_template(one, context, jinja_env, seen) for one in content]
            return tuple(values) if type(content) is tuple else type(content)(*values)
        if isinstance(content, list):
            return [self.render_template(one, context, jinja_env, seen) for one in content]
        if isinstance(content, dict):
            return {key: self.render_template(one, context, jinja_env, seen) for key, one in content.items()}
        if isinstance(content, set):
            return {self.render_template(one, context, jinja_env, seen) for one in content}
        return self._render_nested(content, context, jinja_env, seen)

    def _render_nested(self, content: Any, context: Context, jinja_env: Any, seen: set[int]) -> Any:
        """A copy with rendered fields: the object itself serves the next run of the task too."""
        names = getattr(content, "template_fields", None)
        if not isinstance(names, (list, tuple, set, frozenset)):
            return content
        seen.add(id(content))
        inner = copy.copy(content)
        seen.add(id(inner))
        self._do_render_template_fields(inner, names, context, jinja_env, seen)
        return inner

    def _render_text(self, text: str, context: Context, env: jinja2.Environment) -> Any:
        plain = getattr(env, "queuack_plain", False) and "{" not in text and "\n" not in text and "\r" not in text
        if self.template_ext and text.endswith(tuple(self.template_ext)):
            template = env.get_template(text)
        elif plain:
            return text
        else:
            template = compiled(env, text)
        return render_template(template, context, native=self._renders_native())

    def _renders_native(self) -> bool:
        if self.render_template_as_native_obj is not None:
            return self.render_template_as_native_obj
        dag = self.get_dag()
        return dag.render_template_as_native_obj if dag is not None else False


def _is_empty(value: Any) -> bool:
    try:
        return not value
    except Exception:  # data frames refuse to be asked
        return False
