"""Planned visits: made one by one or many at once, moved, called off, and closed by the note of the visit."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import F
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from archives.choices import VisitKind
from archives.models import Customer, Visit, VisitPlan
from archives.rules.plans import bad_plan, plan_closed_by, why_not_change, why_not_plan, why_not_plan_for
from crm.core import audit
from crm.core.errors import Invalid, Refused
from crm.core.models import User
from crm.core.roles import Can


@dataclass(frozen=True, slots=True)
class Skipped:
    """A customer for whom no visit was planned, and the sentence why."""

    customer: Customer
    why: str


@dataclass(frozen=True, slots=True)
class Planned:
    """What became of planning many visits at once."""

    plans: list[VisitPlan]
    skipped: list[Skipped]


@transaction.atomic
def plan_visit(
    customer: Customer,
    *,
    day: date,
    by: User,
    today: date,
    person: User | None = None,
    kind: str = VisitKind.SITE,
    purpose: str = "",
) -> VisitPlan:
    """Plan a visit of `person` at `customer`; where nobody is named, of the planner, and of the owner for a program.

    Refuses days that have passed or are more than a year away, customers that are closed or blacklisted, the same
    person at the same customer twice on a day, and planning for others without the right to assign customers.
    """
    person, purpose = person or (customer.owner if by.may(Can.SYNC) else by), purpose.strip()
    if person is None:
        raise Invalid({"person": _("Say who goes: the customer has no owner.")})
    if refused := bad_plan(day=day, kind=kind, purpose=purpose, today=today):
        raise refused
    locked = _locked([customer.pk])[0]
    if refused := _why_not_for(locked, person, by) or _why_not(locked, _taken([locked.pk], person, day)):
        raise refused
    plan = VisitPlan.objects.create(
        customer=customer, person=person, day=day, kind=kind, purpose=purpose, planned_by=by
    )
    audit.record("visit_plan.made", plan, by=by, day=day, person=person.username)
    return plan


@transaction.atomic
def plan_visits(
    customer_ids: Collection[int], *, day: date, purpose: str, by: User, today: date, kind: str = VisitKind.SITE
) -> Planned:
    """Plan a visit of `by` at each of these customers, as far as `by` sees them; tells who was skipped, and why.

    Refuses the whole for a day that has passed or is more than a year away. One entry in the audit trail for all.
    """
    purpose = purpose.strip()
    if refused := bad_plan(day=day, kind=kind, purpose=purpose, today=today):
        raise refused
    customers = _locked(Customer.objects.visible_to(by).filter(pk__in=customer_ids).values_list("pk", flat=True))
    taken = _taken([customer.pk for customer in customers], by, day)
    why = {customer: _why_not(customer, taken) for customer in customers}
    plans = VisitPlan.objects.bulk_create(
        VisitPlan(customer=customer, person=by, day=day, kind=kind, purpose=purpose, planned_by=by)
        for customer, refused in why.items()
        if refused is None
    )
    skipped = [Skipped(customer, str(refused)) for customer, refused in why.items() if refused]
    if plans:
        audit.record("visits.planned", by, by=by, day=day, planned=len(plans), skipped=len(skipped))
    return Planned(plans, skipped)


def _locked(customer_ids: Collection[int]) -> list[Customer]:
    """The customers, held so that two planners do not plan the same visit; ascending, as every lock of theirs."""
    rows = Customer.objects.filter(pk__in=customer_ids).order_by("pk")
    return list(rows.select_for_update(no_key=True).only("number", "name", "short_name", "status"))


def _taken(customer_ids: Collection[int], person: User, day: date) -> set[int]:
    """The customers among these that have an open plan of `person` on that day."""
    plans = VisitPlan.objects.open().filter(customer__in=customer_ids, person=person, day=day)
    return set(plans.values_list("customer_id", flat=True))


def _why_not(customer: Customer, taken: Collection[int]) -> Refused | None:
    status = customer.status_choice
    return why_not_plan(tradable=status.tradable, status=str(status.label), taken=customer.pk in taken)


def _why_not_for(customer: Customer, person: User, by: User) -> Refused | None:
    sees = Customer.objects.visible_to(person).filter(pk=customer.pk).exists()
    return why_not_plan_for(own=person == by, may_assign=by.may(Can.ASSIGN) or by.may(Can.SYNC), sees_customer=sees)


@transaction.atomic
def change_plan(plan_id: int, *, day: date, kind: str, purpose: str, by: User, today: date) -> VisitPlan:
    """Move a plan to another day, or say better what it is for. Refuses what `plan_visit` does, and closed plans."""
    plan, purpose = _locked_plan(plan_id), purpose.strip()
    if refused := why_not_change(plan.state_choice) or bad_plan(day=day, kind=kind, purpose=purpose, today=today):
        raise refused
    taken = _taken([plan.customer_id], plan.person, day) if day != plan.day else set()
    if refused := _why_not(plan.customer, taken):
        raise refused
    changes = {"day": [plan.day.isoformat(), day.isoformat()]} if day != plan.day else {}
    plan.day, plan.kind, plan.purpose = day, kind, purpose
    plan.save(update_fields=["day", "kind", "purpose"])
    audit.record("visit_plan.changed", plan, by=by, **changes)
    return plan


@transaction.atomic
def cancel_plan(plan_id: int, *, by: User, today: date) -> VisitPlan:
    """Call a planned visit off. Refuses one that has taken place or was called off before."""
    plan = _locked_plan(plan_id)
    if refused := why_not_change(plan.state_choice):
        raise refused
    plan.cancelled_on = today
    plan.save(update_fields=["cancelled_on"])
    audit.record("visit_plan.cancelled", plan, by=by, day=plan.day)
    return plan


def _locked_plan(plan_id: int) -> VisitPlan:
    """The plan with its customer locked first, as planning does: what is free stays free until the end."""
    _locked(VisitPlan.objects.filter(pk=plan_id).values_list("customer", flat=True))
    rows = VisitPlan.objects.select_related("customer", "person").select_for_update(of=("self",))
    return rows.get(pk=plan_id)


def pass_on_plans(customer_ids: Collection[int], *, to: User, today: date) -> int:
    """The open visits that the owners of these customers have planned there become those of `to`; how many there were.

    One whose day `to` has planned already is called off instead. Call inside the transaction that changes the owner,
    while the customers are still the former one's.
    """
    _locked(customer_ids)
    opened = VisitPlan.objects.open().filter(customer__in=customer_ids)
    former = opened.filter(person=F("customer__owner")).exclude(person=to)
    plans = list(former.select_for_update(of=("self",)).order_by("pk"))
    taken = set(opened.filter(person=to).values_list("customer_id", "day"))
    double = [plan.pk for plan in plans if (plan.customer_id, plan.day) in taken]
    VisitPlan.objects.filter(pk__in=double).update(cancelled_on=today)
    VisitPlan.objects.filter(pk__in={plan.pk for plan in plans}.difference(double)).update(person=to)
    return len(plans)


def close_plan(visit: Visit, *, named: int | None = None) -> VisitPlan | None:
    """The open plan that this visit fulfils, closed: the one `named`, else its writer's of that day. None without one.

    Call inside the transaction that writes the visit.
    """
    plans = VisitPlan.objects.open().filter(customer=visit.customer_id).order_by("day", "pk").select_for_update()
    day = localdate(visit.happened_at)
    plan = plan_closed_by(plans, named=named, person_id=visit.by_id, day=day)
    if plan is not None:
        plan.visit = visit
        plan.save(update_fields=["visit"])
    return plan


def reopen_plan(visit: Visit, *, by: User, today: date) -> None:
    """Open the plan that this visit had fulfilled; one whose day was planned anew meanwhile is called off instead.

    Call inside the transaction that removes the visit.
    """
    plan_id = VisitPlan.objects.filter(visit=visit).values_list("pk", flat=True).first()
    if plan_id is None:
        return
    plan = _locked_plan(plan_id)
    planned_anew = plan.customer_id in _taken([plan.customer_id], plan.person, plan.day)
    plan.visit, plan.cancelled_on = None, today if planned_anew else None
    plan.save(update_fields=["visit", "cancelled_on"])
    if planned_anew:
        audit.record("visit_plan.cancelled", plan, by=by, day=plan.day)
