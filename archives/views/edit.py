"""Entering and editing what the archive holds: layers, contacts, papers, and the word that a fact still holds."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from archives.commands.confirmations import confirm_fact
from archives.commands.documents import store_document
from archives.commands.editing import edit_layer, keep_contact, open_archive
from archives.forms import ContactForm, DocumentForm, LayerForm
from archives.layers import BASIC, LAYERS
from archives.models import Contact, Customer
from archives.queries.facts import stalest_facts
from archives.views.one_customer import customer_of, say_in
from crm.core.doors import needs
from crm.core.errors import Refused
from crm.core.roles import Can

edits = needs(Can.EDIT_ARCHIVE)


@require_http_methods(["GET", "POST"])
@edits
def customer_new(request: HttpRequest) -> HttpResponse:
    """With `?name=` of a search that found nothing, the name is there already."""
    proposed = {"name": request.GET.get("name", "")[:200]} if request.method == "GET" else {}
    form = LayerForm(request.POST or None, layer=BASIC, customer=None, user=request.user, initial=proposed)
    if request.method == "POST" and form.is_valid():
        number, reason = form.cleaned_data["number"], form.cleaned_data["reason"]
        try:
            typed = {name: value for name, value in form.typed.items() if value not in (None, "")}
            customer = open_archive(number, typed, by=request.user, today=timezone.localdate(), reason=reason)
        except Refused as refusal:
            say_in(form, refusal)
        else:
            messages.success(request, _("The archive is open. Log the first contact while it is fresh."))
            return redirect(customer)
    return _form(request, form, title=_("New customer"))


@require_http_methods(["GET", "POST"])
@edits
def customer_edit(request: HttpRequest, number: str, layer: str) -> HttpResponse:
    """One layer. What somebody else changed meanwhile is not written over unseen: the form says so and shows both."""
    if layer not in LAYERS:
        raise Http404
    customer = customer_of(request, number)
    form = LayerForm(request.POST or None, layer=LAYERS[layer], customer=customer, user=request.user)
    if request.method == "POST" and form.is_valid() and _edited(request, customer, form):
        still_seen = Customer.objects.visible_to(request.user).filter(pk=customer.pk).exists()
        return redirect("customer_tab", number, "archive") if still_seen else redirect("customers")
    return _form(request, form, title=LAYERS[layer].title, customer=customer)


def _edited(request: HttpRequest, customer: Customer, form: LayerForm) -> bool:
    told = {"original": form.original, "typed": form.typed, "reason": form.cleaned_data["reason"]}
    try:
        changed = edit_layer(customer, form.layer, by=request.user, today=timezone.localdate(), **told)
    except Refused as refusal:
        say_in(form, refusal)
        form.reopen()
        return False
    messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
    return True


def _form(request: HttpRequest, form: LayerForm | ContactForm, **more) -> HttpResponse:
    template = "archives/edit_layer.html" if isinstance(form, LayerForm) else "archives/edit.html"
    return render(request, template, {"form": form} | more, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@edits
def contact_new(request: HttpRequest, number: str) -> HttpResponse:
    customer = customer_of(request, number)
    return _contact(request, customer, Contact(customer=customer), _("New contact"))


@require_http_methods(["GET", "POST"])
@edits
def contact_edit(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    customer = customer_of(request, number)
    contact = get_object_or_404(Contact, customer=customer, pk=pk)
    return _contact(request, customer, contact, contact.name)


def _contact(request: HttpRequest, customer: Customer, contact: Contact, title: str) -> HttpResponse:
    form = ContactForm(request.POST or None, instance=contact, customer=customer)
    if request.method == "POST" and form.is_valid():
        try:
            keep_contact(form.save(commit=False), by=request.user)
        except Refused as refusal:
            say_in(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("customer_tab", customer.number, "people")
    return _form(request, form, title=title, customer=customer)


@require_POST
@edits
def fact_confirm(request: HttpRequest, number: str) -> HttpResponse:
    """One fact, or without `field` a whole layer, still holds. Asked by htmx, the card with the next stale facts."""
    customer = customer_of(request, number)
    about = {"layer": request.POST.get("layer", ""), "field": request.POST.get("field", "")}
    about["verified"] = "verified" in request.POST
    try:
        confirm_fact(customer, **about, by=request.user, today=timezone.localdate())
    except Refused as refusal:
        messages.error(request, str(refusal))
    if request.htmx:
        return render(request, "archives/still_right.html", {"customer": customer, "stale": stalest_facts(customer)})
    return redirect("customer_tab", number, "archive") if request.POST.get("next") == "archive" else redirect(customer)


@require_POST
@edits
def document_add(request: HttpRequest, number: str) -> HttpResponse:
    customer = customer_of(request, number)
    form = DocumentForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, next(iter(form.errors.values()))[0])
        return redirect("customer_tab", number, "documents")
    about = dict(form.cleaned_data)
    try:
        store_document(customer, about.pop("file"), by=request.user, **about)
        messages.success(request, _("The document is in the archive."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("customer_tab", number, "documents")
