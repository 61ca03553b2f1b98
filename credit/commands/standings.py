"""The standing of customers, brought up to date: their limit, exposure, headroom and overdue sums."""

from collections.abc import Collection
from datetime import date

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, Sum

from archives.commands.flags import lock_standings
from archives.models import Customer, Invoice, Order, Standing
from credit.models import OrderCheck, Reservation
from credit.queries.exposure import FIGURES, arguments

REFRESH = f"""
WITH RECURSIVE {FIGURES},
fresh AS (
    SELECT figures.*, l.mode, l.amount, l.valid_until,
        receivables + delivered_uninvoiced + open_orders + reservations - unapplied_payments AS total
    FROM figures LEFT JOIN credit_creditlimit l
        ON l.customer_id = node AND l.unit_id IS NULL AND l.superseded_at IS NULL
        AND %(today)s BETWEEN l.valid_from AND l.valid_until
    WHERE unrated IS NULL
)
UPDATE archives_standing standing
SET limit_mode = mode, "limit" = amount, limit_valid_until = valid_until, exposure = total,
    available = amount - total, overdue = fresh.own_overdue,
    oldest_overdue_days = fresh.own_oldest_overdue_days
FROM fresh
WHERE standing.customer_id = node AND
    (standing.limit_mode, standing."limit", standing.limit_valid_until, standing.exposure, standing.available,
     standing.overdue, standing.oldest_overdue_days)
    IS DISTINCT FROM
    (mode, amount, valid_until, total, amount - total, fresh.own_overdue,
     fresh.own_oldest_overdue_days)
"""


@transaction.atomic(savepoint=False)
def refresh_standings(customer_ids: Collection[int], *, today: date) -> int:
    """Work out the figures of these customers again, set-based; how many changed. Twice changes nothing.

    Customers with amounts in a currency without a rate keep their figures until somebody enters one.
    """
    lock_standings(customer_ids)
    with connection.cursor() as cursor:
        cursor.execute(REFRESH, arguments(customer_ids, today))
        return cursor.rowcount


@transaction.atomic
def bring_up_to_date(customer_ids: Collection[int], *, today: date) -> None:
    """Reservations that ended by `today`, then the figures: a new day changes both without any new record."""
    settle_reservations(today=today, customer_ids=customer_ids)
    refresh_standings(customer_ids, today=today)


def settle_reservations(*, today: date, customer_ids: Collection[int]) -> None:
    """End reservations past their day, and those of orders that are in the ledger since: these are fulfilled.

    Checks that somebody is working on just now are left for the next time: nobody waits for this.
    """
    over = Reservation.objects.filter(active=True, customer__in=customer_ids).annotate(synced=in_ledger_since_check())
    fates = dict(over.filter(Q(until__lt=today) | Q(synced=True)).values_list("pk", "synced"))
    free = OrderCheck.objects.filter(pk__in=fates).order_by("pk").select_for_update(skip_locked=True)
    ids = list(free.values_list("pk", flat=True))
    Reservation.objects.filter(pk__in=ids).update(active=False)
    OrderCheck.objects.filter(pk__in=[pk for pk in ids if fates[pk]]).update(state=OrderCheck.State.FULFILLED)


def in_ledger_since_check() -> Q:
    """That the order has been synced after the check, or that the invoices naming it cover it."""
    orders = Order.objects.filter(number=OuterRef("order"), updated_at__gte=OuterRef("check_row__checked_at"))
    named = Invoice.objects.filter(
        customer=OuterRef("customer"), order=OuterRef("order"), currency=OuterRef("check_row__currency")
    )
    covering = (
        named.order_by().values("order").annotate(sum=Sum("amount")).filter(sum__gte=OuterRef("check_row__amount"))
    )
    return Q(Exists(orders)) | Q(Exists(covering))


@transaction.atomic
def refresh_due_standings(*, today: date, most: int = 1_000) -> int:
    """Claim and refresh customers whose ledger has changed, and the companies above them; how many were claimed."""
    due = Standing.objects.filter(refresh_due=True).order_by("pk").select_for_update(skip_locked=True)
    claimed = list(due.values_list("pk", flat=True)[:most])
    if claimed:
        Standing.objects.filter(pk__in=claimed).update(refresh_due=False)
        settle_reservations(today=today, customer_ids=claimed)
        refresh_standings(claimed, today=today)
        ask_for_refresh_above(claimed)
    return len(claimed)


def ask_for_refresh_above(customer_ids: Collection[int]) -> None:
    """The sums of a group hold those of its companies: the parents are due next."""
    parents = Customer.objects.filter(pk__in=customer_ids, parent__isnull=False).values("parent")
    rows = Standing.objects.filter(customer__in=parents, refresh_due=False).order_by("pk")
    free = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
    Standing.objects.filter(pk__in=free).update(refresh_due=True)
