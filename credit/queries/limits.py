"""Which limit holds for whom, on the way from the root of a group down to the customer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Q

from archives.models import Customer
from archives.queries.there import has
from credit.models import CreditLimit, LimitMode
from credit.queries.exposure import Exposure, exposure_of
from crm.core.models import Unit

PATH = """
WITH RECURSIVE up(id, parent_id, depth) AS (
    SELECT id, parent_id, 0 FROM archives_customer WHERE id = %s
    UNION ALL
    SELECT above.id, above.parent_id, up.depth + 1
    FROM up JOIN archives_customer above ON above.id = up.parent_id WHERE up.depth < 50
)
SELECT id FROM up ORDER BY depth DESC"""


@dataclass(frozen=True)
class Group:
    """The group above a customer: its topmost company with a limit, or the root."""

    number: str
    name: str
    limit: Decimal | None
    exposure: Decimal
    available: Decimal | None


@dataclass(frozen=True)
class Credit:
    """A customer's limit and what is taken of it; sums in the base currency. `group` is None outside any group."""

    limit: CreditLimit | None
    exposure: Exposure
    group: Group | None
    as_of: datetime | None = None

    @property
    def amount(self) -> Decimal | None:
        return self.limit.amount if self.limit else None

    @property
    def available(self) -> Decimal | None:
        return None if self.amount is None else self.amount - self.exposure.total


def path(customer_id: int) -> list[int]:
    """The customer with all companies above it, root first."""
    with connection.cursor() as cursor:
        cursor.execute(PATH, [customer_id])
        return [row[0] for row in cursor.fetchall()]


def in_force(today: date) -> Q:
    """Limits that hold on that day, its first and last included."""
    return Q(valid_from__lte=today, valid_until__gte=today, superseded_at=None)


def limit_in_force(customer: Customer, unit: Unit | None, today: date) -> CreditLimit | None:
    """The customer's own limit on that day – or the share of a selling unit; None when none holds."""
    return CreditLimit.objects.filter(in_force(today), customer=customer, unit=unit).first()


def limits_of(customer_ids: Iterable[int], today: date, *, unit: Unit | None = None) -> dict[int, CreditLimit]:
    """The limits in force of several customers, by customer."""
    rows = CreditLimit.objects.filter(in_force(today), customer__in=customer_ids, unit=unit).select_related("customer")
    return {row.customer_id: row for row in rows}


def ended_limit(customer_ids: Sequence[int], today: date) -> CreditLimit | None:
    """The limit of these customers that ended last before the day."""
    rows = CreditLimit.objects.filter(customer__in=customer_ids, unit=None, valid_until__lt=today, superseded_at=None)
    return rows.order_by("-valid_until").first()


def credit_of(customer: Customer, today: date, *, now: datetime | None = None) -> Credit:
    """Limit, exposure and headroom of a customer and of its group."""
    way = path(customer.pk) if customer.parent_id else [customer.pk]
    limits = limits_of(way, today) if len(way) > 1 or has(customer, CreditLimit) else {}
    head = next((above for above in way[:-1] if above in limits), way[0])
    exposures = exposure_of({head, customer.pk}, today)
    group = None if head == customer.pk else group_of(head, limits.get(head), exposures[head].total)
    return Credit(limits.get(customer.pk), exposures[customer.pk], group, now)


def group_of(customer_id: int, limit: CreditLimit | None, exposure: Decimal) -> Group:
    """The group with this company at its head; no sum where its limit is none of an amount."""
    customer = limit.customer if limit else Customer.objects.get(pk=customer_id)
    amount = limit.amount if limit and limit.mode == LimitMode.AMOUNT else None
    return Group(customer.number, str(customer), amount, exposure, None if amount is None else amount - exposure)
