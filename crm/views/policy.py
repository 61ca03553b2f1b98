"""The company's numbers, for whoever answers for them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.core.commands import change_policy
from crm.core.doors import needs
from crm.core.forms import PolicyForm
from crm.core.models import Policy
from crm.core.roles import Can
from scoring.queries import scorecards_in_force, worded


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_POLICY)
def policy(request: HttpRequest) -> HttpResponse:
    scorecards = [(card.kind, worded(card)["label"]) for card in scorecards_in_force()]
    form = PolicyForm(request.POST or None, instance=Policy.current(), scorecards=scorecards)
    if request.method == "POST" and form.is_valid():
        change_policy(form.cleaned_data, by=request.user)
        messages.success(request, _("The numbers hold from now on. The next night works with them."))
        return redirect("policy")
    return render(request, "core/policy.html", {"form": form})
