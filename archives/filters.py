"""What a list may be narrowed down and sorted by: one filter set for page, export and REST alike."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

import django_filters
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _
from django_filters.fields import ModelChoiceField

from archives.choices import CustomerStatus, FlagReason, Grade, Ownership, PlanState, ReportStatus, Segment, Size
from archives.models import Customer, Flag, Visit, VisitPlan
from archives.queries.follow_ups import due_when
from archives.queries.plans import manager_due, visit_due, when
from archives.search import search_condition
from crm.core.api.filters import DayFilter, InstantFilter, StrictFilterSet
from crm.core.lists.filters import AnyOf, YesNo, arrows, owners
from crm.core.models import Policy, Region, Unit
from crm.core.roles import Role, Scope

PLAN_TIMES = [("missed", _("Missed")), ("today", _("Today")), ("soon", _("Next 7 days")), ("later", _("Later"))]
DUE_TIMES = [("overdue", _("Overdue")), ("soon", _("Next 7 days"))]


class RegionField(ModelChoiceField):
    """Regions as a tree: what lies below is set in."""

    def label_from_instance(self, region: Region) -> str:
        return "\u2003" * region.tree_depth + region.name


class RegionFilter(django_filters.ModelChoiceFilter):
    """A region, by its code, and everything below it."""

    field_class = RegionField

    def __init__(self, **kwargs: Any):
        super().__init__(queryset=lambda request: Region.objects.with_tree_fields(), to_field_name="code", **kwargs)

    def filter(self, queryset: QuerySet, region: Region | None) -> QuerySet:
        return queryset.filter(**{f"{self.field_name}__in": Region.ids_below(region)}) if region else queryset


def _sorted_late(ordered: QuerySet) -> QuerySet:
    """Sorted by what no index holds: the few rows of one owner are found and sorted, not all standings walked."""
    named = {f"by_{number}": name for number, name in enumerate(ordered.query.order_by)}
    values = {alias: Coalesce(F(name.lstrip("-")), F(name.lstrip("-"))) for alias, name in named.items()}
    return ordered.annotate(**values).order_by(*(name[: name.startswith("-")] + alias for alias, name in named.items()))


class CustomerOrdering(django_filters.OrderingFilter):
    """What a list of customers may be sorted by; a minus in front turns it round."""

    COLUMNS = {
        "number": ("number", _("Number")),
        "name": ("name", _("Name")),
        "segment": ("standing__segment", _("Class")),
        "grade": ("standing__grade", _("Grade")),
        "limit": ("standing__limit", _("Limit")),
        "exposure": ("standing__exposure", _("Exposure")),
        "available": ("standing__available", _("Available")),
        "overdue": ("standing__overdue", _("Overdue")),
        "updated_at": ("updated_at", _("Last change")),
    }

    def __init__(self, **kwargs: Any):
        super().__init__(fields=[(path, name) for name, (path, _label) in self.COLUMNS.items()], **kwargs)

    def filter(self, queryset: QuerySet, value: list[str] | None) -> QuerySet:
        """Every customer has a standing: said so, an index of the standings answers, not a sort of all of them."""
        ordered = super().filter(queryset, value)
        names = {str(name).lstrip("-") for name in ordered.query.order_by}
        if names - {"number", "updated_at"} and value and self._of_one_owner():
            return _sorted_late(ordered)
        by_standing = any(name.startswith("standing__") for name in names)
        return ordered.filter(standing__isnull=False) if by_standing else ordered

    def _of_one_owner(self) -> bool:
        user = getattr(self.parent.request, "user", None)
        own = user is not None and user.is_authenticated and Role(user.role).scope == Scope.OWN
        return own or bool(self.parent.form.cleaned_data.get("owner"))

    @classmethod
    def offered(cls) -> list[tuple[str, str]]:
        """The orderings with their words, for a form: an arrow says which way."""
        return arrows({name: label for name, (_path, label) in cls.COLUMNS.items()})


class CustomerFilterSet(StrictFilterSet):
    """Customers by who they are, where they are, whose they are and how they stand."""

    search = django_filters.CharFilter(method="filter_search", label=_("Search"), max_length=100)
    status = AnyOf(CustomerStatus.choices, label=_("Status"))
    segment = AnyOf(Segment.choices, none=_("not ranked"), field_name="standing__segment", label=_("Class"))
    grade = AnyOf(Grade.choices, none=_("not assessed"), field_name="standing__grade", label=_("Grade"))
    report_status = AnyOf(ReportStatus.choices, field_name="standing__report_status", label=_("Credit report"))
    core = YesNo(field_name="standing__core", label=_("Core"))
    overdue = YesNo(method="filter_overdue", label=_("Overdue"))
    over_limit = YesNo(method="filter_over_limit", label=_("Over the limit"))
    visit_due = YesNo(method="filter_visit_due", label=_("Visit due"))
    manager_due = YesNo(method="filter_manager_due", label=_("Visit of a manager due"))
    handed_over_since = DayFilter(field_name="owner_since", lookup_expr="date__gte", label=_("Handed over since"))
    region = RegionFilter(label=_("Region"))
    owner = django_filters.ModelChoiceFilter(queryset=owners, to_field_name="username", label=_("Owner"))
    unit = django_filters.ModelChoiceFilter(
        queryset=lambda request: Unit.objects.all(), to_field_name="code", label=_("Selling unit")
    )
    size = AnyOf(Size.choices, label=_("Size"))
    ownership = AnyOf(Ownership.choices, label=_("Ownership"))
    industry = django_filters.CharFilter(lookup_expr="iexact", label=_("Industry"), max_length=64)
    updated_since = InstantFilter(field_name="updated_at", lookup_expr="gte", label=_("Updated since"))
    ordering = CustomerOrdering(label=_("Sorted by"))

    class Meta:
        model = Customer
        fields: list[str] = []

    def filter_search(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        return queryset.filter(search_condition(text))

    def filter_overdue(self, queryset: QuerySet, name: str, overdue: bool) -> QuerySet:
        return queryset.filter(standing__overdue__gt=0) if overdue else queryset.filter(standing__overdue=0)

    def filter_over_limit(self, queryset: QuerySet, name: str, over: bool) -> QuerySet:
        return _either(queryset, Q(standing__available__lt=0), over)

    def filter_visit_due(self, queryset: QuerySet, name: str, due: bool) -> QuerySet:
        return _either(queryset, visit_due(Policy.current(), localdate(), prefix="standing__"), due)

    def filter_manager_due(self, queryset: QuerySet, name: str, due: bool) -> QuerySet:
        return _either(queryset, manager_due(Policy.current(), localdate(), prefix="standing__"), due)


class FlagFilterSet(StrictFilterSet):
    """Flags by reason, by customer, and whether they are open."""

    open = YesNo(method="filter_open", label=_("Open"))
    reason = AnyOf(FlagReason.choices, label=_("Reason"))
    customer = django_filters.CharFilter(field_name="customer__number", label=_("Customer"), max_length=32)

    class Meta:
        model = Flag
        fields: list[str] = []

    def filter_open(self, queryset: QuerySet, name: str, is_open: bool) -> QuerySet:
        return queryset.filter(closed_on__isnull=is_open)


class VisitPlanFilterSet(StrictFilterSet):
    """Planned visits by who goes, when, and what has become of them; without a state, those that are open."""

    person = django_filters.ModelChoiceFilter(queryset=owners, to_field_name="username", label=_("Who goes"))
    when = AnyOf(PLAN_TIMES, method="filter_when", label=_("When"))
    state = AnyOf(PlanState.choices, method="filter_state", label=_("State"))
    customer = django_filters.CharFilter(field_name="customer__number", label=_("Customer"), max_length=32)
    since = DayFilter(field_name="day", lookup_expr="gte", label=_("From"))
    until = DayFilter(field_name="day", lookup_expr="lte", label=_("Until"))

    class Meta:
        model = VisitPlan
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        plans = super().filter_queryset(queryset)
        return plans if self.form.cleaned_data.get("state") else plans.open()

    def filter_when(self, queryset: QuerySet, name: str, words: list[str]) -> QuerySet:
        today = localdate()
        return queryset.filter(_any(when(word, today) for word in words)) if words else queryset

    def filter_state(self, queryset: QuerySet, name: str, states: list[str]) -> QuerySet:
        return queryset.filter(_any(VisitPlan.in_state(state) for state in states)) if states else queryset


class FollowUpFilterSet(StrictFilterSet):
    """Next steps by how urgent they are."""

    due = AnyOf(DUE_TIMES, method="filter_due", label=_("Due"))

    class Meta:
        model = Visit
        fields: list[str] = []

    def filter_due(self, queryset: QuerySet, name: str, words: list[str]) -> QuerySet:
        today = localdate()
        return queryset.filter(_any(due_when(word, today) for word in words)) if words else queryset


def _either(queryset: QuerySet, condition: Q, holds: bool) -> QuerySet:
    return queryset.filter(condition) if holds else queryset.exclude(condition)


def _any(conditions: Iterable[Q]) -> Q:
    return reduce(or_, conditions)
