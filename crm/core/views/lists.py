"""What people keep of lists: views, and the columns they want to see."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.core.commands import prefer
from crm.core.errors import NotAllowed, Refused
from crm.core.lists.commands import change_view, choose_columns, forget_view, keep_view
from crm.core.lists.narrowing import values_of
from crm.core.lists.views import PAGES
from crm.core.models import Density, SavedView


@require_POST
def view_keep(request: HttpRequest, page: str) -> HttpResponse:
    """Keep the list as it is shown under a name, and open it; without one that can be kept, back with the sentence."""
    if page not in PAGES:
        raise Http404
    try:
        view = keep_view(
            by=request.user,
            page=page,
            name=request.POST.get("name", ""),
            query=request.POST.get("query", ""),
            columns=values_of(request.POST, "columns"),
            shared="shared" in request.POST,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(_back(page, request.POST.get("address", "")))
    messages.success(request, _("Kept as “%(name)s”.") % {"name": view})
    return redirect(reverse(page) + view.address)


@require_POST
def view_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Save what the list shows now into the view, rename it, share it or not, or throw it away."""
    view = get_object_or_404(SavedView.objects.visible_to(request.user), pk=pk)
    deed = DEEDS.get(request.POST.get("deed", ""))
    if deed is None:
        raise Http404
    try:
        view, sentence = deed(view, request)
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(_back(view.page, request.POST.get("address", "")))
    messages.success(request, sentence)
    return redirect(reverse(view.page) + (view.address if view.pk else ""))


def _save(view: SavedView, request: HttpRequest) -> tuple[SavedView, str]:
    given: dict[str, Any] = {"query": request.POST.get("query", "")}
    if columns := values_of(request.POST, "columns"):
        given["columns"] = columns
    return change_view(view, by=request.user, **given), _("Saved.")


def _settle(view: SavedView, request: HttpRequest) -> tuple[SavedView, str]:
    name, shared = request.POST.get("name", ""), "shared" in request.POST
    return change_view(view, by=request.user, name=name, shared=shared), _("Saved.")


def _forget(view: SavedView, request: HttpRequest) -> tuple[SavedView, str]:
    forget_view(view, by=request.user)
    return SavedView(page=view.page), _("“%(name)s” is gone.") % {"name": view}


DEEDS: dict[str, Callable[[SavedView, HttpRequest], tuple[SavedView, str]]] = {
    "save": _save,
    "settle": _settle,
    "forget": _forget,
}


@require_POST
def columns_choose(request: HttpRequest, page: str) -> HttpResponse:
    """The columns in the order they were sent: in an open view for this look at it, otherwise from now on."""
    if page not in PAGES:
        raise Http404
    columns = [] if "usual" in request.POST else request.POST.getlist("column")
    address = QueryDict(request.POST.get("address", ""), mutable=True)
    address.pop("columns", None)
    if "view" not in address:
        choose_columns(by=request.user, page=page, columns=columns)
    elif columns:
        address["columns"] = ",".join(columns)
    return redirect(_back(page, address.urlencode(safe=",")))


@require_POST
def density(request: HttpRequest) -> HttpResponse:
    """Rows closer together or further apart, in every list of this person."""
    page, wish = request.POST.get("page"), request.POST.get("density")
    if page not in PAGES or wish not in Density.values:
        raise Http404
    prefer(request.user, language=request.user.language, theme=request.user.theme, density=wish)
    return redirect(_back(page, request.POST.get("address", "")))


def _back(page: str, query: str) -> str:
    """The list again, as it was narrowed; `query` is what a form sent, so it is written anew."""
    query = QueryDict(query).urlencode(safe=",")
    return reverse(page) + (f"?{query}" if query else "")
