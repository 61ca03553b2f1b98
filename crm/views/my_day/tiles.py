"""Tiles: a number each, and the list it counts – by the query set, the filter set and the cap of that list's page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from archives.choices import FlagReason
from archives.filters import CustomerFilterSet, FlagFilterSet, FollowUpFilterSet, VisitPlanFilterSet
from archives.models import Customer, Flag
from archives.queries.follow_ups import open_follow_ups
from archives.queries.plans import planned_visits
from credit.queries import held_orders, waiting_for
from crm.core.jobs_views import JobFilterSet
from crm.core.keyset import Counted, capped, capped_counts
from crm.core.models import AuditEntry, Job, ServiceToken, User
from crm.core.roles import Can, Role, Scope
from crm.views.audit import AuditFilterSet

MONTH = timedelta(days=30)
WEEK = timedelta(days=7)
LATER = ("orange", "secondary")
KEPT_STATEMENTS = 4_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A tile before its rows are counted; `tone` says how it presses: red and blue today, orange and grey later."""

    label: str
    counted: Counted
    url: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A number and the list it counts."""

    label: str
    count: int
    capped: bool
    url: str
    tone: str
    icon: str

    @property
    def later(self) -> bool:
        """Not of today: good to know, but nothing has gone wrong yet."""
        return self.tone in LATER


def tiles_for(request: HttpRequest, today: date) -> list[Tile]:
    """What waits for this person by what they may do, the most pressing first. All are counted in one statement."""
    asked = list(asked_by(request, today))
    counts = capped_counts([one.counted for one in asked])
    return [
        Tile(one.label, count, capped, one.url, one.tone, one.icon)
        for one, (count, capped) in zip(asked, counts, strict=True)
    ]


def asked_by(request: HttpRequest, today: date) -> Iterator[Asked]:
    """The tiles of a role, by its rights and by how far it sees."""
    user = request.user
    if user.may(Can.DECIDE_LIMITS):
        yield from decision_tiles(user)
    if Role(user.role).scope in (Scope.OWN, Scope.TEAM):
        yield from visit_tiles(request)
    if user.may(Can.SEE_ARCHIVE) and not user.may(Can.SEE_AUDIT):
        yield from customer_tiles(request)
    if user.may(Can.SEE_AUDIT):
        yield from audit_tiles(request, today)
    if user.may(Can.MANAGE_PEOPLE):
        yield from house_tiles(request, today)


def decision_tiles(user: User) -> Iterator[Asked]:
    yield listed(_("Applications for you to decide"), user, "applications", "", "blue", "file-dollar")
    yield listed(_("Held orders"), user, "holds", "", "red", "hand-stop")


def visit_tiles(request: HttpRequest) -> Iterator[Asked]:
    """Own visits – a manager's people have a table of theirs – and the next steps of all customers one sees."""
    mine = f"person={request.user.username}"
    yield tile(request, "visit_plans", f"{mine}&when=today", _("Visits today"), "blue", "calendar-event")
    yield tile(request, "visit_plans", f"{mine}&when=missed", _("Missed visits"), "red", "calendar-event")
    yield tile(request, "follow_ups", "due=overdue", _("Follow-ups overdue"), "red", "clock-exclamation")
    yield tile(request, "follow_ups", "due=soon", _("Follow-ups in the next 7 days"), "secondary", "check")
    words = _("Visits in the next 7 days")
    yield tile(request, "visit_plans", f"{mine}&when=soon", words, "secondary", "calendar-event")


def customer_tiles(request: HttpRequest) -> Iterator[Asked]:
    """How the customers stand whom this person sees."""
    overdue, stale = "overdue=true&ordering=-overdue", "report_status=stale,missing"
    if request.user.may(Can.DECIDE_LIMITS):
        yield tile(request, "customers", "over_limit=true&ordering=available", _("Over the limit"), "red", "gauge")
    yield tile(request, "customers", overdue, _("Overdue"), "red", "coin")
    yield flag_tile(request, FlagReason.LIMIT_REVIEW)
    yield tile(request, "customers", stale, _("Reports stale or missing"), "red", "report-search")
    yield flag_tile(request, FlagReason.ARCHIVE_STALE)
    yield flag_tile(request, FlagReason.LIMIT_EXPIRING)
    yield tile(request, "customers", "report_status=expiring", _("Reports that run out"), "orange", "report-search")
    if Role(request.user.role).scope == Scope.TEAM:
        words = _("Met by no manager for long")
        yield tile(request, "customers", "manager_due=true", words, "orange", "users")


