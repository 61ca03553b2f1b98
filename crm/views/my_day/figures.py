"""Sums over many customers: worked out once in a while, and shown with the time they were."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Count, Q, Sum
from django.utils import timezone

from archives.models import Customer, Standing
from archives.queries.plans import Coverage, Kept, coverage, kept_plans
from archives.queries.receivables import Ageing, ageing
from crm.core.errors import Refused
from crm.core.models import Policy, User
from crm.core.roles import Role, Scope

KEPT_SECONDS = 300
MONTH = timedelta(days=30)
Figures = TypeVar("Figures")


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The sums over all customers one sees, in the base currency; with `refusal` there is no ageing."""

    limit: Decimal
    exposure: Decimal
    overdue: Decimal
    ageing: Ageing | None
    at: datetime
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """One owner's customers, as far as a manager sees them, and what became of their planned visits."""

    username: str
    name: str
    customers: int
    overdue: int
    overdue_sum: Decimal
    unreported: int
    plans: Kept


@dataclass(frozen=True, slots=True)
class Team:
    """What a manager looks after: the customers by class, and the people who sell."""

    coverage: list[Coverage]
    people: list[Person]
    since: date
    at: datetime


def portfolio(user: User, today: date) -> Portfolio:
    """The sums of the last minutes over all that `user` sees."""
    return _kept("portfolio", user, today, lambda: _portfolio(user, today))


def team(user: User, today: date) -> Team:
    """Coverage and people of the last minutes, as far as `user` sees."""
    return _kept("team", user, today, lambda: _team(user, today))


def _kept(name: str, user: User, today: date, work_out: Callable[[], Figures]) -> Figures:
    """From the cache; people who see everything share what one of them had worked out."""
    whose = "all" if Role(user.role).scope == Scope.ALL else user.pk
    return cache.get_or_set(f"my-day:{name}:{whose}:{today}", work_out, KEPT_SECONDS)


def _portfolio(user: User, today: date) -> Portfolio:
    """A parent's exposure and limit hold its group's: only the heads of groups count, and nobody twice."""
    head = Q(customer__parent=None)
    sums = Standing.objects.visible_to(user).aggregate(
        limit=Sum("limit", filter=head | Q(customer__parent__standing__limit=None), default=Decimal(0)),
        exposure=Sum("exposure", filter=head, default=Decimal(0)),
        overdue=Sum("overdue", default=Decimal(0)),
    )
    now = timezone.now()
    try:
        return Portfolio(**sums, ageing=ageing(Customer.objects.visible_to(user), today), at=now)
    except Refused as refusal:
        return Portfolio(**sums, ageing=None, at=now, refusal=str(refusal))


def _team(user: User, today: date) -> Team:
    since = today - MONTH
    covered = coverage(user, today=today, policy=Policy.current())
    return Team(covered, _people(user, since, today), since, timezone.now())


def _people(user: User, since: date, today: date) -> list[Person]:
    """Whoever owns customers or was to visit some, those with most overdue first."""
    kept = {row.username: row for row in kept_plans(user, since=since, today=today)}
    owners = [_person(row, kept.pop(row["owner__username"], None)) for row in _owners(user)]
    visitors = [Person(row.username, row.name, 0, 0, Decimal(0), 0, row) for row in kept.values()]
    return [*owners, *visitors]


def _owners(user: User) -> Any:
    owned = Customer.objects.visible_to(user).exclude(owner=None).order_by()
    return (
        owned.values("owner__username", "owner__name")
        .annotate(
            customers=Count("pk"),
            overdue=Count("pk", filter=Q(standing__overdue__gt=0)),
            overdue_sum=Sum("standing__overdue", default=Decimal(0)),
            unreported=Count("pk", filter=Q(standing__report_status__in=["stale", "missing"])),
        )
        .order_by("-overdue_sum", "owner__username")
    )


def _person(row: dict[str, Any], plans: Kept | None) -> Person:
    username, name = row.pop("owner__username"), row.pop("owner__name")
    return Person(username, name, **row, plans=plans or Kept(username, name, 0, 0, 0))
