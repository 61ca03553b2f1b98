"""People, for administrators: who they are, what they may do, whether they may come in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from crm.core.commands import add_person, change_person
from crm.core.doors import needs
from crm.core.errors import Invalid, Refused
from crm.core.forms import PersonForm
from crm.core.keyset import page_of
from crm.core.models import User
from crm.core.roles import Can, Role

PAGE_SIZE = 100


def persons():
    """Everybody who signs in; service accounts are on the page of tokens."""
    return User.objects.exclude(role=Role.CONNECTOR).select_related("team")


@require_GET
@needs(Can.MANAGE_PEOPLE)
def people(request: HttpRequest) -> HttpResponse:
    try:
        page = page_of(persons(), cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    except Invalid:
        return redirect("people")
    return render(request, "core/people.html", {"page": page})


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_PEOPLE)
def person_new(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = add_person(by=request.user, **form.cleaned_data)
        messages.success(request, _("%(name)s can sign in now.") % {"name": person})
        return redirect("people")
    return render(request, "core/person.html", {"form": form})


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_PEOPLE)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    someone = get_object_or_404(persons(), pk=pk)
    form = PersonForm(request.POST or None, instance=someone)
    if request.method == "POST" and form.is_valid() and _changed(request, form):
        messages.success(request, _("Saved."))
        return redirect("people")
    return render(request, "core/person.html", {"form": form, "person": get_object_or_404(persons(), pk=pk)})


def _changed(request: HttpRequest, form: PersonForm) -> bool:
    """Ask the command; a refusal stands above the form."""
    try:
        change_person(form.instance.pk, by=request.user, **form.cleaned_data)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True
