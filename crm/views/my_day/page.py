"""The page: tiles for everybody by what they may do, then the lists and figures of their role."""

from datetime import date
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from archives.models import Customer, VisitPlan
from archives.queries.follow_ups import AHEAD, drafts_of, open_follow_ups
from archives.queries.plans import planned_visits
from credit.models import LimitApplication, OrderCheck
from credit.queries import held_orders, waiting_for
from credit.queries.screens import ageing_bar
from crm.core import health
from crm.core.models import AuditEntry, User
from crm.core.roles import Can, Role, Scope
from crm.views.audit import told
from crm.views.my_day.figures import MONTH, portfolio, team
from crm.views.my_day.tiles import Tile, tiles_for
from crm.views.my_day_charts import charts_for

SHOWN = 8
NOON, EVENING = 12, 18
NAMES = ("number", "name", "short_name")


@require_GET
def my_day(request: HttpRequest) -> HttpResponse:
    """Sections by what the person may do and how far they see."""
    user, today = request.user, timezone.localdate()
    scope = Role(user.role).scope
    context: dict[str, Any] = {"today": today, "greeting": greeting(timezone.localtime().hour)}
    tiles = tiles_for(request, today)
    context |= {"tiles": tiles, "charts": charts_for(user), **by_urgency(tiles)}
    if scope in (Scope.OWN, Scope.TEAM):
        context |= sales_day(user, today)
    if scope == Scope.TEAM:
        context |= {"team": team(user, today), "handed_over": handed_over(user, today), "since": today - MONTH}
    if user.may(Can.DECIDE_LIMITS):
        context |= credit_day(user, today, none={tile.url for tile in context["clear"]})
    if user.may(Can.SEE_AUDIT):
        context |= audit_day()
    if user.may(Can.MANAGE_PEOPLE):
        context |= {"findings": health.worded()}
    return render(request, "crm/my_day.html", context)


def by_urgency(tiles: list[Tile]) -> dict[str, list[Tile]]:
    """What waits now, what comes up, and where nothing is to be done."""
    some = [tile for tile in tiles if tile.count]
    return {
        "waiting": [tile for tile in some if not tile.later],
        "later": [tile for tile in some if tile.later],
        "clear": [tile for tile in tiles if not tile.count],
    }


def greeting(hour: int) -> str:
    if hour < NOON:
        return _("Good morning")
    return _("Good afternoon") if hour < EVENING else _("Good evening")


def sales_day(user: User, today: date) -> dict[str, Any]:
    """Where a salesperson – or a manager – goes and what they promised; who of their customers owes."""
    return {
        "plans": next_visits(user, today),
        "follow_ups": open_follow_ups(user, until=today + AHEAD)[:SHOWN],
        "drafts": drafts_of(user)[:SHOWN],
        "top_overdue": top_overdue(user),
    }


def next_visits(user: User, today: date) -> QuerySet[VisitPlan]:
    """Own visits that were missed, of today and of the next days."""
    return planned_visits(user).open().filter(person=user, day__lte=today + AHEAD)[:SHOWN]


def top_overdue(user: User) -> QuerySet[Customer]:
    """Who owes most past its day: the head of the list that the tile leads to."""
    overdue = Customer.objects.visible_to(user).filter(standing__overdue__gt=0)
    return shown(overdue, "standing__overdue", "standing__oldest_overdue_days").order_by("-standing__overdue")[:SHOWN]


def shown(customers: QuerySet[Customer], *figures: str) -> QuerySet[Customer]:
    """What a row of the page shows of a customer: its name, and these figures of its standing."""
    return customers.select_related("standing").only(*NAMES, *figures)


def handed_over(user: User, today: date) -> QuerySet[Customer]:
    """Customers that came to another owner in the last 30 days, the newest first."""
    moved = Customer.objects.visible_to(user).filter(owner_since__date__gte=today - MONTH)
    return moved.select_related("owner").only(*NAMES, "owner_since", "owner__name").order_by("-owner_since")[:SHOWN]


def credit_day(user: User, today: date, none: set[str]) -> dict[str, Any]:
    """What waits for a decision, who is over the limit, and how the portfolio stands.

    `none`: the lists that hold nothing, as their tiles have just counted; they are not asked again.
    """
    sums = portfolio(user, today)
    return {
        "applications": [] if reverse("applications") in none else waiting(user),
        "held": [] if reverse("holds") in none else held(user),
        "over_limit": over_limit(user),
        "top_overdue": top_overdue(user),
        "portfolio": sums,
        "bar": ageing_bar(sums.ageing) if sums.ageing else [],
    }


def waiting(user: User) -> QuerySet[LimitApplication]:
    """The applications that wait for this person, the most pressing first."""
    return waiting_for(user).select_related("customer", "applicant").order_by("decide_by", "id")[:SHOWN]


def held(user: User) -> QuerySet[OrderCheck]:
    """The newest orders that wait for a release or a refusal."""
    return held_orders(user).select_related("customer").order_by("-id")[:SHOWN]


def over_limit(user: User) -> QuerySet[Customer]:
    """Who is furthest over its limit."""
    over = Customer.objects.visible_to(user).filter(standing__available__lt=0).annotate(over=-F("standing__available"))
    return shown(over, "standing__exposure", "standing__limit").order_by("standing__available")[:SHOWN]


def audit_day() -> dict[str, Any]:
    """What left the house, and the newest entries of the trail."""
    entries = AuditEntry.objects.select_related("actor")
    newest = list(entries[:SHOWN])
    told(newest)
    return {"exports": entries.filter(verb="customers.exported")[:SHOWN], "newest": newest}
