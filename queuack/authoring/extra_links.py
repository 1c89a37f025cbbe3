"""Extra links: which links a task has, its own and those of plugins, and what they point to.

Decides who wins under one name: a plugin's link for the operator's class over the operator's own, both over a global
one. The worker computes them after the attempt and leaves them as XComs; whoever shows a task reads those.
Airflow page: howto/define-extra-link.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from queuack.authoring.registered import path_of, registered

log = logging.getLogger("queuack.task")


def extra_links_of(task: Any) -> list[Any]:
    """The links of an operator (or of a mapped one), each name once."""
    own = task.operator_extra_links
    if isinstance(own, property):  # of a mapped operator, which has its attributes from the class
        own = own.__get__(task)
    found = {link.name: link for link in registered.global_operator_extra_links}
    found.update({link.name: link for link in own or ()})
    found.update({link.name: link for link in registered.operator_extra_links if _belongs_to(link, task)})
    return list(found.values())


def _belongs_to(link: Any, task: Any) -> bool:
    """As in Airflow a subclass of the operator does not have the link."""
    path = path_of(task.operator_class)
    return any(path_of(operator) == path for operator in link.operators or ())


def computed_links(task: Any, task_instance: Any) -> Iterator[tuple[str, str]]:
    """(XCom key, URL) of each link. One that fails is logged and left out."""
    for link in extra_links_of(task):
        try:
            yield link.xcom_key, str(link.get_link(operator=task, ti_key=task_instance))
        except Exception:
            log.exception("The extra link %r failed", getattr(link, "name", link))
