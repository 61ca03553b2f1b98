"""A customer at a glance: what a list shows beside itself when a row opens."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localdate
from django.views.decorators.http import require_GET

from archives.models import Customer, Visit
from archives.queries.facts import RECORDS, stalest_facts
from archives.queries.plans import open_plans_of
from credit.queries import strip_of
from crm.core.doors import needs
from crm.core.roles import Can
from crm.views.deeds import deeds_of


@require_GET
@needs(Can.SEE_ARCHIVE)
def glance(request: HttpRequest, number: str) -> HttpResponse:
    """Where it stands, what comes next, what was last heard, what to ask again; asked alone, the whole page."""
    seen = Customer.objects.visible_to(request.user).select_related("standing", *RECORDS)
    customer = get_object_or_404(seen, number=number)
    if not request.htmx:
        return redirect(customer)
    visits, today = Visit.objects.filter(customer=customer).select_related("by"), localdate()
    open_steps = visits.filter(next_step_due__isnull=False, next_step_done_on=None)
    context = {
        "customer": customer,
        "strip": strip_of(customer, today),
        "next_step": open_steps.order_by("next_step_due", "id").first(),
        "plan": open_plans_of(customer).first(),
        "last": visits.order_by("-happened_at", "-id").first(),
        "stale": stalest_facts(customer),
        "deeds": [(deed.icon, deed.address(customer.number), deed.words) for deed in deeds_of(request.user)],
        "today": today,
    }
    return render(request, "crm/glance.html", context)
