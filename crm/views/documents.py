"""The papers of a customer as a list: their columns, page by page."""

from typing import Any

from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy

from archives.models import Customer, Document
from crm.core.errors import Invalid
from crm.core.keyset import page_of
from crm.core.lists.table import Column, Table
from crm.core.templatetags.dossier import days_left

PAGE_SIZE = 50


def documents_of(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """What the template of a table needs; a page that belongs to another list is told of, and the first is shown."""
    papers = Document.objects.filter(customer=customer).select_related("by").order_by("-created_at", "-pk")
    told = {}
    try:
        page = page_of(papers, cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    except Invalid as refusal:
        page, told = page_of(papers, size=PAGE_SIZE), {"refusal": str(refusal)}
    table = Table(COLUMNS)
    rows = table.rows(page.rows, key=lambda paper: str(paper.pk), opens=lambda paper: "")
    return told | {"page": page, "rows": rows, "heads": table.heads(request.GET)}


def _what(paper: Document) -> SafeString:
    below = f"{paper.number} {filesizeformat(paper.size)}"
    return format_html(
        '<a href="{}">{}</a><div class="small text-secondary">{}</div>',
        *(reverse("document", args=[paper.pk]), paper.title, below),
    )


def _until(paper: Document) -> SafeString | str:
    if not paper.valid_until:
        return "–"
    day = date_format(paper.valid_until, "SHORT_DATE_FORMAT")
    return format_html('<span class="text-red">{}</span>', day) if days_left(paper.valid_until) < 0 else day


def _added(paper: Document) -> str:
    return f"{date_format(localtime(paper.created_at), 'SHORT_DATE_FORMAT')} · {paper.by}"


COLUMNS = (
    Column("document", gettext_lazy("Document"), _what, fixed=True),
    Column("kind", gettext_lazy("Kind"), lambda paper: capfirst(paper.get_kind_display())),
    Column("valid_until", gettext_lazy("Valid until"), _until),
    Column("added", gettext_lazy("Added"), _added, classes="text-secondary"),
)
