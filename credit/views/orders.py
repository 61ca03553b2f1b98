"""Held orders and what a person says to them; and, without writing anything, whether an order could go out."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from archives.models import Customer
from credit.commands.checks import check_again, refuse_order, release_order
from credit.filters import OUTCOMES, WAITING, HoldFilter
from credit.forms import HoldForm, WhatIfForm
from credit.models import OrderCheck
from credit.queries.checks import Outlook, held_orders, outlook, stopped_orders, ways_out_of, why_held
from credit.queries.screens import strip_of
from credit.rules.checks import why_not_decide_hold
from credit.rules.wording import REASON_WORDS, reason_words
from credit.views.answers import done, first_error
from crm.core.doors import needs
from crm.core.errors import Refused
from crm.core.lists.narrowing import Link, quick_filter
from crm.core.lists.pages import list_again, list_page
from crm.core.models import User
from crm.core.roles import Can

QUICK_REASONS = ("over_limit", "over_group_limit", "overdue", "report_stale", "no_limit")


@require_GET
@needs(Can.SEE_CREDIT)
def hold_list(request: HttpRequest) -> HttpResponse:
    """The orders that wait for somebody's decision, with reasons and ways out; with `?state=` those decided too."""
    rows = stopped_orders(request.user).select_related("customer__standing", "asked_by", "decided_by", "unit")

    def narrowed(params: QueryDict) -> HoldFilter:
        return HoldFilter(params, queryset=rows.order_by("-id"), request=request)

    context = list_page(request, page="holds", filterset=narrowed, size=20)
    for row in context["page"].rows:
        explain(row, request.user)
    context |= {"quick": quick_filters(request), "held_count": held_orders(request.user).count()}
    return render(request, "credit/holds.html", context, status=context["status"])


def quick_filters(request: HttpRequest) -> list[Link]:
    params = request.GET
    waiting = WAITING if request.user.may(Can.DECIDE_HOLDS) else []
    return [
        *(quick_filter(params, str(words), "waiting", whom) for whom, words in waiting),
        *(quick_filter(params, capfirst(REASON_WORDS[code][0]), "reason", code) for code in QUICK_REASONS),
        *(quick_filter(params, capfirst(words), "state", state) for state, words in OUTCOMES[1:]),
    ]


def explain(row: OrderCheck, user: User) -> None:
    """The row with its sentences, and why this person may not decide it."""
    row.sentences, row.clears = why_held(row), ways_out_of(row)
    row.badges = list(dict.fromkeys(reason_words(reason) for reason in row.reasons))
    row.waits = row.state == OrderCheck.State.OPEN
    row.why_not = why_not_decide_hold(by=user, asked_by=row.asked_by_id, waiting=row.waits)


@require_POST
@needs(Can.DECIDE_HOLDS)
def hold_release(request: HttpRequest, order: str) -> HttpResponse:
    return decided(request, order, release_order, _("Released. The sum is reserved."))


@require_POST
@needs(Can.DECIDE_HOLDS)
def hold_refuse(request: HttpRequest, order: str) -> HttpResponse:
    return decided(request, order, refuse_order, _("Refused."))


def decided(request: HttpRequest, order: str, command: Callable, sentence: str) -> HttpResponse:
    """Back to the list as it was narrowed and turned to."""
    row, form = seen(request, order), HoldForm(request.POST)
    if form.is_valid():
        given = {"by": request.user, "reason": form.cleaned_data["reason"], "today": localdate()}
        done(request, lambda: command(row.order, **given), sentence)
    else:
        messages.error(request, first_error(form))
    return redirect(list_again(request, "holds"))


@require_POST
@needs(Can.CHECK_ORDERS)
def hold_check_again(request: HttpRequest, order: str) -> HttpResponse:
    """Ask once more, because something was paid or granted since."""
    row = seen(request, order)
    try:
        row = check_again(row.order, by=request.user, today=localdate())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(list_again(request, "holds"))
    if row.decision == OrderCheck.Decision.APPROVED:
        messages.success(request, _("Order %(order)s goes out now.") % {"order": row.order})
    else:
        messages.warning(request, _("Order %(order)s is still held.") % {"order": row.order})
    return redirect(list_again(request, "holds"))


def seen(request: HttpRequest, order: str) -> OrderCheck:
    return get_object_or_404(OrderCheck.objects.visible_to(request.user), order=order)


@require_GET
@needs(Can.SEE_CREDIT)
def what_if(request: HttpRequest, number: str) -> HttpResponse:
    """Can I ship? A sum, and what a check would say now. Nothing is written, nothing reserved."""
    rows = Customer.objects.visible_to(request.user).select_related("standing")
    customer = get_object_or_404(rows, number=number)
    form = WhatIfForm(request.GET if "amount" in request.GET else None, initial={"currency": customer.currency})
    context = {"customer": customer, "form": form, "strip": strip_of(customer, localdate())}
    if form.is_bound and form.is_valid():
        context |= answer_for(customer, form)
    return render(request, "credit/what_if.html", context, status=400 if form.errors else 200)


def answer_for(customer: Customer, form: WhatIfForm) -> dict[str, Outlook | str]:
    try:
        return {"outlook": outlook(customer, today=localdate(), **form.cleaned_data)}
    except Refused as refusal:
        return {"refusal": str(refusal)}
