"""Exchange rates, for whoever answers for the company's numbers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.core.commands import set_exchange_rate
from crm.core.doors import needs
from crm.core.forms import ExchangeRateForm
from crm.core.models import ExchangeRate
from crm.core.roles import Can

SHOWN = 200


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_POLICY)
def rates(request: HttpRequest) -> HttpResponse:
    form = ExchangeRateForm(request.POST or None, initial={"valid_from": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        row = set_exchange_rate(by=request.user, **form.cleaned_data)
        messages.success(request, _("%(currency)s has its rate.") % {"currency": row.currency})
        return redirect("rates")
    return render(request, "core/rates.html", {"form": form, "rates": ExchangeRate.objects.all()[:SHOWN]})
