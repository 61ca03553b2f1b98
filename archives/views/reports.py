"""Taking a credit report or reference into the archive."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from archives.commands.reports import add_credit_report
from archives.forms import ReportForm
from archives.models import Customer
from crm.core.doors import needs
from crm.core.errors import Refused
from crm.core.roles import Can


@require_http_methods(["GET", "POST"])
@needs(Can.ADD_REPORTS)
def report_new(request: HttpRequest, number: str) -> HttpResponse:
    customer = get_object_or_404(Customer.objects.visible_to(request.user), number=number)
    form = ReportForm(request.POST or None, initial={"issued_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid() and _added(request, customer, form):
        return redirect(customer)
    context = {"form": form, "customer": customer, "title": _("New credit report")}
    return render(request, "archives/edit.html", context, status=400 if form.errors else 200)


def _added(request: HttpRequest, customer: Customer, form: ReportForm) -> bool:
    try:
        report = add_credit_report(customer, by=request.user, today=timezone.localdate(), **form.cleaned_data)
    except Refused as refusal:
        for field, sentence in getattr(refusal, "errors", {None: str(refusal)}).items():
            form.add_error(field if field in form.fields else None, sentence)
        return False
    messages.success(
        request, _("The report is in the archive. It is valid until %(day)s.") % {"day": report.valid_until}
    )
    return True
