"""Putting first steps away, and getting them back."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.core.commands import close_hint, restore_hints
from crm.core.hints import is_hint


@require_POST
def close(request: HttpRequest, key: str) -> HttpResponse:
    """Put one card away; asked by htmx, the cards that are left."""
    if not is_hint(key):
        raise Http404
    close_hint(request.user, key)
    return render(request, "components/hints.html") if request.htmx else redirect("my_day")


@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    restore_hints(request.user)
    messages.success(request, _("The first steps stand on your day again."))
    return redirect("my_day")
