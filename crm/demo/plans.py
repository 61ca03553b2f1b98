"""Who goes where: visits that were planned and took place, that were missed, and those of today and the next weeks."""

from collections import defaultdict
from datetime import date, timedelta
from random import Random

from django.utils.timezone import localdate

from archives.choices import VisitKind
from archives.commands.standings import IN_PERSON, note_visits
from archives.models import Visit, VisitPlan
from crm.core.models import User
from crm.core.roles import Role
from crm.demo.changes import hand_over
from crm.demo.customers import Buyer
from crm.demo.notes import NEXT_STEPS

# Days from today on which everybody who sells has a visit planned: two were missed.
DAYS = (-4, -1, 0, 0, 1, 3, 5, 8, 13, 20)
MANAGER_DAYS = (-2, 0, 4, 11)
MET_BY_MANAGER = 6
HANDED_OVER = (3, 9, 16, 24)


def store(buyers: list[Buyer], people: dict[str, User], rng: Random, today: date) -> None:
    """Plans by owner, what became of those of the last month, managers' visits, and customers that changed hands."""
    served = _by_owner(buyers)
    plans = [plan for owner, theirs in served.items() for plan in _plans(owner, theirs, DAYS, rng, today)]
    for manager in (person for person in people.values() if person.role == Role.SALES_MANAGER):
        team = [buyer for owner, theirs in served.items() if owner.team_id == manager.team_id for buyer in theirs]
        plans += _plans(manager, team, MANAGER_DAYS, rng, today)
        _meet(manager, team, rng, today)
    VisitPlan.objects.bulk_create([*plans, *_kept(rng, today)])
    note_visits([buyer.customer.pk for buyer in buyers])
    _hand_over(served, people["manager"], rng)


def _by_owner(buyers: list[Buyer]) -> dict[User, list[Buyer]]:
    """The customers that may be visited, by whose they are."""
    served: dict[User, list[Buyer]] = defaultdict(list)
    for buyer in buyers:
        if buyer.customer.owner and buyer.customer.status_choice.tradable:
            served[buyer.customer.owner].append(buyer)
    return served


def _plans(person: User, buyers: list[Buyer], days: tuple[int, ...], rng: Random, today: date) -> list[VisitPlan]:
    """One visit for each of these days, each at another customer."""
    chosen = rng.sample(buyers, min(len(buyers), len(days)))
    return [
        VisitPlan(
            customer=buyer.customer, person=person, day=today + timedelta(days=day), planned_by=person,
            kind=rng.choices((VisitKind.SITE, VisitKind.MEETING), (4, 1))[0],
            purpose=rng.choice(NEXT_STEPS[buyer.language]),
        )
        for buyer, day in zip(chosen, days, strict=False)
    ]  # fmt: skip


def _kept(rng: Random, today: date) -> list[VisitPlan]:
    """Two of three visits of the last month had been planned, for the day on which they took place."""
    recent = Visit.objects.filter(happened_at__date__gte=today - timedelta(days=30), kind__in=IN_PERSON)
    return [
        VisitPlan(
            customer_id=visit.customer_id, person_id=visit.by_id, day=localdate(visit.happened_at), kind=visit.kind,
            planned_by_id=visit.by_id, visit=visit,
        )
        for visit in recent.order_by("pk")
        if rng.random() < 0.66
    ]  # fmt: skip


def _meet(manager: User, buyers: list[Buyer], rng: Random, today: date) -> None:
    """Some notes of the last year were a manager's: those customers have met one."""
    customers = [buyer.customer.pk for buyer in rng.sample(buyers, min(len(buyers), MET_BY_MANAGER))]
    since = today - timedelta(days=300)
    notes = Visit.objects.filter(customer__in=customers, happened_at__date__gte=since, kind__in=IN_PERSON)
    newest = notes.order_by("customer_id", "-happened_at").distinct("customer_id")
    Visit.objects.filter(pk__in=list(newest.values_list("pk", flat=True)), plan=None).update(by=manager)


def _hand_over(served: dict[User, list[Buyer]], manager: User, rng: Random) -> None:
    """A few small customers of the team went to a colleague in these weeks."""
    sellers = [owner for owner in served if owner.team_id == manager.team_id]
    for days_ago in HANDED_OVER[: max(0, len(sellers) - 1) * len(HANDED_OVER)]:
        giver, taker = rng.sample(sellers, 2)
        small = [buyer for buyer in served[giver] if not buyer.told and buyer.yearly < 600_000]
        if small:
            hand_over(rng.choice(small).customer, taker, manager, days_ago=days_ago)
