"""The list of customers: narrowed, sorted, page by page; and the same list as a file."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from archives.choices import Segment
from archives.commands.exports import export_later, export_now, shown
from archives.filters import CustomerFilterSet, CustomerOrdering
from archives.models import Customer
from archives.tasks import matching
from archives.views.customer_columns import COLUMNS
from archives.views.many import deeds_for
from crm.core.doors import needs, without_blanks
from crm.core.errors import Refused
from crm.core.keyset import keys_of
from crm.core.lists.filters import owners
from crm.core.lists.narrowing import Link, quick_filter, values_of
from crm.core.lists.pages import rows_of, understood
from crm.core.lists.table import Table
from crm.core.lists.views import BESIDE, OpenedList, normal, open_list
from crm.core.models import Region, Unit, User
from crm.core.roles import Can, Role, Scope

PAGE_SIZE = 50
MANY = ("segment", "grade", "status", "report_status", "size", "ownership")
YES_OR_NO = ("core", "overdue")


@require_GET
@needs(Can.SEE_ARCHIVE)
def customer_list(request: HttpRequest) -> HttpResponse:
    """The page, or – asked by htmx – the part below the filters. What nobody knows in its address is told of."""
    if (clean := without_blanks(request.GET)) != request.GET and not request.htmx:
        return redirect(f"{request.path}?{clean.urlencode()}")
    opened, filterset = _opened(request, clean)
    request.GET = clean = opened.params
    part = request.htmx and not request.htmx.history_restore_request
    context = _listed(request, opened, filterset) | ({} if part else _filters(request, clean))
    template = f"archives/customers.html{'#list' if part else ''}"
    response = render(request, template, context, status=400 if "refusal" in context else 200)
    shown = request.path + (f"?{clean.urlencode(safe=',')}" if clean else "")
    response["HX-Push-Url"] = "false" if shown == request.htmx.current_url_abs_path else shown
    patch_vary_headers(response, ["HX-Request"])
    return response


def _opened(request: HttpRequest, params: QueryDict) -> tuple[OpenedList, CustomerFilterSet]:
    """The list as its address asks for it, through the view it names."""

    def narrowed(params: QueryDict) -> CustomerFilterSet:
        seen = Customer.objects.visible_to(request.user)
        return CustomerFilterSet(params, queryset=seen, request=request, sparse=True)

    opened = open_list(params, page="customers", user=request.user, filterset=narrowed)
    return opened, understood(opened, narrowed)


def _filters(request: HttpRequest, params: QueryDict) -> dict:
    """What the form above the list offers; each list of choices is asked for once. Drawn by hand: a form costs more."""
    people = _offered(params, "owner", owners(request).values_list("username", "name"))
    return {
        "labels": {name: one.label for name, one in CustomerFilterSet.base_filters.items()},
        "given": params,
        "regions": _offered(params, "region", Region.outline()),
        "units": _offered(params, "unit", Unit.objects.values_list("code", "name")),
        "people": people if len(people) > 1 else [],
        "many": [(name, _offered(params, name, choices_of(name))) for name in MANY],
        "yes_or_no": [(name, _offered(params, name, choices_of(name))) for name in YES_OR_NO],
        "sortings": [Choice(*pair, pair[0] == params.get("ordering", "number")) for pair in CustomerOrdering.offered()],
        "kept": {name: params[name] for name in ("view", "columns") if name in params},
    }


class Choice(NamedTuple):
    """One value of a filter with its words, and whether the list is narrowed by it now."""

    value: str
    words: str
    on: bool


@cache
def choices_of(name: str) -> list[tuple[str, str | Promise]]:
    """The values of a filter over a closed list, with words that wait for a language."""
    return list(CustomerFilterSet().form.fields[name].choices)


def _offered(params: QueryDict, name: str, pairs: Iterable[tuple[str, str | Promise]]) -> list[Choice]:
    """The values of a filter with their words, and which of them are asked for."""
    now = set(values_of(params, name))
    return [Choice(str(value), str(words), str(value) in now) for value, words in pairs]


def _listed(request: HttpRequest, opened: OpenedList, filterset: CustomerFilterSet) -> dict:
    """What the part below the filters shows."""
    table = Table(COLUMNS, opened.columns)
    found = rows_of(opened, filterset, read=lambda customers: read(customers, table), size=PAGE_SIZE)
    return found | {
        "opened": opened,
        "table": table,
        "rows": table.rows(found["page"].rows, key=lambda customer: customer.number),
        "empty": None if found["page"].rows else _emptiness(request),
        "heads": table.heads(request.GET),
        "quick": _quick_filters(request),
        "deeds": deeds_for(request.user),
    }


def read(customers: QuerySet[Customer], table: Table) -> QuerySet[Customer]:
    """The customers with what the columns read, what they are sorted by, and nothing else."""
    sorted_by = {key.path for key in keys_of(customers)} - {"pk", *customers.query.annotations}
    fields = table.fields | sorted_by
    joined = {name.partition("__")[0] for name in fields if "__" in name}
    return customers.select_related(*joined).only(*fields)


def _quick_filters(request: HttpRequest) -> list[Link]:
    params, user = request.GET, request.user
    mine = [quick_filter(params, _("My customers"), "owner", user.username)]
    return [
        *(mine if Role(user.role).scope == Scope.TEAM else []),
        *(quick_filter(params, segment.label, "segment", segment.value) for segment in Segment),
        quick_filter(params, _("Core"), "core", "true"),
        quick_filter(params, _("Overdue"), "overdue", "true"),
        quick_filter(params, _("Report runs out"), "report_status", "expiring"),
        quick_filter(params, _("Report stale or missing"), "report_status", "stale", "missing"),
    ]


def _emptiness(request: HttpRequest) -> dict[str, str]:
    """Why there is nothing: nothing matches, nothing is this person's, or nothing has been entered yet."""
    if request.GET.keys() - BESIDE - {"ordering"}:
        text = _("Take a filter away, or search for fewer characters.")
        return {"title": _("No customer matches"), "text": text, "url": request.path, "action": _("Clear all filters")}
    if Customer.objects.exists():
        text = _("Customers come to you when they are assigned to you, to your team or to your region.")
        return {"title": _("None of the customers is yours to see"), "text": text}
    text = _("They come from the ERP through the REST interface, or one by one.")
    return {"title": _("There are no customers yet"), "text": text}


@require_POST
@needs(Can.EXPORT)
def export(request: HttpRequest) -> HttpResponse:
    """The list as a CSV file: the same filters and order. A large one is written by a job, whose page hands it out."""
    filters = normal(without_blanks(request.GET))
    try:
        return export_of(matching(filters, by=request.user), by=request.user, filters=filters)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("customers")


def export_of(customers: QuerySet[Customer], *, by: User, filters: str) -> HttpResponse:
    """These customers as a CSV file, or the way to the job that writes it; `filters` is the address that finds them."""
    content = export_now(shown(customers), by=by, filters=filters)
    if content is None:
        return redirect("job", pk=export_later(by=by, filters=filters).pk)
    name = f"customers-{timezone.localdate():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)
