"""Customers leave the house as a file: who took what is noted before the first row goes."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from archives.models import Customer
from crm.core import audit
from crm.core.errors import NotAllowed, Refused
from crm.core.models import User
from crm.core.roles import Can

EXPORT_CAP = 10_000
CHUNK = 1_000
BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet takes for the beginning of a formula, wide or narrow.
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def export_customers(customers: QuerySet[Customer], *, by: User, filters: str, cap: int = EXPORT_CAP) -> Iterator[str]:
    """The lines of a CSV file of `customers`, already narrowed to what `by` may see.

    Refused: without the right to export; more than `cap` rows at once. The audit entry holds the filter and the number
    of rows, and is written before anything leaves.
    """
    if not by.may(Can.EXPORT):
        raise NotAllowed(_("Your role does not include exports."))
    with transaction.atomic():
        ids = list(customers.values_list("pk", flat=True)[: cap + 1])
        if len(ids) > cap:
            raise Refused(
                _("An export holds at most %(cap)s customers. Narrow the list first.") % {"cap": f"{cap:,}"},
                code="too_many_rows",
            )
        audit.record("customers.exported", by, by=by, what="customers", filters=filters, rows=len(ids))
    return _lines(customers, ids, language=get_language())


def _lines(customers: QuerySet[Customer], ids: list[int], *, language: str) -> Iterator[str]:
    """Chunk by chunk, each in the language of whoever asked: the rows leave after the request's own has ended."""
    writer = csv.writer(Echo())
    with translation.override(language):
        yield BYTE_ORDER_MARK + writer.writerow(heads())
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        rows = customers.order_by().in_bulk(chunk)
        with translation.override(language):
            lines = [writer.writerow(map(harmless, cells(rows[pk]))) for pk in chunk if pk in rows]
        yield "".join(lines)


class Echo:
    """A file that hands back what is written to it, so that csv's writer can be asked for lines."""

    def write(self, line: str) -> str:
        return line


def heads() -> list[str]:
    """What stands above the columns; sums are in the base currency, as the list shows them."""
    return [
        *(_("Number"), _("Registered name"), _("Short name"), _("Status"), _("Region"), _("Owner"), _("Industry")),
        *(_("Phone"), _("Tax number"), _("Class"), _("Core"), _("Grade"), _("Credit report")),
        *(_("Limit"), _("Exposure"), _("Available"), _("Overdue")),
    ]


def cells(row: Customer) -> list[Any]:
    """One customer, column by column as in `heads`."""
    standing = row.standing
    core = _("yes") if standing.core else _("no")
    return [
        *(row.number, row.name, row.short_name, row.get_status_display(), row.region, row.owner, row.industry),
        *(row.phone, row.tax_number, standing.segment, core, standing.grade, standing.get_report_status_display()),
        *(standing.limit, standing.exposure, standing.available, standing.overdue),
    ]


def harmless(value: Any) -> str:
    """The cell as text; a text that a spreadsheet would run as a formula begins with an apostrophe. Sums stay sums."""
    if value is None or isinstance(value, Decimal):
        return "" if value is None else str(value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
