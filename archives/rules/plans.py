"""May a visit be planned, moved, called off; which plan does a visit close. No database, no clock."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol

from django.utils.translation import gettext as _

from archives.choices import PlanState, VisitKind
from crm.core.errors import Invalid, NotAllowed, Refused

MOST_AHEAD = timedelta(days=366)
PURPOSE_LENGTH = 200


class Plan(Protocol):
    """What the rules look at."""

    pk: int
    day: date
    person_id: int


def bad_plan(*, day: date, kind: str, purpose: str, today: date) -> Invalid | None:
    """A plan lies between today and a year from now, has a known kind and a purpose of one line."""
    errors: dict[str, str] = {}
    if day < today:
        errors["day"] = _("This day has passed. Choose today or a later one.")
    elif day > today + MOST_AHEAD:
        errors["day"] = _("Plan visits for the next twelve months.")
    if kind not in VisitKind:
        errors["kind"] = _("There is no such kind of visit.")
    if len(purpose) > PURPOSE_LENGTH:
        errors["purpose"] = _("Say it in 200 characters.")
    return Invalid(errors) if errors else None


def why_not_plan(*, tradable: bool, status: str, taken: bool) -> Refused | None:
    """Nobody visits customers that are closed or blacklisted, or the same one twice on a day."""
    if not tradable:
        return Refused(_("This customer is %(status)s: no visits are planned.") % {"status": status}, code="closed")
    if taken:
        return Refused(_("This visit is planned already."), code="planned_already")
    return None


def why_not_plan_for(*, own: bool, may_assign: bool, sees_customer: bool) -> Refused | None:
    """People plan for themselves; those who assign customers plan for whoever sees the customer."""
    if not own and not may_assign:
        return NotAllowed(_("You plan your own visits. A sales manager plans for others."))
    if not sees_customer:
        return Refused(_("This person does not see the customer. Hand the customer over first."), code="not_theirs")
    return None


def why_not_change(state: PlanState) -> Refused | None:
    """Only what is still open can be moved or called off."""
    if state == PlanState.DONE:
        return Refused(_("This visit has taken place already."), code="done_already")
    if state == PlanState.CANCELLED:
        return Refused(_("This visit was called off already."), code="cancelled_already")
    return None


def plan_closed_by(plans: Iterable[Plan], *, named: int | None, person_id: int, day: date) -> Plan | None:
    """Of a customer's open plans, the one that the visit was begun from, else that person's of the very day."""
    plans = list(plans)
    by_name = (plan for plan in plans if plan.pk == named)
    of_day = (plan for plan in plans if plan.person_id == person_id and plan.day == day)
    return next(by_name, None) or next(of_day, None)
