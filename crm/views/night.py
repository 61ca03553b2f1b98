"""The button that starts the night by day."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.core.doors import needs
from crm.core.roles import Can
from crm.pipelines import start_night


@require_POST
@needs(Can.RUN_NIGHT)
def run_night(request: HttpRequest) -> HttpResponse:
    chain = start_night(timezone.localdate(), by=request.user)
    messages.success(request, _("The night has started. Its steps run one after the other."))
    return redirect("job", pk=chain[0].pk)
