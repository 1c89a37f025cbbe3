"""Sessions: ``session.query(Model)`` with filters, over the process's Runtime. Reading only.

What a query gives is at most a tenth of a second old. Decides what of SQLAlchemy's session and query is there; anything
that would write, and SQLAlchemy's own expressions, raise NotBuilt that names the way out. ``commit`` and the like are
taken: there is never anything to commit.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, Self, TypeVar

from queuack.authoring.runtime import current_runtime
from queuack.compat.models.columns import Column, Condition, Order
from queuack.errors import NotBuilt

P = ParamSpec("P")
R = TypeVar("R")

NEW_SESSION: Any = None
INSTEAD = "use the queuack command, the task's context (`ti`, `dag_run`), or `queuack sql` to read"


def refusal(what: str, instead: str = INSTEAD) -> NotBuilt:
    """The error for what of Airflow's models is not there."""
    return NotBuilt(f"Airflow's {what} is not built in Queuack: {instead}.")


class Query:
    """``session.query(DagRun)``, or of columns of one model. Made anew by every step, fetched when it is read."""

    def __init__(self, *wanted: Any) -> None:
        self._columns = [item for item in wanted if isinstance(item, Column)]
        models = {_model_of(item) for item in wanted}
        if len(models) != 1:
            raise refusal("query over several models", "query one model, then the other")
        (self._model,) = models
        self._where: list[Condition] = []
        self._order: list[Order] = []
        self._limit: int | None = None
        self._offset = 0

    def _with(self, **changes: Any) -> Self:
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__, **changes)
        return other

    def filter(self, *conditions: Any) -> Self:
        for condition in conditions:
            if not isinstance(condition, Condition):
                raise refusal(f"query filter of a {type(condition).__name__}", "compare a column of the model")
        return self._with(_where=[*self._where, *conditions])

    where = filter  # noqa: A003 - the method

    def filter_by(self, **values: Any) -> Self:
        return self.filter(*(getattr(self._model, name) == value for name, value in values.items()))

    def order_by(self, *orders: Any) -> Self:
        made = [Order(order.stored) if isinstance(order, Column) else order for order in orders]
        if not all(isinstance(order, Order) for order in made):
            raise refusal("query order", "order by a column of the model, .asc() or .desc()")
        return self._with(_order=[*self._order, *made])

    def limit(self, limit: int | None) -> Self:
        return self._with(_limit=limit)

    def offset(self, offset: int) -> Self:
        return self._with(_offset=offset)

    def options(self, *_: Any) -> Self:
        """Loading options make no difference here."""
        return self

    def all(self) -> list[Any]:
        """Model instances, or tuples of the columns asked for."""
        found = [self._model.from_row(row) for row in _fetch(self)]
        if not self._columns:
            return found
        return [tuple(getattr(item, column.name) for column in self._columns) for item in found]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.all())

    def first(self) -> Any:
        """None when there is none."""
        return next(iter(self.limit(1).all()), None)

    def one_or_none(self) -> Any:
        """Raises ValueError when there are several."""
        found = self.limit(2).all()
        if len(found) > 1:
            raise ValueError(f"The query gives more than one {self._model.__name__}.")
        return found[0] if found else None

    def one(self) -> Any:
        """Raises ValueError when there is not one."""
        found = self.one_or_none()
        if found is None:
            raise ValueError(f"The query gives no {self._model.__name__}.")
        return found

    def scalar(self) -> Any:
        """The first column of the only row; None without rows."""
        found = self.one_or_none()
        return found[0] if isinstance(found, tuple) else found

    def count(self) -> int:
        return len(_fetch(self))

    def get(self, key: Any) -> Any:
        """By the model's key."""
        return self.filter(getattr(self._model, self._model.key) == key).first()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise refusal(f"query.{name}()")


def _model_of(item: Any) -> Any:
    model = getattr(item, "model", None) if isinstance(item, Column) else item
    if not hasattr(model, "from_row"):
        raise refusal(f"query of {item!r}")
    return model


def _fetch(query: Query) -> list[dict[str, Any]]:
    if query._model.table is None:
        raise refusal(f"table of {query._model.__name__}")
    ask = getattr(current_runtime(), "model_rows", None)
    if ask is None:
        raise refusal("query here", "query inside a task, where a daemon answers")
    rows: list[dict[str, Any]] = ask(
        table=query._model.table,
        where=[condition.wire for condition in query._where],
        order=[[order.column, order.descending] for order in query._order],
        limit=query._limit,
        offset=query._offset,
    )
    return rows


class Session:
    """``settings.Session()`` and what ``create_session`` gives."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Takes what SQLAlchemy's takes, and needs nothing of it."""

    def query(self, *wanted: Any) -> Query:
        return Query(*wanted)

    def get(self, model: Any, key: Any) -> Any:
        return Query(model).get(key)

    def commit(self) -> None:
        """Nothing to commit."""

    flush = rollback = close = remove = expunge_all = expire_all = commit

    def __call__(self) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise refusal(f"database session (session.{name})")


@contextmanager
def create_session(scoped: bool = True) -> Iterator[Session]:
    """A session, for the length of a ``with``."""
    yield Session()


def provide_session(func: Callable[P, R]) -> Callable[P, R]:
    """Fill the argument ``session`` when the caller gives none. Raises ValueError when ``func`` has no such one."""
    parameters = list(inspect.signature(func).parameters)
    if "session" not in parameters:
        raise ValueError(f"Function {func.__qualname__} has no `session` argument")
    position = parameters.index("session")

    @functools.wraps(func)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        if "session" in kwargs or len(args) > position:
            return func(*args, **kwargs)
        return func(*args, **kwargs, session=Session())  # type: ignore[arg-type]

    return wrapper
