"""Writing a visit note – on a phone, with or without a connection – its draft, and its next step that gets done."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from archives.checklists import ALL, Checklist, offered
from archives.choices import VisitKind
from archives.commands.visits import add_photo, discard_draft, finish_next_step, post_visit, save_draft, take_back_visit
from archives.forms import PhotoForm, VisitForm
from archives.models import Contact, Customer, Visit, VisitDraft
from archives.queries.plans import open_plan
from archives.rules.visits import says_the_same
from crm.core.doors import needs
from crm.core.errors import NotThere, Refused
from crm.core.roles import Can

# In the order in which a thumb wants them.
KINDS = ("site", "call", "first_contact", "collection", "complaint", "meeting", "letter", "conference")
SINGLE = ("client_id", "kind", "happened_at", "content", "others", "minutes", "next_step", "next_step_due", "plan")


@require_http_methods(["GET", "POST"])
@needs(Can.LOG_VISITS)
@never_cache
def visit_new(request: HttpRequest, number: str) -> HttpResponse:
    """The page of a new note. A script sends it as a plain POST does, and is answered in JSON."""
    if request.method == "POST":
        return _post(request, number)
    customer = _customer(request, number)
    draft = VisitDraft.objects.filter(by=request.user, customer=customer).first()
    typed = _typed(draft.fields) if draft else {"kind": request.GET.get("kind", "")}
    begun_from = {"plan": request.GET["plan"]} if request.GET.get("plan") else {}
    known = {"client_id": draft.client_id} if draft else {}
    return _page(request, customer, typed | known | begun_from, draft=draft)


def _customer(request: HttpRequest, number: str) -> Customer:
    return get_object_or_404(Customer.objects.visible_to(request.user).select_related("standing"), number=number)


def _post(request: HttpRequest, number: str) -> HttpResponse:
    """A script hears in a sentence that there is no such customer: on a phone the number may have been typed."""
    try:
        customer = _customer(request, number)
    except Http404:
        if request.accepts("text/html"):
            raise
        return JsonResponse({"detail": str(NotThere())}, status=404)
    return _keep(request, customer)


def _keep(request: HttpRequest, customer: Customer) -> HttpResponse:
    form = VisitForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, customer, {name: str(texts[0]) for name, texts in form.errors.items()})
    try:
        note = _note(form)
        visit, created = post_visit(customer, by=request.user, now=timezone.now(), **note)
    except Refused as refusal:
        return _refused(request, customer, getattr(refusal, "errors", None) or {"": str(refusal)}, refusal.status)
    if not request.accepts("text/html"):
        return JsonResponse(_sent(visit, says_the_same(visit, note)), status=201 if created else 200)
    if created:
        messages.success(request, _("The note is in the archive."))
    return redirect(customer)


def _sent(visit: Visit, same: bool) -> dict[str, Any]:
    """What a phone needs to know of a note that has arrived; `same` is whether it arrived as it was sent this time."""
    return {
        "visit": visit.pk,
        "same": same,
        "url": visit.customer.get_absolute_url(),
        "take_back": reverse("visit_take_back", args=[visit.pk]),
        "photos": reverse("visit_photos", args=[visit.pk]),
        "plan": reverse("plan_new", args=[visit.customer.number]),
    }


def _note(form: VisitForm) -> dict[str, Any]:
    """What the command is told; a note without a time happened now."""
    names = ("client_id", "kind", "content", "minutes", "next_step", "next_step_due", "files", "plan")
    note = {name: form.cleaned_data[name] for name in names}
    happened_at = form.cleaned_data["happened_at"] or timezone.now()
    return note | {"happened_at": happened_at, "people": form.people(), "checklist": form.checklist()}


def _refused(request: HttpRequest, customer: Customer, errors: dict[str, str], status: int = 400) -> HttpResponse:
    """The page with everything that was typed and the sentences; for a script, the sentences alone."""
    if not request.accepts("text/html"):
        return JsonResponse({"errors": errors, "detail": next(iter(errors.values()))}, status=status)
    return _page(request, customer, _typed(dict(request.POST.lists())), errors=errors, status=status)


def _typed(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    """What was typed, as the page shows it again."""
    single = {name: fields[name][0] for name in SINGLE if fields.get(name)}
    answers = {name.removeprefix("check-"): texts[0] for name, texts in fields.items() if name.startswith("check-")}
    return single | {"people": fields.get("people", []), "answers": answers}


def _page(
    request: HttpRequest, customer: Customer, typed: dict[str, Any], *, status: int = 200, **more: Any
) -> HttpResponse:
    context = blank_note(typed) | {
        "customer": customer,
        "plan": open_plan(customer, typed.get("plan")),
        "contacts": Contact.objects.filter(customer=customer, left_on=None),
        "now": timezone.now(),
    }
    return render(request, "archives/visit.html", context | more, status=status)


def blank_note(typed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the fields of a note need, whoever it is about; `typed` fills them."""
    typed = dict(typed or {})
    kind = typed.get("kind") if typed.get("kind") in VisitKind else VisitKind.SITE
    return {
        "kinds": [VisitKind(code) for code in KINDS],
        "checklists": [(checklist, _kinds_with(checklist)) for checklist in ALL],
        "typed": typed | {"kind": kind, "client_id": typed.get("client_id") or uuid.uuid4()},
    }


