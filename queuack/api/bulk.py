"""Several changes in one request: each action succeeds or fails for itself, and says so in the answer.

Decides what is done about things that exist, or do not; what doing it means, a ``Kind`` knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

from queuack.api.errors import Refusal
from queuack.api.models.bulk import (
    BulkActionNotOnExistence,
    BulkActionOnExistence,
    BulkActionResponse,
    BulkBody,
    BulkCreateAction,
    BulkDeleteAction,
    BulkResponse,
    BulkUpdateAction,
)
from queuack.errors import QueuackError

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Kind(Protocol[T_contra]):
    """A kind of thing. What it does raises QueuackError."""

    plural: str

    def key(self, entity: T_contra) -> str: ...

    async def known(self) -> set[str]:
        """The keys of those there are."""

    async def create(self, entities: Sequence[T_contra], existing: set[str]) -> None:
        """Make them; those whose key is in ``existing`` are overwritten."""

    async def update(self, entity: T_contra, update_mask: list[str] | None) -> None: ...

    async def delete(self, key: str) -> None: ...


async def carried_out(body: BulkBody[T], kind: Kind[T]) -> BulkResponse:
    """Do all of it, in order."""
    answer = BulkResponse()
    for action in body.actions:
        done = getattr(answer, action.action) or BulkActionResponse()
        setattr(answer, action.action, done)
        try:
            await _Doing(kind, done).do(action)
        except Refusal as refusal:
            done.errors.append({"error": refusal.detail, "status_code": refusal.status_code})
        except QueuackError as error:
            done.errors.append({"error": error.message, "status_code": error.http_status})
    return answer


class _Doing(Generic[T]):
    """One action; what has been done is written into ``done`` as it happens."""

    def __init__(self, kind: Kind[T], done: BulkActionResponse) -> None:
        self._kind = kind
        self._done = done

    async def do(self, action: BulkCreateAction[T] | BulkUpdateAction[T] | BulkDeleteAction[T]) -> None:
        known = await self._kind.known()
        if isinstance(action, BulkCreateAction):
            await self._create(action, known)
        elif isinstance(action, BulkUpdateAction):
            for entity in self._there(action.entities, known, action.action_on_non_existence):
                await self._kind.update(entity, action.update_mask)
                self._done.success.append(self._key(entity))
        else:
            for entity in self._there(action.entities, known, action.action_on_non_existence):
                await self._kind.delete(self._key(entity))
                self._done.success.append(self._key(entity))

    async def _create(self, action: BulkCreateAction[T], known: set[str]) -> None:
        existing = known & {self._key(entity) for entity in action.entities}
        if existing and action.action_on_existence == BulkActionOnExistence.FAIL:
            raise Refusal(409, f"These {self._kind.plural} exist already: {_listed(existing)}.")
        skipped = existing if action.action_on_existence == BulkActionOnExistence.SKIP else set()
        chosen = [entity for entity in action.entities if self._key(entity) not in skipped]
        await self._kind.create(chosen, existing)
        self._done.success += [self._key(entity) for entity in chosen]

    def _there(self, entities: Sequence[Any], known: set[str], otherwise: BulkActionNotOnExistence) -> list[Any]:
        """Those that exist. Raises 404 where one does not and that is not to be skipped."""
        missing = {self._key(entity) for entity in entities} - known
        if missing and otherwise == BulkActionNotOnExistence.FAIL:
            raise Refusal(404, f"There are no such {self._kind.plural}: {_listed(missing)}.")
        return [entity for entity in entities if self._key(entity) not in missing]

    def _key(self, entity: Any) -> str:
        return entity if isinstance(entity, str) else self._kind.key(entity)


def _listed(keys: set[str]) -> str:
    return ", ".join(sorted(keys))


def changes_of(given: dict[str, Any], update_mask: list[str] | None) -> dict[str, Any]:
    """What of ``given`` is to be changed; a mask leaves only what it names."""
    return given if not update_mask else {name: value for name, value in given.items() if name in update_mask}
