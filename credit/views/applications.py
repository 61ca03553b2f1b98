"""Applications for limits: the list with its deciding pane, asking for a limit, and each step of the way."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from archives.models import Customer
from credit.commands import applications as commands
from credit.filters import TAB_WORDS, ApplicationListFilter
from credit.forms import ApplicationForm, ApprovalForm, CommentForm
from credit.models import LimitApplication
from credit.queries.applications import level_waiting, waiting_for
from credit.queries.checks import held_orders
from credit.queries.pane import TABS, applications_in, pane_of
from credit.queries.screens import strip_of
from credit.rules.wording import level_text
from credit.views.answers import done, first_error
from crm.core.doors import needs
from crm.core.errors import Refused
from crm.core.lists.narrowing import Link, address, only_filter, quick_filter
from crm.core.lists.pages import list_again, list_page
from crm.core.models import Policy, Unit
from crm.core.roles import Can
from crm.core.templatetags.dossier import money


@require_GET
@needs(Can.SEE_CREDIT)
def application_list(request: HttpRequest) -> HttpResponse:
    """The list of a tab; on a wide screen with the first application beside it."""
    context = listed(request)
    first = next(iter(context["page"].rows), None)
    return shown(request, context, first, alone=False)


@require_GET
@needs(Can.SEE_CREDIT)
def application_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One application; on a wide screen beside the list it came from."""
    rows = applications_in("all", request.user)
    return shown(request, listed(request), get_object_or_404(rows, pk=pk), alone=True)


def listed(request: HttpRequest) -> dict:
    """The rows of the tab as they are narrowed, and the tabs."""
    user, tab = request.user, tab_of(request)

    def narrowed(params: QueryDict) -> ApplicationListFilter:
        return ApplicationListFilter(params, queryset=applications_in(tab, user), request=request)

    context = list_page(request, page="applications", filterset=narrowed)
    today = localdate()
    for row in context["page"].rows:
        row.due = level_text((row.decide_by - today).days) if row.decide_by and row.state == "submitted" else ""
    context |= {"tab": tab, "tabs": tabs_for(request), "quick": quick_filters(request, tab)}
    return context | {"held_count": held_orders(user).count()}


def quick_filters(request: HttpRequest, tab: str) -> list[Link]:
    """By state where there are several, by selling unit where all wait."""
    if tab in ("to_decide", "others"):
        return [only_filter(request.GET, unit.name, "unit", unit.code) for unit in Unit.objects.all()]
    return [quick_filter(request.GET, capfirst(one.label), "state", one.value) for one in LimitApplication.State]


def tab_of(request: HttpRequest) -> str:
    """The tab that was asked for; otherwise what this person comes for."""
    asked, user = request.GET.get("tab"), request.user
    if asked in TABS:
        return asked
    return "to_decide" if user.may(Can.DECIDE_LIMITS) else "asked" if user.may(Can.ASK_LIMIT) else "all"


def tabs_for(request: HttpRequest) -> list[tuple[str, Link, int | None]]:
    user, counts = request.user, {"to_decide": waiting_for(request.user).count()}
    shown_to_all = TABS if user.may(Can.DECIDE_LIMITS) else TABS[TABS.index("asked") :]
    links = {tab: Link(str(TAB_WORDS[tab]), address(request.GET, "tab", [tab])) for tab in shown_to_all}
    return [(tab, link, counts.get(tab)) for tab, link in links.items()]


def shown(request: HttpRequest, page: dict, application: LimitApplication | None, *, alone: bool) -> HttpResponse:
    """`alone`: on a phone the application, not the list."""
    context = page | {"alone": alone, "approval_form": ApprovalForm()}
    if application:
        context["pane"] = pane_of(application, by=request.user, today=localdate())
        context["application"] = application
    return render(request, "credit/applications.html", context, status=context["status"])


