"""A list as a page: the view it opens, what narrows it, and the rows of one page by key."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from crm.core.api.filters import StrictFilterSet
from crm.core.doors import without_blanks
from crm.core.errors import Refused
from crm.core.keyset import capped_count, page_of
from crm.core.lists.narrowing import active_filters
from crm.core.lists.views import BESIDE, OpenedList, open_list


def list_page(
    request: HttpRequest, *, page: str, filterset: Callable[[QueryDict], StrictFilterSet], size: int = 50
) -> dict[str, Any]:
    """What the templates of a list need: `opened`, `filterset`, `page`, `count`, `capped`, `active`, `narrowed`.

    A parameter that the list does not know makes a `refusal` instead of rows; the page then goes out with `status`.
    """
    opened = open_list(without_blanks(request.GET), page=page, user=request.user, filterset=filterset)
    request.GET, narrowed = opened.params, filterset(opened.params)
    context = {"opened": opened, "filterset": narrowed, "form": narrowed.form, "status": 200}
    return context | rows_of(opened, narrowed, size=size)


def rows_of(
    opened: OpenedList,
    narrowed: StrictFilterSet,
    *,
    read: Callable[[QuerySet], QuerySet] = lambda rows: rows,
    size: int = 50,
) -> dict[str, Any]:
    """The rows of one page, how many there are in all and by what they are narrowed; or why there are none.

    `read` says what of the rows is wanted; they are counted without it.
    """
    try:
        narrowed.refuse(also=BESIDE)
        found = page_of(read(narrowed.qs), cursor=opened.params.get("cursor", ""), size=size)
    except Refused as refusal:
        return {"refusal": str(refusal), "status": 400}
    count, capped = capped_count(narrowed.qs)
    active = list(active_filters(narrowed, opened.params))
    return {"page": found, "count": count, "capped": capped, "active": active, "narrowed": bool(active)}
