"""The page of one customer: head and credit strip, tabs that load on demand, and what stands beside them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from archives.choices import DocumentKind
from archives.models import Confirmation, CreditReport, Customer, Invoice, Order
from archives.queries.facts import RECORDS, WATCHED_RECORDS, archive_of, stalest_facts
from archives.queries.group import group_of, region_path
from archives.queries.history import Key, changes_of
from archives.queries.people import people_of
from archives.queries.sales_screen import SPANS, sales_by_line, sales_chart, sales_of
from archives.queries.there import look_through
from credit.models import CreditLimit
from credit.queries import receivables_of, strip_of
from credit.queries.charts import credit_charts
from crm.core.doors import needs
from crm.core.errors import Refused
from crm.core.models import User
from crm.core.roles import Can
from crm.core.timeline import Place
from crm.views.deeds import deeds_of
from crm.views.documents import documents_of
from crm.views.search import note_opened
from crm.views.timeline import CHIPS, KEPT_IN, timeline_of
from scoring.models import Assessment
from scoring.queries import scores_of
from scoring.queries.charts import radars_of, scores_chart

HISTORY_PAGE = 50
# Beside the names of tabs; as plain SQL, since putting them together would take longer than counting.
COUNTS = {
    "people_count": "SELECT count(*) FROM archives_contact WHERE customer_id = archives_customer.id AND left_on ISNULL",
    "paper_count": "SELECT count(*) FROM archives_document WHERE customer_id = archives_customer.id",
}
# What page and timeline ask for only where there is any: records of the customer, companies below it and behind it.
OF_A_CUSTOMER = {*KEPT_IN.values(), Confirmation, CreditReport, CreditLimit, Assessment}
KINDS = [*((kind, "customer_id") for kind in OF_A_CUSTOMER), (Customer, "parent_id"), (Customer, "distributor_id")]
Loader = Callable[[HttpRequest, Customer], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: its fragment, what it loads, the number beside its name, and the records it takes along at once."""

    code: str
    label: str | Promise
    template: str
    load: Loader
    count: str = ""
    records: tuple[str, ...] = ()


@require_GET
@needs(Can.SEE_ARCHIVE)
@vary_on_headers("HX-Request", "HX-Target")
def customer_page(request: HttpRequest, number: str, tab: str = "timeline") -> HttpResponse:
    """The whole page; asked by htmx for `#tab`, only the tab and the row of tabs."""
    if tab not in TABS:
        raise Http404
    customer = get_object_or_404(_customers(request, TABS[tab]), number=number)
    alone = request.htmx and request.htmx.target == "tab" and not request.htmx.history_restore_request
    if not alone or tab == "timeline":
        look_through(customer, KINDS)
    context = {"customer": customer, "tabs": _labelled(customer), "tab": TABS[tab]}
    context |= TABS[tab].load(request, customer)
    if alone:
        return render(request, "crm/customer.html#tab-alone", context)
    note_opened(request, customer)
    return render(request, "crm/customer.html", context | _around(request, customer))


def _customers(request: HttpRequest, tab: Tab) -> QuerySet[Customer]:
    """With what the frame of the tabs shows. A parent or distributor is fetched where there is one: few have any."""
    counts = {name: RawSQL(statement, (), IntegerField()) for name, statement in COUNTS.items()}
    seen = Customer.objects.visible_to(request.user)
    return seen.select_related("standing", "region__parent", *WATCHED_RECORDS, *tab.records).annotate(**counts)


def _labelled(customer: Customer) -> list[tuple[Tab, int | None]]:
    return [(tab, getattr(customer, tab.count) if tab.count else None) for tab in TABS.values()]


def _around(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """The head above and the column beside the tabs."""
    today = localdate()
    return {
        "region_path": region_path(customer.region),
        "strip": strip_of(customer, today),
        "year": _sales(customer, months=12),
        "stale": stalest_facts(customer),
        "group": group_of(customer, reader=request.user),
        "deeds": _deeds(customer, request.user),
    }


def _deeds(customer: Customer, user: User) -> list[tuple[str, str, str | Promise]]:
    """What else one may do for this customer, besides logging a visit: icon, address, words."""
    offered = (deed for deed in deeds_of(user) if deed.right != Can.LOG_VISITS)
    return [(deed.icon, deed.address(customer.number), deed.words) for deed in offered]


def _sales(customer: Customer, *, months: int) -> dict[str, Any]:
    """The sales, or the sentence why they cannot be summed."""
    try:
        return {"sales": sales_of([customer], months=months, today=localdate())}
    except Refused as refusal:
        return {"refusal": str(refusal)}


# --- What each tab loads ---------------------------------------------------------------------------------------------
def _timeline(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    show = request.GET.get("show", "all")
    if show not in CHIPS:
        raise Http404
    than = Place.parse(request.GET.get("older", ""))
    return {"timeline": timeline_of(customer, reader=request.user, show=show, than=than), "continued": than is not None}


def _people(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    return {"people": people_of(customer)}


def _sales_tab(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    asked = request.GET.get("months", "24")
    if asked not in map(str, SPANS):
        raise Http404
    shown = _sales(customer, months=int(asked)) | {"spans": SPANS, "months": int(asked)}
    if "sales" in shown:
        title = _("Sales, last %(count)s months") % {"count": asked}
        shown |= {"chart": sales_chart(shown["sales"], title=title)}
        shown |= {"lines": sales_by_line(customer, today=localdate())}
    return shown


def _credit(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    found, today = receivables_of(customer, localdate()), localdate()
    drawn = [] if found.refusal else credit_charts(customer, found.credit, found.behaviour, today)
    return {"receivables": found, "charts": drawn} | _looked_for(request, customer)


def _looked_for(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """The order or invoice that the address names, shown before everything else; 404 for one that is not there."""
    if number := request.GET.get("order", ""):
        order = get_object_or_404(Order, customer=customer, number=number)
        return {"order": order, "order_invoices": Invoice.objects.filter(customer=customer, order=order.number)}
    if number := request.GET.get("invoice", ""):
        return {"invoice": get_object_or_404(Invoice, customer=customer, number=number)}
    return {}


def _scores(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    scores = scores_of(customer)
    return {"scores": scores, "chart": scores_chart(scores.assessments), "radars": radars_of(scores)}


def _documents(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    return documents_of(request, customer) | {"document_kinds": DocumentKind.choices}


def _archive(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    return {"layers": archive_of(customer, reader=request.user)}


def _history(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    place = Place.parse(request.GET.get("older", ""))
    pgh_id, _dash, layer = str(place.pk).partition("-") if place else ("", "", "")
    before = Key(place.at, int(pgh_id), layer) if place and pgh_id.isdigit() else None
    changes = changes_of(customer, before=before, limit=HISTORY_PAGE)
    full = len(changes) == HISTORY_PAGE
    return {"changes": changes, "older": str(Place(changes[-1].at, "change", changes[-1].key[1:])) if full else ""}


TABS = {
    tab.code: tab
    for tab in (
        Tab("timeline", _("Timeline"), "crm/customer/timeline.html", _timeline),
        Tab("people", _("People"), "archives/people.html", _people, "people_count"),
        Tab("sales", _("Sales"), "archives/sales.html", _sales_tab),
        Tab("receivables", _("Receivables & credit"), "credit/receivables.html", _credit),
        Tab("scores", _("Scores"), "scoring/scores.html", _scores),
        Tab("documents", _("Documents"), "archives/documents.html", _documents, "paper_count"),
        Tab("archive", _("Archive"), "archives/archive.html", _archive, records=RECORDS),
        Tab("history", _("History"), "archives/history.html", _history),
    )
}