@require_http_methods(["GET", "POST"])
@needs(Can.ASK_LIMIT)
def application_new(request: HttpRequest) -> HttpResponse:
    """Ask for a limit for `?customer=`; without one, choose the customer first."""
    number = request.GET.get("customer", "").strip()
    if not number:
        return render(request, "credit/application_new.html")
    customer = get_object_or_404(Customer.objects.visible_to(request.user).select_related("standing"), number=number)
    profile = getattr(customer, "credit_profile", None)
    initial = {"currency": customer.currency, "credit_period_days": profile and profile.credit_period_days}
    return asked(request, customer, initial, lambda given: commands.apply_for_limit(customer, by=request.user, **given))


@require_http_methods(["GET", "POST"])
@needs(Can.ASK_LIMIT)
def application_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft or what was returned."""
    rows = LimitApplication.objects.visible_to(request.user).select_related("customer__standing")
    row = get_object_or_404(rows, pk=pk)
    initial = {name: getattr(row, name) for name in ApplicationForm.base_fields}
    return asked(
        request, row.customer, initial, lambda given: commands.edit_application(row.pk, by=request.user, **given)
    )


def asked(request: HttpRequest, customer: Customer, initial: dict, save: Callable) -> HttpResponse:
    """The form with the customer's credit beside it; what was typed stays when it cannot be kept."""
    form = ApplicationForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            submit = "submit" in request.POST
            row = save(form.cleaned_data | {"today": localdate(), "submit": submit})
            messages.success(request, _("Handed in.") if submit else _("Kept as a draft."))
            return redirect("application", pk=row.pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {"form": form, "customer": customer, "strip": strip_of(customer, localdate())}
    return render(request, "credit/application_new.html", context, status=400 if form.errors else 200)


@require_POST
@needs(Can.ASK_LIMIT)
def application_submit(request: HttpRequest, pk: int) -> HttpResponse:
    row = seen(request, pk)
    done(request, lambda: commands.submit_application(row.pk, by=request.user, today=localdate()), _("Handed in."))
    return again(request, pk)


@require_POST
@needs(Can.ASK_LIMIT)
def application_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    row = seen(request, pk)
    done(request, lambda: commands.withdraw_application(row.pk, by=request.user), _("Withdrawn."))
    return again(request, pk)


@require_POST
@needs(Can.DECIDE_LIMITS)
def application_approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve the sum, or less."""
    return decided(request, pk, ApprovalForm, commands.approve_limit, what_follows)


def what_follows(application: LimitApplication) -> str:
    """What an approval has led to: the limit, or the next level."""
    if application.state == LimitApplication.State.APPROVED:
        known = {"customer": application.customer, "amount": money(application.amount_base)}
        return _("Approved: %(customer)s has a limit of %(amount)s from today.") % known
    waits_for = level_waiting(application, Policy.current())
    return _("Approved. It goes on to the next level: %(role)s.") % {"role": waits_for.label}


@require_POST
@needs(Can.DECIDE_LIMITS)
def application_return(request: HttpRequest, pk: int) -> HttpResponse:
    return decided(request, pk, CommentForm, commands.return_application, _("Returned with your question."))


@require_POST
@needs(Can.DECIDE_LIMITS)
def application_reject(request: HttpRequest, pk: int) -> HttpResponse:
    return decided(request, pk, CommentForm, commands.reject_application, _("Rejected."))


def decided(request: HttpRequest, pk: int, shape: type, command: Callable, sentence: str | Callable) -> HttpResponse:
    """Back to the list as it was narrowed and turned to; back to the application when it could not be done."""
    row, form = seen(request, pk), shape(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return again(request, pk)
    given = form.cleaned_data | {"by": request.user, "today": localdate()}
    if done(request, lambda: command(row.pk, **given), sentence):
        return redirect(list_again(request, "applications"))
    return again(request, pk)


def again(request: HttpRequest, pk: int) -> HttpResponse:
    """The application beside the list it was opened from."""
    return redirect(list_again(request, "application", pk))


def seen(request: HttpRequest, pk: int) -> LimitApplication:
    return get_object_or_404(LimitApplication.objects.visible_to(request.user), pk=pk)
