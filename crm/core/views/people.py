"""People, for administrators: who they are, what they may do, whether they may come in."""

import django_filters
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from crm.core.api.filters import StrictFilterSet
from crm.core.commands import add_person, change_person
from crm.core.doors import needs
from crm.core.errors import Refused
from crm.core.forms import PersonForm
from crm.core.lists.filters import AnyOf, YesNo
from crm.core.lists.narrowing import only_filter, quick_filter
from crm.core.lists.pages import list_page, table_of
from crm.core.lists.table import Column
from crm.core.models import Team, User
from crm.core.roles import Can, Role
from crm.core.templatetags.dossier import badge

PAGE_SIZE = 100


PEOPLE = [role for role in Role if role != Role.CONNECTOR]


class PersonFilterSet(StrictFilterSet):
    """People by name, role, team and whether they may sign in."""

    name = django_filters.CharFilter(method="filter_name", label=gettext_lazy("Name"), max_length=64)
    role = AnyOf([(role.value, role.label) for role in PEOPLE], label=gettext_lazy("Role"))
    team = django_filters.ModelChoiceFilter(
        queryset=lambda request: Team.objects.all(), to_field_name="code", label=gettext_lazy("Team")
    )
    active = YesNo(field_name="is_active", label=gettext_lazy("may sign in"))

    class Meta:
        model = User
        fields: list[str] = []

    def filter_name(self, people: QuerySet[User], name: str, text: str) -> QuerySet[User]:
        return people.filter(Q(name__icontains=text) | Q(username__icontains=text) | Q(email__icontains=text))


def _page_of(person: User) -> str:
    return reverse("person", args=[person.pk])


def _who(person: User) -> SafeString:
    below = f"{person.username} · {person.email}" if person.email else person.username
    return format_html(
        '<a class="fw-medium text-reset" href="{}">{}</a><div class="text-secondary small">{}</div>',
        *(_page_of(person), person.name, below),
    )


def _last_seen(person: User) -> str:
    return date_format(localtime(person.last_login), "SHORT_DATETIME_FORMAT") if person.last_login else "–"


COLUMNS = (
    Column("name", gettext_lazy("Name"), _who, fixed=True),
    Column("role", gettext_lazy("Role"), User.get_role_display),
    Column("team", gettext_lazy("Team"), lambda person: str(person.team or ""), classes="text-secondary"),
    Column("last_seen", gettext_lazy("Last seen"), _last_seen, classes="text-secondary"),
    Column(
        "state",
        gettext_lazy("State"),
        lambda person: "" if person.is_active else badge(_("may not sign in"), "red"),
    ),
)


def persons():
    """Everybody who signs in; service accounts are on the page of tokens."""
    return User.objects.exclude(role=Role.CONNECTOR).select_related("team")


@require_GET
@needs(Can.MANAGE_PEOPLE)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, narrowed by role, team and whether they may come in."""

    def narrowed(params: QueryDict) -> PersonFilterSet:
        return PersonFilterSet(params, queryset=persons(), request=request)

    context = list_page(request, page="people", filterset=narrowed, size=PAGE_SIZE)
    context = table_of(context, COLUMNS, opens=_page_of)
    context["quick"] = [
        *(quick_filter(request.GET, role.label, "role", role.value) for role in PEOPLE),
        only_filter(request.GET, _("may not sign in"), "active", "false"),
    ]
    return render(request, "core/people.html", context, status=context["status"])


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