def _kinds_with(checklist: Checklist) -> list[str]:
    return [kind for kind in VisitKind.values if checklist in offered(kind)]


@require_POST
@needs(Can.LOG_VISITS)
def visit_draft(request: HttpRequest, number: str) -> HttpResponse:
    """Keep what has been typed, or with `discard` forget it. A note that has been sent leaves no draft behind."""
    customer = _customer(request, number)
    if "discard" in request.POST:
        discard_draft(customer, by=request.user)
        return HttpResponse(status=204) if not request.accepts("text/html") else redirect("visit_new", number)
    form = VisitForm(request.POST)
    form.is_valid()
    client_id = form.cleaned_data.get("client_id")
    if client_id is None:
        return JsonResponse({"detail": _("This cannot be kept as a draft.")}, status=400)
    try:
        save_draft(customer, by=request.user, client_id=client_id, fields=_kept(request.POST))
    except Refused as refusal:
        return JsonResponse({"detail": str(refusal)}, status=refusal.status)
    return HttpResponse(status=204)


def _kept(data: QueryDict) -> dict[str, list[str]]:
    """The fields of a note and nothing else."""
    known = {*SINGLE, "people"} - {"client_id"}
    return {name: texts for name, texts in data.lists() if name in known or name.startswith("check-")}


@require_POST
@needs(Can.LOG_VISITS)
def visit_photos(request: HttpRequest, visit_id: int) -> JsonResponse:
    """A photo of a note that has arrived, under the `photo_id` that the phone gave it: sent again, it stays one."""
    visit = get_object_or_404(Visit.objects.visible_to(request.user), pk=visit_id)
    form = PhotoForm(request.POST, request.FILES)
    if not form.is_valid():
        return JsonResponse({"detail": next(iter(form.errors.values()))[0]}, status=400)
    sent = form.cleaned_data
    try:
        photo, created = add_photo(visit.pk, sent["file"], by=request.user, photo_id=sent["photo_id"])
    except Refused as refusal:
        return JsonResponse({"detail": str(refusal)}, status=refusal.status)
    return JsonResponse({"photo": str(photo.pk)}, status=201 if created else 200)


@require_POST
@needs(Can.LOG_VISITS)
def visit_take_back(request: HttpRequest, visit_id: int) -> HttpResponse:
    """Undo: the note leaves the archive; a script has what was typed and goes on with it."""
    visit = get_object_or_404(Visit.objects.visible_to(request.user).select_related("customer"), pk=visit_id)
    try:
        take_back_visit(visit.pk, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _not_taken_back(request, visit, refusal)
    if not request.accepts("text/html"):
        return HttpResponse(status=204)
    messages.success(request, _("The note has been taken back."))
    return redirect(visit.customer)


def _not_taken_back(request: HttpRequest, visit: Visit, refusal: Refused) -> HttpResponse:
    if not request.accepts("text/html"):
        return JsonResponse({"detail": str(refusal)}, status=refusal.status)
    messages.error(request, str(refusal))
    return redirect(visit.customer)


@require_POST
@needs(Can.LOG_VISITS)
def visit_done(request: HttpRequest, visit_id: int) -> HttpResponse:
    """The agreed next step was done."""
    visit = get_object_or_404(Visit.objects.visible_to(request.user).select_related("customer"), pk=visit_id)
    try:
        finish_next_step(visit.pk, by=request.user, today=timezone.localdate())
        messages.success(request, _("Done: %(step)s") % {"step": visit.next_step})
    except Refused as refusal:
        messages.error(request, str(refusal))
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()})
    return redirect(back if safe else visit.customer)
