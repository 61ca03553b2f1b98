"""A visit note from anywhere: choosing the customer, what a phone takes along, and the page without a connection."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from archives.models import Customer
from archives.queries.at_hand import at_hand, planned, visited_lately
from archives.queries.follow_ups import drafts_of
from archives.search import search_condition
from archives.views.visits import blank_note
from crm.core.doors import needs
from crm.core.roles import Can
from crm.core.views.shell import language_of

LONGEST = 100
SHOWN = 20


@require_GET
@needs(Can.LOG_VISITS)
@never_cache
def visit_choose(request: HttpRequest) -> HttpResponse:
    """Whom the note is about: planned visits first, then drafts and those visited lately; any other by its name."""
    user, today = request.user, timezone.localdate()
    text = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    if request.htmx and request.htmx.target == "found-customers":
        return render(request, "archives/visit_choose.html#found", {"text": text, "found": _found(request, text)})
    context = {"text": text, "found": _found(request, text), "today": today, "plans": planned(user, today)}
    context |= {"drafts": drafts_of(user)[:SHOWN], "lately": visited_lately(user, today)}
    return render(request, "archives/visit_choose.html", context)


def _found(request: HttpRequest, text: str) -> list[Customer]:
    """Unordered inside the database, so that the index of the names decides."""
    if not text:
        return []
    found = Customer.objects.visible_to(request.user).filter(search_condition(text)).order_by()[:SHOWN]
    return sorted(found, key=lambda customer: customer.number)


@require_GET
@needs(Can.LOG_VISITS)
@never_cache
def visit_places(request: HttpRequest) -> JsonResponse:
    """What a phone takes along to choose from without a connection: numbers and short names, nothing else."""
    customers = at_hand(request.user, timezone.localdate())
    places = [{"number": customer.number, "name": customer.short_name or customer.name} for customer in customers]
    return JsonResponse({"places": places})


@require_GET
@login_not_required
def offline(request: HttpRequest) -> HttpResponse:
    """Shown without a connection: the notes on this device, and room to write one. Says nothing about anybody."""
    with translation.override(language_of(request)):
        request.LANGUAGE_CODE = translation.get_language()
        return render(request, "archives/offline.html", blank_note())
