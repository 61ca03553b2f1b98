"""The words of the field, for everybody who signs in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crm.core.glossary import in_order

LONGEST = 100


@require_GET
def glossary(request: HttpRequest) -> HttpResponse:
    """All terms, or those with what is sought; asked by htmx, the list alone."""
    sought = request.GET.get("q", "")[:LONGEST].strip()
    template = "core/glossary.html#terms" if request.htmx else "core/glossary.html"
    return render(request, template, {"terms": in_order(sought), "sought": sought})
