"""Customers leave the house as a file: few at once, many as a job. Who took what is on record with the file's hash."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from archives.models import Customer
from archives.models.customer import SEARCH_COLUMNS
from crm.core import audit, exports, jobs
from crm.core.models import Job, User

AT_ONCE = 1_000
NOT_SHOWN = ["business_scope", *SEARCH_COLUMNS]


def shown(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """The customers with what a file of them shows."""
    return customers.select_related("region", "owner", "standing").defer(*NOT_SHOWN)


exports.TOLD["export_customers"] = exports.Told(
    "customers", "customers.exported", lambda user: shown(Customer.objects.visible_to(user))
)


@transaction.atomic
def export_now(customers: QuerySet[Customer], *, by: User, filters: str) -> bytes | None:
    """A CSV file of `customers`, already narrowed to what `by` may see; None when they are too many to come at once.

    Refused: without the right to export.
    """
    if refusal := exports.why_not_export(by):
        raise refusal
    rows = list(customers[: AT_ONCE + 1])
    if len(rows) > AT_ONCE:
        return None
    content = exports.written([heads(), *map(cells, rows)], first=True)
    told = {"what": "customers", "filters": filters, "rows": len(rows)}
    audit.record("customers.exported", by, by=by, **told, sha256=hashlib.sha256(content).hexdigest())
    return content


def export_later(*, by: User, filters: str) -> Job:
    """A job that writes a CSV file of the customers that `filters` (a query string) narrows the list to.

    Refused: without the right to export.
    """
    if refusal := exports.why_not_export(by):
        raise refusal
    key = f"{by.username}, {timezone.localtime():%Y-%m-%d %H:%M:%S}"[-80:]
    return jobs.enqueue("export_customers", key=key, by=by, params={"filters": filters})


def heads() -> list[str]:
    """What stands above the columns; sums are in the base currency, as the list shows them."""
    return [
        *(_("Number"), _("Registered name"), _("Short name"), _("Status"), _("Region"), _("Owner"), _("Industry")),
        *(_("Phone"), _("Tax number"), _("Class"), _("Core"), _("Grade"), _("Credit report")),
        *(_("Limit"), _("Exposure"), _("Available"), _("Overdue")),
    ]


def cells(row: Customer) -> Sequence[Any]:
    """One customer, column by column as in `heads`."""
    standing = row.standing
    core = _("yes") if standing.core else _("no")
    return [
        *(row.number, row.name, row.short_name, row.get_status_display(), row.region, row.owner, row.industry),
        *(row.phone, row.tax_number, standing.segment, core, standing.grade, standing.get_report_status_display()),
        *(standing.limit, standing.exposure, standing.available, standing.overdue),
    ]
