"""Who sees what. Every `visible_to()` of the product is built on the one scope below."""

from django.db.models import Q

from crm.core.models import Region, User
from crm.core.roles import Can, Role, Scope

NOTHING = Q(pk__in=[])


def visible_customers(user: User, *, prefix: str = "") -> Q:
    """The condition under which `user` sees a customer, or – with `prefix` – a record that hangs on one."""
    if not user.is_authenticated or not user.may(Can.SEE_ARCHIVE):
        return NOTHING
    match Role(user.role).scope:
        case Scope.ALL:
            return Q()
        case Scope.TEAM:
            return _of_team(user, prefix)
        case Scope.OWN:
            return Q(**{f"{prefix}owner": user})
    return NOTHING


def _of_team(user: User, prefix: str) -> Q:
    """Own customers, the team's, and those in the team's region and below."""
    seen = Q(**{f"{prefix}owner": user})
    if user.team is None:
        return seen
    return seen | Q(**{f"{prefix}owner__team": user.team}) | Q(**{f"{prefix}region__in": region_ids(user)})


def region_ids(user: User) -> list[int]:
    """The regions of a manager's team and below, asked once per user object."""
    if not hasattr(user, "_region_ids"):
        user._region_ids = Region.ids_below(user.team.region) if user.team else []
    return user._region_ids
