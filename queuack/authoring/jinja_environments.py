"""The two Jinja environments of templates. Imported when the first template is rendered. Airflow page.

Templates-ref.
"""

from __future__ import annotations

from typing import Any

import jinja2.nativetypes
import jinja2.sandbox


class SandboxedEnvironment(jinja2.sandbox.SandboxedEnvironment):
    """Templates may use names that begin with ``_``, not those with ``__`` or Python's internals."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return not jinja2.sandbox.is_internal_attribute(obj, attr)


class NativeEnvironment(jinja2.nativetypes.NativeEnvironment):
    """Renders to Python objects (``render_template_as_native_obj=True``)."""
