"""Planned visits: the list, planning one for a customer, moving it and calling it off."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import formats
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from archives.commands.plans import cancel_plan, change_plan, plan_visit
from archives.filters import PLAN_TIMES, VisitPlanFilterSet
from archives.forms import VisitPlanForm
from archives.models import Customer, VisitPlan
from archives.queries.plans import planned_visits
from crm.core.doors import needs
from crm.core.errors import Refused
from crm.core.lists.narrowing import Link, quick_filter
from crm.core.lists.pages import list_page
from crm.core.roles import Can, Role, Scope

SUGGESTED = timedelta(days=7)


@require_GET
@needs(Can.SEE_ARCHIVE)
def plan_list(request: HttpRequest) -> HttpResponse:
    """What is planned at the customers one sees, the next day first; without `?state=` what is open."""

    def narrowed(params: QueryDict) -> VisitPlanFilterSet:
        return VisitPlanFilterSet(params, queryset=planned_visits(request.user), request=request)

    context = list_page(request, page="visit_plans", filterset=narrowed)
    context |= {"quick": _quick_filters(request), "plans": context["page"].rows}
    return render(request, "archives/visit_plans.html", context, status=context["status"])


def _quick_filters(request: HttpRequest) -> list[Link]:
    params, user = request.GET, request.user
    mine = [quick_filter(params, _("My visits"), "person", user.username)] if user.may(Can.LOG_VISITS) else []
    shared = Role(user.role).scope != Scope.OWN
    return [
        *(mine if shared else []),
        *(quick_filter(params, str(words), "when", word) for word, words in PLAN_TIMES),
        quick_filter(params, _("Done"), "state", "done"),
    ]


@require_http_methods(["GET", "POST"])
@needs(Can.LOG_VISITS)
def plan_new(request: HttpRequest, number: str) -> HttpResponse:
    """Plan a visit at the customer."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user).select_related("owner"), number=number)
    suggested = {"day": localdate() + SUGGESTED, "person": request.user.username}
    form = VisitPlanForm(request.POST or None, initial=suggested, customer=customer, user=request.user)

    def planned() -> VisitPlan:
        return plan_visit(customer, by=request.user, today=localdate(), **form.cleaned_data)

    if request.method == "POST" and form.is_valid() and (plan := form.carried_out(planned)):
        messages.success(request, _("Planned for %(day)s.") % {"day": formats.date_format(plan.day, "DATE_FORMAT")})
        return redirect(customer)
    return _form_page(request, form, customer)


@require_http_methods(["GET", "POST"])
@needs(Can.LOG_VISITS)
def plan_edit(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Move a planned visit, or say better what it is for."""
    plan = _seen(request, plan_id)
    now = {"day": plan.day, "kind": plan.kind, "purpose": plan.purpose}
    form = VisitPlanForm(request.POST or None, initial=now, customer=plan.customer, user=request.user, plan=plan)

    def moved() -> VisitPlan:
        return change_plan(plan.pk, by=request.user, today=localdate(), **form.cleaned_data)

    if request.method == "POST" and form.is_valid() and form.carried_out(moved):
        messages.success(request, _("Saved."))
        return _back(request, plan.customer)
    return _form_page(request, form, plan.customer, plan=plan)


def _form_page(
    request: HttpRequest, form: VisitPlanForm, customer: Customer, plan: VisitPlan | None = None
) -> HttpResponse:
    context = {"form": form, "customer": customer, "plan": plan, "next": _safe(request)}
    return render(request, "archives/visit_plan.html", context, status=400 if form.errors else 200)


@require_POST
@needs(Can.LOG_VISITS)
def plan_cancel(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Call a planned visit off."""
    plan = _seen(request, plan_id)
    _said(request, lambda: cancel_plan(plan.pk, by=request.user, today=localdate()), _("The visit was called off."))
    return _back(request, plan.customer)


def _seen(request: HttpRequest, plan_id: int) -> VisitPlan:
    return get_object_or_404(planned_visits(request.user), pk=plan_id)


def _said(request: HttpRequest, deed: Callable[[], object], sentence: str) -> None:
    try:
        deed()
        messages.success(request, sentence)
    except Refused as refusal:
        messages.error(request, str(refusal))


def _safe(request: HttpRequest) -> str:
    """Where the person came from, as far as it is a page of ours."""
    back = request.POST.get("next") or request.GET.get("next", "")
    return back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else ""


def _back(request: HttpRequest, customer: Customer) -> HttpResponse:
    return redirect(_safe(request) or customer)
