"""The list of next steps that are open, the most urgent first."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.timezone import localdate
from django.views.decorators.http import require_GET

from archives.filters import DUE_TIMES, FollowUpFilterSet
from archives.queries.follow_ups import open_follow_ups
from crm.core.doors import needs
from crm.core.lists.narrowing import quick_filter
from crm.core.lists.pages import list_page
from crm.core.roles import Can


@require_GET
@needs(Can.SEE_ARCHIVE)
def follow_ups(request: HttpRequest) -> HttpResponse:
    """Open next steps of the customers one sees; `?due=` narrows them. What says nothing is told of."""

    def narrowed(params: QueryDict) -> FollowUpFilterSet:
        return FollowUpFilterSet(params, queryset=open_follow_ups(request.user), request=request)

    context = list_page(request, page="follow_ups", filterset=narrowed)
    quick = [quick_filter(request.GET, str(words), "due", word) for word, words in DUE_TIMES]
    shown = context | {"follow_ups": context["page"].rows, "quick": quick, "today": localdate()}
    return render(request, "archives/follow_ups.html", shown, status=context["status"])
