"""What may be changed about a customer, and what follows from it. Pure."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from archives.choices import ReviewCause
from crm.core.errors import NotAllowed
from crm.core.roles import Can, Role, Scope

REVIEWED = (
    ReviewCause.LEGAL_REPRESENTATIVE,
    ReviewCause.OWNERSHIP,
    ReviewCause.REGISTERED_CAPITAL,
    ReviewCause.BUSINESS_SCOPE,
    ReviewCause.NAME,
    ReviewCause.ADDRESS,
)


def may_assign(by: Any) -> bool:
    """Whether `by` may say whose customer it is."""
    return by.may(Can.ASSIGN) or by.may(Can.SYNC)


def why_not_assign(*, by: Any, old: int | None, new: int | None) -> NotAllowed | None:
    """Refuses a change of owner by somebody who may not assign; everybody may take on a customer they create."""
    if old == new or may_assign(by) or (old is None and new == by.pk):
        return None
    return NotAllowed(_("Only a manager may give a customer to somebody else."))


def may_regroup(by: Any) -> bool:
    """Whether `by` may say to which group a customer belongs."""
    return by.may(Can.DECIDE_LIMITS) or by.may(Can.SYNC)


def why_not_regroup(*, by: Any, old: int | None, new: int | None) -> NotAllowed | None:
    """Refuses a change of group by those who sell: a customer draws on its group's limit, and is bound by it."""
    if old == new or may_regroup(by):
        return None
    return NotAllowed(_("Which group a customer belongs to decides whose limit it draws on: ask a credit officer."))


def first_owner(by: Any) -> int | None:
    """Whose a new customer is when nobody says: its creator's, unless the creator sees all of them anyway."""
    return None if Role(by.role).scope == Scope.ALL else by.pk


def review_causes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, str]]:
    """The changes that ask for a review of the limit (domain: 4 Validity and review), with old and new value.

    Filling in what was not known is no change of the customer.
    """
    return [
        {"cause": cause.value, "old": str(old[cause]), "new": _text(new[cause])}
        for cause in REVIEWED
        if cause in old and old[cause] not in (None, "") and old[cause] != new[cause]
    ]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def on_cycle(parents: Mapping[int, int | None], start: int) -> bool:
    """Whether going up from `start` comes back to it."""
    seen: set[int] = set()
    above = parents.get(start)
    while above is not None and above not in seen:
        if above == start:
            return True
        seen.add(above)
        above = parents.get(above)
    return False


def locked_for(by: Any) -> set[str]:
    """The fields of the basic layer that `by` may read but not set: owner and group without the right to."""
    return {name for name, may in (("owner", by.may(Can.ASSIGN)), ("parent", may_regroup(by))) if not may}
