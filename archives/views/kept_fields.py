"""Who keeps which field of a customer, for administrators."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from archives.commands.ownership import keep_fields
from archives.forms import KeepersForm
from crm.core.doors import needs
from crm.core.roles import Can


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_FIELDS)
def kept_fields(request: HttpRequest) -> HttpResponse:
    form = KeepersForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        changed = keep_fields(form.choices, by=request.user)
        messages.success(request, _("Saved. It holds from now on.") if changed else _("Nothing was changed."))
        return redirect("kept_fields")
    return render(request, "archives/kept_fields.html", {"form": form}, status=400 if form.errors else 200)
