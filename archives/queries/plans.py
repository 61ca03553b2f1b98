"""Planned visits: which are open, which were missed, and how often customers are to be visited."""

from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Case, Count, DateField, Q, QuerySet, Value, When

from archives.choices import CustomerStatus, Segment
from archives.models import Customer, Standing, VisitPlan
from crm.core.models import Policy, User

AHEAD = timedelta(days=7)
# What a row of the list shows.
NAMES = ("customer__number", "customer__name", "customer__short_name", "person__name", "person__username")
SHOWN = ("day", "kind", "purpose", "visit", "cancelled_on", *NAMES)
TRADABLE = [status for status in CustomerStatus if status.tradable]


def open_plan(customer: Customer, pk: Any) -> VisitPlan | None:
    """The customer's open plan of that key; None for anything else."""
    if not str(pk).isdecimal():
        return None
    return VisitPlan.objects.open().filter(customer=customer, pk=min(int(pk), 2**63 - 1)).first()


def open_plans_of(customer: Customer) -> QuerySet[VisitPlan]:
    """What is planned at the customer, the next visit first."""
    return VisitPlan.objects.open().filter(customer=customer).select_related("person").order_by("day", "id")


def planned_visits(user: User) -> QuerySet[VisitPlan]:
    """The planned visits at customers that `user` sees, with what a row of a list shows; the next day first."""
    rows = VisitPlan.objects.visible_to(user).select_related("customer", "person").only(*SHOWN)
    return rows.order_by("day", "id")


def when(word: str, today: date) -> Q:
    """Plans by how their day lies to `today`: missed, today, soon (the next seven days) or later."""
    return {
        "missed": Q(day__lt=today, visit=None, cancelled_on=None),
        "today": Q(day=today),
        "soon": Q(day__gt=today, day__lte=today + AHEAD),
        "later": Q(day__gt=today + AHEAD),
    }[word]


# --- How often customers are to be visited ---------------------------------------------------------------------------
def cadence(segment: str | None, policy: Policy) -> int:
    """Within how many days a customer of that class is to be visited again."""
    return {Segment.A: policy.visit_days_a, Segment.B: policy.visit_days_b}.get(segment, policy.visit_days_other)


def visit_due(policy: Policy, today: date, *, prefix: str = "") -> Q:
    """Customers whom nobody has met for longer than their class allows; `prefix` leads to the standing.

    Closed and blacklisted customers are not visited.
    """
    last_days = {segment: today - timedelta(days=cadence(segment, policy)) for segment in (*Segment, None)}
    known = [When(**{f"{prefix}segment": segment}, then=Value(last_days[segment])) for segment in Segment]
    bound = Case(*known, default=Value(last_days[None]), output_field=DateField())
    return _not_since(f"{prefix}last_met_on", bound) & _visited(prefix)


def manager_due(policy: Policy, today: date, *, prefix: str = "") -> Q:
    """Customers whom no sales manager has met for longer than the policy says."""
    return _not_since(f"{prefix}manager_met_on", today - timedelta(days=policy.manager_visit_days)) & _visited(prefix)


def _not_since(path: str, bound: Any) -> Q:
    return Q(**{f"{path}__isnull": True}) | Q(**{f"{path}__lt": bound})


def _visited(prefix: str) -> Q:
    """Of a customer (whose standing is at `prefix`), or of a standing itself."""
    return Q(**{"status__in" if prefix else "customer__status__in": TRADABLE})


class Coverage(NamedTuple):
    """How many customers of a class were visited in time; `days` is how often they are to be."""

    segment: str | None
    days: int
    customers: int
    due: int

    @property
    def percent(self) -> int:
        return round(100 * (self.customers - self.due) / self.customers) if self.customers else 0


def coverage(user: User, *, today: date, policy: Policy) -> list[Coverage]:
    """Each class of the customers that `user` sees, A first, those not ranked last."""
    seen = Standing.objects.visible_to(user).filter(customer__status__in=TRADABLE).order_by()
    late = Count("pk", filter=visit_due(policy, today))
    counted = seen.values_list("segment").annotate(customers=Count("pk"), due=late)
    rows = [Coverage(segment, cadence(segment, policy), *counts) for segment, *counts in counted]
    return sorted(rows, key=lambda row: row.segment or "Z")


class Kept(NamedTuple):
    """What became of one person's plans whose day has come."""

    username: str
    name: str
    planned: int
    done: int
    missed: int

    @property
    def percent(self) -> int:
        return round(100 * self.done / self.planned) if self.planned else 0


def kept_plans(user: User, *, since: date, today: date) -> list[Kept]:
    """By person: the visits planned for `since` until `today` that were not called off, and how many took place."""
    planned = planned_visits(user).filter(day__range=(since, today), cancelled_on=None).order_by()
    counted = planned.values_list("person__username", "person__name").annotate(
        planned=Count("pk"), done=Count("visit"), missed=Count("pk", filter=when("missed", today))
    )
    return [Kept(*row) for row in counted.order_by("-planned", "person__username")]
