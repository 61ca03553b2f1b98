"""What lists of limits, applications and order checks can be narrowed by; pages and API alike."""

from collections.abc import Iterable
from datetime import date
from functools import reduce
from operator import or_

import django_filters
from django.db.models import Q, QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from credit.models import CreditLimit, LimitApplication, OrderCheck
from credit.queries.limits import in_force
from credit.rules.wording import REASON_WORDS
from crm.core.api.filters import DayFilter, StrictFilterSet
from crm.core.lists.filters import AnyOf, arrows, owners
from crm.core.models import Unit
from crm.core.roles import Can

WAITING = [("mine", _("Waiting for me")), ("others", _("Waiting for others"))]
OUTCOMES = [(one.value, one.label) for one in OrderCheck.State if one in ("open", "released", "refused")]
TAB_WORDS = {
    "to_decide": _("To decide"),
    "others": _("Waiting for others"),
    "decided": _("Decided by me"),
    "asked": _("Asked by me"),
    "all": _("All"),
}


class LimitFilter(StrictFilterSet):
    customer = django_filters.CharFilter(field_name="customer__number", label=_("customer number"))
    on = DayFilter(method="in_force_on", label=_("in force on"))

    def in_force_on(self, rows: QuerySet[CreditLimit], name: str, day: date) -> QuerySet[CreditLimit]:
        return rows.filter(in_force(day))


class ReservationFilter(StrictFilterSet):
    customer = django_filters.CharFilter(field_name="customer__number", label=_("customer number"))


class ApplicationFilter(StrictFilterSet):
    customer = django_filters.CharFilter(field_name="customer__number", label=_("customer number"))
    state = django_filters.ChoiceFilter(choices=LimitApplication.State.choices, label=_("state"))


class OrderCheckFilter(StrictFilterSet):
    """`decision=held` alone is the queue: what is held and waits; with `state` it is asked as it stands."""

    customer = django_filters.CharFilter(field_name="customer__number", label=_("customer number"))
    decision = django_filters.ChoiceFilter(
        choices=OrderCheck.Decision.choices, method="by_decision", label=_("decision")
    )
    state = django_filters.ChoiceFilter(choices=OrderCheck.State.choices, label=_("state"))

    def by_decision(self, rows: QuerySet[OrderCheck], name: str, value: str) -> QuerySet[OrderCheck]:
        rows = rows.filter(decision=value)
        waits = value == OrderCheck.Decision.HELD and not self.data.get("state")
        return rows.filter(state=OrderCheck.State.OPEN) if waits else rows


class QueueFilterSet(StrictFilterSet):
    """What the lists of applications and of held orders are narrowed by alike."""

    customer = django_filters.CharFilter(field_name="customer__number", label=_("Customer number"), max_length=32)
    owner = django_filters.ModelChoiceFilter(
        field_name="customer__owner", queryset=owners, to_field_name="username", label=_("Owner")
    )
    at_least = django_filters.NumberFilter(
        field_name="amount_base", lookup_expr="gte", min_value=0, label=_("At least")
    )
    at_most = django_filters.NumberFilter(field_name="amount_base", lookup_expr="lte", min_value=0, label=_("At most"))


class ApplicationListFilter(QueueFilterSet):
    """Applications of a tab, which the view has chosen already."""

    LABELS = {"decide_by": _("Due"), "amount": _("Amount"), "id": _("Number")}

    tab = django_filters.ChoiceFilter(choices=list(TAB_WORDS.items()), method="as_it_is", widget=HiddenInput)
    state = AnyOf(LimitApplication.State.choices, label=_("State"))
    unit = django_filters.ModelChoiceFilter(
        field_name="customer__unit", queryset=Unit.objects.all(), to_field_name="code", label=_("Selling unit")
    )
    ordering = django_filters.OrderingFilter(
        fields=[("decide_by", "decide_by"), ("amount_base", "amount"), ("id", "id")],
        choices=arrows(LABELS),
        label=_("Sorted by"),
    )

    def as_it_is(self, rows: QuerySet[LimitApplication], name: str, tab: str) -> QuerySet[LimitApplication]:
        return rows


class HoldFilter(QueueFilterSet):
    """Held orders; without a state those that wait for a decision."""

    LABELS = {"id": _("Since"), "amount": _("Amount")}

    order = django_filters.CharFilter(lookup_expr="istartswith", label=_("order"), max_length=64)
    waiting = AnyOf(WAITING, method="waiting_for", label=_("To decide"))
    reason = AnyOf(
        [(code, words) for code, (words, _tone) in REASON_WORDS.items()], method="by_reason", label=_("Reason")
    )
    state = AnyOf(OUTCOMES, label=_("State"))
    unit = django_filters.ModelChoiceFilter(queryset=Unit.objects.all(), to_field_name="code", label=_("Selling unit"))
    ordering = django_filters.OrderingFilter(
        fields=[("id", "id"), ("amount_base", "amount")], choices=arrows(LABELS), label=_("Sorted by")
    )

    def filter_queryset(self, queryset: QuerySet[OrderCheck]) -> QuerySet[OrderCheck]:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("state") else rows.filter(decision="held", state="open")

    def waiting_for(self, rows: QuerySet[OrderCheck], name: str, whom: list[str]) -> QuerySet[OrderCheck]:
        """Nobody decides what they asked for themselves, nor without the right: that waits for others."""
        user = self.request.user
        mine = ~Q(asked_by=user) if user.may(Can.DECIDE_HOLDS) else Q(pk__in=[])
        return rows.filter(_any({"mine": mine, "others": ~mine}[one] for one in whom)) if whom else rows

    def by_reason(self, rows: QuerySet[OrderCheck], name: str, codes: list[str]) -> QuerySet[OrderCheck]:
        return rows.filter(_any(_because(code) for code in codes)) if codes else rows


def _because(code: str) -> Q:
    """A reason is known by its code, or by the footing on which the customer buys."""
    return Q(reasons__contains=[{"code": code}]) | Q(reasons__contains=[{"params": {"footing": code}}])


def _any(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions)