def flag_tile(request: HttpRequest, reason: FlagReason) -> Asked:
    """A tile over the open flags of one reason."""
    return tile(request, "flags", f"reason={reason.value}", str(reason.label), reason.tone, "flag")


def audit_tiles(request: HttpRequest, today: date) -> Iterator[Asked]:
    """What auditors look at first: what left the house, who opened papers, who granted what, who changed the rules."""
    since = f"since={today - MONTH}"
    for verb, words, icon in (
        ("customers.exported", _("Exports in 30 days"), "download"),
        ("document.opened", _("Documents opened in 30 days"), "file-text"),
        ("limit.granted", _("Limits granted in 30 days"), "shield-check"),
        ("policy.changed", _("Policy changes in 30 days"), "adjustments"),
    ):
        yield tile(request, "audit", f"verb={verb}&{since}", words, "blue", icon)


def house_tiles(request: HttpRequest, today: date) -> Iterator[Asked]:
    """What administrators look after: work that failed, programs that will stand before a closed door."""
    failed = f"state=failed&since={today - WEEK}"
    yield tile(request, "jobs", failed, _("Jobs failed in 7 days"), "red", "alert-triangle")
    tokens = ServiceToken.objects.filter(ServiceToken.running_out(timezone.now()))
    yield over(_("Tokens that run out"), capped(tokens), "tokens", "running_out=true", "orange", "key")


# --- Counting --------------------------------------------------------------------------------------------------------
Rows = Callable[[User], QuerySet]
LISTS: dict[str, tuple[Rows, Any]] = {
    "applications": (waiting_for, None),
    "holds": (held_orders, None),
    "customers": (Customer.objects.visible_to, CustomerFilterSet),
    "flags": (lambda user: Flag.objects.visible_to(user).filter(closed_on=None), FlagFilterSet),
    "visit_plans": (planned_visits, VisitPlanFilterSet),
    "follow_ups": (open_follow_ups, FollowUpFilterSet),
    "audit": (lambda user: AuditEntry.objects.all(), AuditFilterSet),
    "jobs": (Job.objects.visible_to, JobFilterSet),
}


def tile(request: HttpRequest, name: str, query: str, label: str, tone: str, icon: str) -> Asked:
    """A tile over the list of that name, narrowed by `query` as its page would be."""
    return listed(label, request.user, name, query, tone, icon)


def listed(label: str, user: User, name: str, query: str, tone: str, icon: str) -> Asked:
    """What a manager sees hangs on regions, and what is due for them on the policy: that is put together each time."""
    if Role(user.role).scope == Scope.TEAM:
        counted = _counted(user, name, query)
    else:
        counted = _kept(name, query, timezone.localdate(), user.pk, user.username, user.role)
    return over(label, counted, name, query, tone, icon)


@lru_cache(maxsize=KEPT_STATEMENTS)
def _kept(name: str, query: str, today: date, pk: int, username: str, role: str) -> Counted:
    """The statement, never its answer: it is the same all day for a person whose role says whom they see."""
    return _counted(User(pk=pk, username=username, role=role), name, query)


def _counted(user: User, name: str, query: str) -> Counted:
    """The rows of a list as a column that counts them, by the query set and the filter set of its page."""
    rows, filterset = LISTS[name]
    if filterset is None:
        return capped(rows(user))
    request = HttpRequest()
    request.user = user
    return capped(filterset(QueryDict(query), queryset=rows(user), request=request, sparse=True).qs)


def over(label: str, counted: Counted, name: str, query: str, tone: str, icon: str) -> Asked:
    """A tile over what is counted so, which are the rows of the list of that name at `query`."""
    return Asked(label, counted, reverse(name) + (f"?{query}" if query else ""), tone, icon)
