"""The audit trail, for reading: who did what, to which record, when."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timezone import localtime, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from archives.models import Customer
from crm.core.api.filters import DayFilter, StrictFilterSet
from crm.core.doors import needs
from crm.core.lists.narrowing import address, only_filter
from crm.core.lists.pages import list_page, table_of
from crm.core.lists.table import Column
from crm.core.models import AuditEntry
from crm.core.roles import Can
from crm.core.verbs import VERBS
from crm.core.words import labelled, listed

# What the trail is mostly asked for.
OFTEN_ASKED = ("customers.exported", "customers.handed_over", "limit.granted", "order.released", "person.changed")


class AuditFilterSet(StrictFilterSet):
    """Entries by who did it, what was done, to which customer, from which day on."""

    actor = django_filters.CharFilter(field_name="actor__username", label=gettext_lazy("Who"), max_length=64)
    verb = django_filters.ChoiceFilter(
        choices=list(VERBS.items()), label=gettext_lazy("What"), empty_label=gettext_lazy("Everything")
    )
    customer = django_filters.CharFilter(method="filter_customer", label=gettext_lazy("Customer number"), max_length=32)
    since = DayFilter(method="filter_since", label=gettext_lazy("From"))
    until = DayFilter(method="filter_until", label=gettext_lazy("Until"))

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def filter_customer(self, entries: QuerySet, name: str, number: str) -> QuerySet:
        return entries.filter(customer_id__in=Customer.objects.filter(number=number.strip()).values("pk"))

    def filter_since(self, entries: QuerySet, name: str, day: date) -> QuerySet:
        return entries.filter(at__gte=_begin_of(day))

    def filter_until(self, entries: QuerySet, name: str, day: date) -> QuerySet:
        return entries.filter(at__lt=_begin_of(day + timedelta(days=1)))


def _begin_of(day: date) -> datetime:
    return make_aware(datetime.combine(day, time.min))


@require_GET
@needs(Can.SEE_AUDIT)
def audit_trail(request: HttpRequest) -> HttpResponse:
    """Newest first; narrowed by who, what, which customer and when."""

    def narrowed(params: QueryDict) -> AuditFilterSet:
        return AuditFilterSet(params, queryset=AuditEntry.objects.select_related("actor"), request=request)

    context = list_page(request, page="audit", filterset=narrowed)
    told(context["page"].rows)
    for entry in context["page"].rows:
        entry.of_actor = entry.actor and address(request.GET, "actor", [entry.actor.username])
        entry.of_verb = address(request.GET, "verb", [entry.verb])
    context = table_of(context, COLUMNS, opens=lambda entry: "")
    context["quick"] = [only_filter(request.GET, capfirst(VERBS[verb]), "verb", verb) for verb in OFTEN_ASKED]
    return render(request, "crm/audit.html", context, status=context["status"])


def _at(entry: AuditEntry) -> str:
    return date_format(localtime(entry.at), "SHORT_DATETIME_FORMAT")


def _who(entry: AuditEntry) -> SafeString | str:
    if not entry.actor:
        return _("the program")
    return format_html('<a class="text-reset" href="{}">{}</a>', entry.of_actor, entry.actor)


def _what(entry: AuditEntry) -> SafeString:
    return format_html('<a class="text-reset" href="{}">{}</a>', entry.of_verb, capfirst(entry.words))


def _record(entry: AuditEntry) -> SafeString:
    customer = entry.customer
    link = (customer.get_absolute_url(), customer.number) if customer else None
    below = format_html('<div class="small"><a href="{}">{}</a></div>', *link) if link else ""
    return format_html("{}{}", entry.label, below)


def _details(entry: AuditEntry) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((labelled(key, words),) for key, words in entry.details))


COLUMNS = (
    Column("what", gettext_lazy("What"), _what, fixed=True),
    Column("at", gettext_lazy("When"), _at, classes="text-secondary"),
    Column("who", gettext_lazy("Who"), _who),
    Column("record", gettext_lazy("Record"), _record),
    Column("details", gettext_lazy("Details"), _details, classes="small text-secondary details"),
    Column(
        "request", gettext_lazy("Request"), lambda entry: entry.request_id, usual=False, classes="small text-secondary"
    ),
)


def told(entries: Sequence[AuditEntry]) -> None:
    """Give each entry its words, its customer and its details as lines; one statement for all."""
    customers = Customer.objects.in_bulk({entry.customer_id for entry in entries if entry.customer_id})
    for entry in entries:
        entry.customer = customers.get(entry.customer_id)
        entry.details = [(key.replace("_", " "), in_words(value)) for key, value in entry.changes.items()]
        entry.words = VERBS.get(entry.verb, entry.verb)


def in_words(value: Any) -> str:
    """A detail as one line; a pair is an old and a new value."""
    if isinstance(value, dict):
        return listed(labelled(key, _shown(one)) for key, one in value.items())
    if isinstance(value, list) and len(value) == 2:
        return f"{_shown(value[0])} → {_shown(value[1])}"
    return listed(map(_shown, value)) if isinstance(value, list) else _shown(value)


def _shown(value: Any) -> str:
    return "–" if value in (None, "") else str(value)
