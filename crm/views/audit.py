"""The audit trail, for reading: who did what, to which record, when."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from archives.models import Customer
from crm.core.api.filters import DayFilter, StrictFilterSet
from crm.core.doors import needs, without_blanks
from crm.core.errors import Refused
from crm.core.keyset import page_of
from crm.core.models import AuditEntry
from crm.core.roles import Can
from crm.core.verbs import VERBS


class AuditFilterSet(StrictFilterSet):
    """Entries by who did it, what was done, to which customer, from which day on."""

    actor = django_filters.CharFilter(field_name="actor__username", label=_("Who"), max_length=64)
    verb = django_filters.ChoiceFilter(choices=list(VERBS.items()), label=_("What"), empty_label=_("Everything"))
    customer = django_filters.CharFilter(method="filter_customer", label=_("Customer number"), max_length=32)
    since = DayFilter(method="filter_since", label=_("From"))

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def filter_customer(self, entries: QuerySet, name: str, number: str) -> QuerySet:
        return entries.filter(customer_id__in=Customer.objects.filter(number=number.strip()).values("pk"))

    def filter_since(self, entries: QuerySet, name: str, day: date) -> QuerySet:
        return entries.filter(at__gte=make_aware(datetime.combine(day, time.min)))


@require_GET
@needs(Can.SEE_AUDIT)
def audit_trail(request: HttpRequest) -> HttpResponse:
    """Newest first; `?actor=`, `?verb=` and `?customer=` narrow it."""
    params = without_blanks(request.GET)
    filterset = AuditFilterSet(params, queryset=AuditEntry.objects.select_related("actor"))
    try:
        filterset.refuse(also={"cursor"})
        page = page_of(filterset.qs, cursor=params.get("cursor", ""))
    except Refused as refusal:
        return render(request, "crm/audit.html", {"form": filterset.form, "refusal": str(refusal)}, status=400)
    told(page.rows)
    return render(request, "crm/audit.html", {"form": filterset.form, "page": page})


def told(entries: Sequence[AuditEntry]) -> None:
    """Give each entry its words, its customer and its details as lines; one statement for all."""
    customers = Customer.objects.in_bulk({entry.customer_id for entry in entries if entry.customer_id})
    for entry in entries:
        entry.customer = customers.get(entry.customer_id)
        entry.details = [(key.replace("_", " "), in_words(value)) for key, value in entry.changes.items()]
        entry.words = VERBS.get(entry.verb, entry.verb)


def in_words(value: Any) -> str:
    """A detail as one line; a pair is an old and a new value."""
    if isinstance(value, list) and len(value) == 2:
        return f"{_shown(value[0])} → {_shown(value[1])}"
    return ", ".join(map(_shown, value)) if isinstance(value, list) else _shown(value)


def _shown(value: Any) -> str:
    return "–" if value in (None, "") else str(value)
