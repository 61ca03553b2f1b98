"""One box for customers, people, visits, papers, orders and invoices – and for what one wants to do."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from archives.models import Contact, Customer, Document, Invoice, Order, Visit
from archives.queries.marking import Piece
from archives.queries.search import KINDS, LONGEST, Group, Hit, Kind, Reason, find, page_of_kind, recent_customers
from crm.core.errors import Invalid
from crm.core.keyset import Page
from crm.core.roles import Can
from crm.core.templatetags.dossier import money
from crm.core.timeline import Place
from crm.views.deeds import Offer, offers_for

IN_THE_BOX, ON_THE_PAGE = 6, 10
RECENT = 8
OPENED = "opened_customers"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what was found or is offered: it leads to `url`, or completes what is typed to `completes`."""

    icon: str
    title: list[Piece]
    url: str
    aside: list[Piece] = field(default_factory=list)
    about: list[list[Piece]] = field(default_factory=list)
    reason: Reason | None = None
    completes: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under one heading; `all_url` leads to all of them when there are more."""

    label: str | Promise
    lines: list[Line]
    all_url: str = ""


@require_GET
@vary_on_headers("HX-Request", "HX-Target")
def search(request: HttpRequest) -> HttpResponse:
    """Everybody may search; what is found is what the person may see. `kind` asks for all of one kind, page by page."""
    text = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:LONGEST]
    if kind := KINDS.get(request.GET.get("kind", "")):
        return render(request, "crm/search.html", {"text": text} | _all_of(kind, text, request))
    below_the_box = bool(request.htmx) and request.htmx.target == "found"
    sections = list(_sections(text, request, IN_THE_BOX if below_the_box else ON_THE_PAGE))
    context = {"text": text, "sections": sections, "count": sum(len(section.lines) for section in sections)}
    context["new_customer"] = bool(text) and request.user.may(Can.EDIT_ARCHIVE)
    return render(request, "crm/search.html#found" if below_the_box else "crm/search.html", context)


def note_opened(request: HttpRequest, customer: Customer) -> None:
    """Remember the customer at the head of those that the person opened last; the same one again writes nothing."""
    opened = request.session.get(OPENED, [])
    if opened[:1] != [customer.number]:
        request.session[OPENED] = [customer.number, *(one for one in opened if one != customer.number)][:RECENT]


def _sections(text: str, request: HttpRequest, size: int) -> Iterator[Section]:
    if not text:
        recent = recent_customers(request.session.get(OPENED, []), user=request.user)
        lines = [_customer(Hit(one, [Piece(one.name)]), KINDS["customers"].icon) for one in recent]
        yield from _unless_empty(Section(_("Opened last"), lines))
    yield from _unless_empty(Section(_("Commands"), [_offer(offer) for offer in offers_for(text, request.user)]))
    for group in find(text, user=request.user, size=size):
        yield _section(group, text)


def _unless_empty(section: Section) -> list[Section]:
    return [section] if section.lines else []


def _section(group: Group, text: str) -> Section:
    lines = [LINES[group.kind.code](hit, group.kind.icon) for hit in group.hits]
    return Section(group.kind.label, lines, _address_of_all(group.kind, text) if group.more else "")


def _address_of_all(kind: Kind, text: str) -> str:
    if kind.code == "customers":
        return reverse("customers", query={"search": text})
    return reverse("search", query={"q": text, "kind": kind.code})


def _all_of(kind: Kind, text: str, request: HttpRequest) -> dict[str, Any]:
    try:
        hits, page = page_of_kind(kind, text, user=request.user, cursor=request.GET.get("cursor", ""))
    except Invalid as refusal:
        return {
            "kind": kind,
            "refusal": " ".join(refusal.errors.values()),
            "sections": [],
            "page": Page([], None, None),
        }
    lines = [LINES[kind.code](hit, kind.icon) for hit in hits]
    return {"kind": kind, "sections": _unless_empty(Section(kind.label, lines)), "page": page, "count": len(lines)}


# --- How each kind is shown -------------------------------------------------------------------------------------------


def _offer(offer: Offer) -> Line:
    about = [[Piece(f"{offer.customer} · {offer.customer.number}")]] if offer.customer else []
    url = offer.url or reverse("search", query={"q": offer.text})
    return Line(offer.icon, [Piece(str(offer.words))], url, about=about, completes=offer.text)


def _customer(hit: Hit, icon: str) -> Line:
    customer: Customer = hit.record
    about = [[Piece(str(part))] for part in (customer.region, customer.owner) if part]
    number = hit.about or [Piece(customer.number)]
    return Line(icon, hit.title, customer.get_absolute_url(), aside=number, about=about, reason=hit.reason)


def _contact(hit: Hit, icon: str) -> Line:
    contact: Contact = hit.record
    about = [part for part in (hit.about, _gone(contact)) if part]
    return Line(icon, hit.title, _tab(contact, "people"), aside=_whose(contact), about=about, reason=hit.reason)


def _gone(contact: Contact) -> list[Piece]:
    return [Piece(_("has left"))] if contact.left_on else []


def _visit(hit: Hit, icon: str) -> Line:
    """Leads to the place in the timeline at which the visit is the first."""
    visit: Visit = hit.record
    place = Place(visit.happened_at + timedelta(microseconds=1), "visit", visit.pk)
    url = reverse("customer", args=[visit.customer.number], query={"show": "visits", "older": str(place)})
    about = [
        [Piece(date_format(localtime(visit.happened_at), "SHORT_DATE_FORMAT"))],
        [Piece(str(visit.get_kind_display()))],
        [Piece(str(visit.by))],
    ]
    return Line(icon, hit.title, url, aside=_whose(visit), about=about, reason=hit.reason)


def _document(hit: Hit, icon: str) -> Line:
    document: Document = hit.record
    about = [part for part in (hit.about, [Piece(str(document.get_kind_display()))]) if part]
    return Line(icon, hit.title, _tab(document, "documents"), aside=_whose(document), about=about)


def _order(hit: Hit, icon: str) -> Line:
    """Leads to the order itself on the page of its customer."""
    return _traded(hit, icon, "order", [str(hit.record.get_status_display()), _day(hit.record.ordered_on)])


def _invoice(hit: Hit, icon: str) -> Line:
    invoice: Invoice = hit.record
    paid = [] if invoice.open_amount else [_("settled")]
    return _traded(hit, icon, "invoice", [*paid, _day(invoice.invoiced_on)])


def _traded(hit: Hit, icon: str, noun: str, about: list[str]) -> Line:
    record: Order | Invoice = hit.record
    address = reverse("customer_tab", args=[record.customer.number, "receivables"], query={noun: record.number})
    told = [[Piece(part)] for part in (money(record.amount, record.currency), *about)]
    return Line(icon, hit.title, f"{address}#found", aside=_whose(record), about=told)


def _day(day: date) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")


def _tab(record: Contact | Document, tab: str) -> str:
    return reverse("customer_tab", args=[record.customer.number, tab])


def _whose(record: Contact | Visit | Document | Order | Invoice) -> list[Piece]:
    return [Piece(str(record.customer))]


LINES = {
    **{"customers": _customer, "contacts": _contact, "visits": _visit, "documents": _document},
    **{"orders": _order, "invoices": _invoice},
}
