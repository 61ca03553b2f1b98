"""The list of open flags: what somebody must look at, of the customers one may see."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET

from archives.choices import FlagReason
from archives.filters import FlagFilterSet
from archives.models import Flag
from crm.core.doors import needs
from crm.core.lists.narrowing import quick_filter
from crm.core.lists.pages import list_page
from crm.core.roles import Can


@require_GET
@needs(Can.SEE_ARCHIVE)
def flag_list(request: HttpRequest) -> HttpResponse:
    """Open flags, the newest first; `?reason=` and `?customer=` narrow them."""
    flags = Flag.objects.visible_to(request.user).filter(closed_on=None).select_related("customer__owner")

    def narrowed(params: QueryDict) -> FlagFilterSet:
        return FlagFilterSet(params, queryset=flags.order_by("-raised_on", "-id"), request=request)

    context = list_page(request, page="flags", filterset=narrowed)
    context["quick"] = [quick_filter(request.GET, str(one.label), "reason", one.value) for one in FlagReason]
    return render(request, "archives/flags.html", context, status=context["status"])
