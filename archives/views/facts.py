"""One fact of the archive where it stands: read, edited in place, and where it comes from."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from archives.commands.editing import edit_layer
from archives.forms import FactForm
from archives.layers import LAYERS, Layer
from archives.models import Customer
from archives.queries.facts import shown_fact
from archives.queries.history import last_change_of
from archives.rules.customers import locked_for
from archives.views.edit import edits
from archives.views.one_customer import customer_of, say_in
from crm.core.doors import needs
from crm.core.errors import Refused
from crm.core.roles import Can

# What the head of the page shows: after these the page is fetched anew.
IN_THE_HEAD = {"name", "short_name", "status", "category", "region", "owner", "parent", "distributor", "currency"}


def _asked(request: HttpRequest, number: str, layer: str, field: str) -> tuple[Customer, Layer]:
    if layer not in LAYERS or field not in LAYERS[layer].fields:
        raise Http404
    return customer_of(request, number), LAYERS[layer]


def _fact(request: HttpRequest, customer: Customer, layer: Layer, field: str, **more: Any) -> HttpResponse:
    fact = shown_fact(customer, layer, field, reader=request.user)
    context = {"customer": customer, "fact": fact, "locked": locked_for(request.user)}
    return render(request, "archives/fact.html", context | more)


@require_GET
@needs(Can.SEE_ARCHIVE)
def fact(request: HttpRequest, number: str, layer: str, field: str) -> HttpResponse:
    """The fact as it stands, again: what somebody gave up editing."""
    customer, of = _asked(request, number, layer, field)
    return _fact(request, customer, of, field, focused=True) if request.htmx else _whole(customer, layer)


@require_GET
@needs(Can.SEE_ARCHIVE)
def fact_about(request: HttpRequest, number: str, layer: str, field: str) -> HttpResponse:
    """Since when the fact is so, from whom, and who said that it still holds."""
    customer, of = _asked(request, number, layer, field)
    change = last_change_of(customer, of.record or of.code, field)
    return _fact(request, customer, of, field, change=change, about=True)


@require_http_methods(["GET", "POST"])
@edits
def fact_edit(request: HttpRequest, number: str, layer: str, field: str) -> HttpResponse:
    """The field in the place of the fact. What somebody else changed meanwhile is shown beside what was typed."""
    customer, of = _asked(request, number, layer, field)
    form = FactForm(request.POST or None, layer=of, customer=customer, user=request.user, name=field)
    if form.bound is None:
        raise Http404
    if not request.htmx:
        return redirect("customer_edit", number, layer)
    if request.method == "POST" and form.is_valid() and _saved(request, form):
        return _after(request, customer, of, field)
    return _fact(request, customer, of, field, form=form)


def _saved(request: HttpRequest, form: FactForm) -> bool:
    told = {"original": form.original, "typed": form.typed}
    try:
        edit_layer(form.customer, form.layer, by=request.user, today=timezone.localdate(), **told)
    except Refused as refusal:
        say_in(form, refusal)
        form.reopen()
        return False
    return True


def _after(request: HttpRequest, customer: Customer, layer: Layer, field: str) -> HttpResponse:
    """The fact as it stands now; the whole page where more of it has changed, the list where it is out of sight."""
    if not Customer.objects.visible_to(request.user).filter(pk=customer.pk).exists():
        return HttpResponse(headers={"HX-Redirect": reverse("customers")})
    if layer.code == "basic" and field in IN_THE_HEAD:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return _fact(request, customer_of(request, customer.number), layer, field, focused=True)


def _whole(customer: Customer, layer: str) -> HttpResponse:
    return redirect(reverse("customer_tab", args=[customer.number, "archive"]) + f"#layer-{layer}")
