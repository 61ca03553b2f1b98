"""What an order check must know of a customer at the moment it decides, and the queue of held orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from archives.choices import CustomerStatus
from archives.models import CreditReport, Customer, Invoice
from credit.models import STOPPED, CreditLimit, LimitMode, OrderCheck
from credit.queries.exposure import exposure_of
from credit.queries.limits import ended_limit, limits_of, path
from credit.rules.checks import Facts, Node, OpenInvoice, judge
from credit.rules.limits import footing
from credit.rules.wording import reason_text, way_text
from crm.core.models import Policy, Unit, User
from crm.core.money import rates_on, to_base

INVOICES_READ = 50


def held_orders(user: User) -> QuerySet[OrderCheck]:
    """The held orders that wait for a decision, newest first."""
    return OrderCheck.objects.visible_to(user).filter(decision=OrderCheck.Decision.HELD, state=OrderCheck.State.OPEN)


def stopped_orders(user: User) -> QuerySet[OrderCheck]:
    """The orders that a check has stopped, those too that somebody has decided about since."""
    return OrderCheck.objects.visible_to(user).filter(STOPPED)


def facts_for(
    customer: Customer, way: Sequence[int], *, amount: Decimal, unit: Unit | None, today: date, order: str | None = None
) -> Facts:
    """Everything the rule looks at; `way` leads from the root of the group to the customer, `amount` in base currency.

    The documents of `order` itself are left out of the exposure.
    """
    limits = limits_of(way, today)
    nearest = next((limits[pk] for pk in reversed(way) if pk in limits), None)
    ended = None if nearest else ended_limit(way, today)
    return Facts(
        amount=amount,
        footing=footing(nearest, ended),
        nodes=[*nodes(way, limits, today, order), *unit_nodes(way, unit, today, order)],
        invoices=open_invoices(customer, today, order),
        tradable=CustomerStatus(customer.status).tradable,
        report_ended_on=report_ended_on(customer, today),
        limit_ended_on=ended.valid_until if ended else None,
    )


def nodes(way: Sequence[int], limits: dict[int, CreditLimit], today: date, order: str | None) -> list[Node]:
    """The limits of a fixed amount on the way, root first, with the exposure below each."""
    fixed = {pk: limits[pk] for pk in way if pk in limits and limits[pk].mode == LimitMode.AMOUNT}
    exposures = exposure_of(fixed, today, without_order=order)
    return [
        Node("customer" if pk == way[-1] else "group", str(limit.customer), limit.amount, exposures[pk].total)
        for pk, limit in fixed.items()
    ]


def unit_nodes(way: Sequence[int], unit: Unit | None, today: date, order: str | None) -> list[Node]:
    """The shares of a selling unit in those limits, with what that unit has out."""
    if unit is None:
        return []
    shares = {pk: row for pk, row in limits_of(way, today, unit=unit).items() if row.mode == LimitMode.AMOUNT}
    exposures = exposure_of(shares, today, without_order=order, unit_id=unit.pk) if shares else {}
    return [Node("unit", str(unit), shares[pk].amount, exposures[pk].total) for pk in shares]


def open_invoices(customer: Customer, today: date, order: str | None) -> list[OpenInvoice]:
    """The customer's own open invoices, undisputed ones first, the one due first in front, in the base currency."""
    rates = rates_on(today)
    rows = Invoice.objects.filter(customer=customer, open_amount__gt=0).order_by("disputed", "due_on", "pk")
    return [
        OpenInvoice(
            number=row.number,
            amount=to_base(row.open_amount, row.currency, day=today, rates=rates),
            days_overdue=(today - row.due_on).days,
            disputed=row.disputed,
            of_this_order=bool(order) and row.order == order,
        )
        for row in rows[:INVOICES_READ]
    ]


def report_ended_on(customer: Customer, today: date) -> date | None:
    """When the customer's latest credit report ran out; None while it holds, or where there is none."""
    reports = CreditReport.objects.filter(customer=customer).order_by("-issued_on", "-id")
    last = reports.values_list("valid_until", flat=True).first()
    return last if last and last < today else None


def why_held(check: OrderCheck) -> list[str]:
    """The reasons against an order as sentences."""
    return [reason_text(reason) for reason in check.reasons]


def ways_out_of(check: OrderCheck) -> list[str]:
    """What would clear a held order, as sentences."""
    return [way_text(way) for way in check.ways_out]


@dataclass(frozen=True)
class Outlook:
    """What a check of an order would say now, worded."""

    approved: bool
    amount: Decimal
    available: Decimal | None
    reasons: list[str]
    ways_out: list[str]


def outlook(customer: Customer, *, amount: Decimal, currency: str, unit: Unit | None, today: date) -> Outlook:
    """Could such an order go out? Nothing is written, nothing reserved; sums in the base currency."""
    in_base = to_base(amount, currency, day=today)
    facts = facts_for(customer, path(customer.pk), amount=in_base, unit=unit, today=today)
    answer = judge(facts, policy=Policy.current())
    reasons, ways = [reason_text(row) for row in answer.reasons], [way_text(row) for row in answer.ways_out]
    return Outlook(answer.approved, in_base, answer.available_before, reasons, ways)
