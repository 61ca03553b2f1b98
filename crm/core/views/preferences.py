"""How the pages look to oneself: language and appearance."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.core.commands import prefer
from crm.core.forms import PreferencesForm


@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    form = PreferencesForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        prefer(request.user, **form.cleaned_data)
        with translation.override(form.cleaned_data["language"] or request.LANGUAGE_CODE):
            messages.success(request, _("Saved."))
        return redirect("settings")
    return render(request, "core/settings.html", {"form": form})
