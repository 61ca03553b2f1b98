"""A list as a page: the view it opens, what narrows it, and the rows of one page by key."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from crm.core.api.filters import StrictFilterSet
from crm.core.doors import without_blanks
from crm.core.errors import Invalid
from crm.core.keyset import capped_count, page_of
from crm.core.lists.narrowing import active_filters
from crm.core.lists.table import Column, Table
from crm.core.lists.views import BESIDE, OpenedList, open_list


def list_page(
    request: HttpRequest, *, page: str, filterset: Callable[[QueryDict], StrictFilterSet], size: int = 50
) -> dict[str, Any]:
    """What the templates of a list need: `opened`, `filterset`, `page`, `count`, `capped`, `active`, `narrowed`.

    What the list does not know is told of in a `refusal` and left out; the page then goes out with `status`.
    """
    opened = open_list(without_blanks(request.GET), page=page, user=request.user, filterset=filterset)
    narrowed = understood(opened, filterset)
    request.GET, found = opened.params, rows_of(opened, narrowed, size=size)
    status = 400 if opened.refusal else 200
    return {"opened": opened, "filterset": narrowed, "form": narrowed.form, "status": status} | found


def table_of(
    context: dict[str, Any],
    columns: Sequence[Column],
    *,
    key: Callable[[Any], str] = lambda record: str(record.pk),
    opens: Callable[[Any], str] | None = None,
) -> dict[str, Any]:
    """What the templates of a table need beside what `list_page` has found: `table`, `heads`, `rows`."""
    opened: OpenedList = context["opened"]
    table = Table(columns, opened.columns)
    rows = table.rows(context["page"].rows, key, opens)
    return context | {"table": table, "heads": table.heads(opened.params), "rows": rows}


def understood(opened: OpenedList, filterset: Callable[[QueryDict], StrictFilterSet]) -> StrictFilterSet:
    """The filters of what the address says as far as the list understands it; the rest is left out and told of."""
    narrowed = filterset(opened.params)
    try:
        narrowed.refuse(also=BESIDE)
    except Invalid as refusal:
        _leave_out(opened, refusal)
        return understood(opened, filterset)
    return narrowed


def _leave_out(opened: OpenedList, refusal: Invalid) -> None:
    opened.refusal = " ".join(filter(None, [opened.refusal, *refusal.errors.values()]))
    for name in refusal.errors:
        del opened.params[name]


def list_again(request: HttpRequest, page: str, *args: object) -> str:
    """The list that a form was sent from, with its filters, its order and its page, which came along as `address`."""
    address = QueryDict(request.POST.get("address", "")).urlencode(safe=",")
    return reverse(page, args=args) + (f"?{address}" if address else "")


def rows_of(
    opened: OpenedList,
    narrowed: StrictFilterSet,
    *,
    read: Callable[[QuerySet], QuerySet] = lambda rows: rows,
    size: int = 50,
) -> dict[str, Any]:
    """The rows of one page, how many there are in all and by what they are narrowed.

    A page that is no longer there, because its rows went elsewhere or it belongs to another order, is the first one.
    `read` says what of the rows is wanted; they are counted without it.
    """
    rows = read(narrowed.qs)
    try:
        found = page_of(rows, cursor=opened.params.get("cursor", ""), size=size)
    except Invalid as refusal:
        _leave_out(opened, refusal)
        found = page_of(rows, size=size)
    if not found.rows and opened.params.pop("cursor", None):
        found = page_of(rows, size=size)
    count, capped = capped_count(narrowed.qs)
    active = list(active_filters(narrowed, opened.params))
    told = {"refusal": opened.refusal} if opened.refusal else {}
    return told | {"page": found, "count": count, "capped": capped, "active": active, "narrowed": bool(active)}
