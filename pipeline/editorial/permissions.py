"""Who may do what with a post: one table, asked by everything that changes one."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from uuid import UUID

from pipeline.store.users import User
from pipeline.vocabulary import UserRole


class Action(StrEnum):
    """The value is how it reads after "may"."""

    WRITE = "bring in posts"
    EDIT = "change the text"
    CHECK = "confirm the checklist"
    APPROVE = "approve"
    REQUEST_CHANGES = "ask for changes"
    REJECT = "reject"
    RESCHEDULE = "set another time"
    UNSCHEDULE = "take back an approval"
    ARCHIVE = "archive"


MAY: Final[Mapping[Action, frozenset[UserRole]]] = {
    Action.WRITE: frozenset({UserRole.WRITER, UserRole.REVIEWER, UserRole.ADMIN}),
    Action.EDIT: frozenset({UserRole.REVIEWER, UserRole.ADMIN}),
    Action.CHECK: frozenset({UserRole.REVIEWER, UserRole.ADMIN}),
    Action.APPROVE: frozenset({UserRole.REVIEWER, UserRole.ADMIN}),
    Action.REQUEST_CHANGES: frozenset({UserRole.REVIEWER, UserRole.ADMIN}),
    Action.REJECT: frozenset({UserRole.REVIEWER, UserRole.ADMIN}),
    Action.RESCHEDULE: frozenset({UserRole.PUBLISHER, UserRole.ADMIN}),
    Action.UNSCHEDULE: frozenset({UserRole.PUBLISHER, UserRole.ADMIN}),
    Action.ARCHIVE: frozenset({UserRole.PUBLISHER, UserRole.ADMIN}),
}
NEVER_OWN: Final = frozenset({Action.CHECK, Action.APPROVE})
"""Somebody else does it, whatever role the author has: an admin approves no draft of an admin's own."""
ALWAYS_OWN: Final = frozenset({Action.EDIT})
"""The author may do it too, without the role."""


class PermissionDeniedError(Exception):
    """The message says who may."""


def require(person: User, action: Action, *, author_id: UUID | None = None) -> None:
    """`author_id` is the post's author's, None where there is no post yet. Raises: PermissionDeniedError."""
    is_own = person.id == author_id
    if is_own and action in NEVER_OWN:
        raise PermissionDeniedError(f"{person.full_name} is its author and may not {action}: somebody else must.")
    if MAY[action] & person.roles or (is_own and action in ALWAYS_OWN):
        return
    has = ", ".join(sorted(person.roles)) or "none"
    takers = " or ".join(sorted(MAY[action]))
    raise PermissionDeniedError(
        f"{person.full_name} may not {action}: that takes the role {takers}. Roles now: {has}. `pressroom users roles` "
        "shows who may do what."
    )
