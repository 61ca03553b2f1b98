"""May this order go out? Every reason against it, what binds, and what would clear it. Sums in the base currency."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from crm.core.errors import NotAllowed, Refused
from crm.core.models import Policy, User
from crm.core.money import cents
from crm.core.roles import Can

NOTHING = Decimal("0.00")
INVOICES_NAMED = 3


class Footing(StrEnum):
    """On what a customer buys: a limit that holds, or why there is none."""

    GRANTED = "granted"
    NO_LIMIT = "no_limit"
    EXPIRED = "expired"
    CASH_ONLY = "cash_only"
    NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True)
class Node:
    """A limit that the order must fit under: the customer's, its group's or a selling unit's."""

    kind: str
    name: str
    limit: Decimal
    exposure: Decimal

    @property
    def headroom(self) -> Decimal:
        return self.limit - self.exposure


@dataclass(frozen=True)
class OpenInvoice:
    """An invoice to be paid. One `of_this_order` holds it when overdue, but is in the order's own sum already."""

    number: str
    amount: Decimal
    days_overdue: int
    disputed: bool
    of_this_order: bool = False

    @property
    def frees(self) -> Decimal:
        """What its payment gives back of the limit for this order."""
        return NOTHING if self.of_this_order else self.amount


@dataclass(frozen=True)
class Facts:
    """What is known at the moment of the check, the order itself left out. Invoices oldest first."""

    amount: Decimal
    footing: Footing
    nodes: Sequence[Node] = ()
    invoices: Sequence[OpenInvoice] = ()
    tradable: bool = True
    report_ended_on: date | None = None
    limit_ended_on: date | None = None


@dataclass(frozen=True)
class Answer:
    """The decision with its reasons and ways out as JSON-safe records, worded when they are read."""

    approved: bool
    reasons: list[dict[str, Any]] = field(default_factory=list)
    ways_out: list[dict[str, Any]] = field(default_factory=list)
    binding: str = ""
    available_before: Decimal | None = None
    available_after: Decimal | None = None


def judge(facts: Facts, *, policy: Policy) -> Answer:
    """Approved when no reason speaks against it. An exposure that then equals the limit passes."""
    binding = min(facts.nodes, key=lambda node: node.headroom, default=None)
    reasons = [
        *against_customer(facts),
        *against_footing(facts),
        *against_limits(facts),
        *against_habits(facts, policy),
    ]
    before = before_the_order(facts, binding)
    taken = NOTHING if reasons else facts.amount
    return Answer(
        approved=not reasons,
        reasons=reasons,
        ways_out=ways_out(facts, reasons, binding, policy),
        binding=binding.kind if binding else "",
        available_before=before,
        available_after=None if before is None else before - taken,
    )


def before_the_order(facts: Facts, binding: Node | None) -> Decimal | None:
    """What the binding limit leaves; None where the limit is without end, nothing where none is granted."""
    if facts.footing != Footing.GRANTED:
        return NOTHING
    return binding.headroom if binding else None


def reason(code: str, measured: Any, threshold: Any, **params: Any) -> dict[str, Any]:
    """One reason against the order, JSON-safe; what was found and what was allowed, as text."""
    return {"code": code, "measured": str(measured), "threshold": str(threshold), "params": params}


def against_customer(facts: Facts) -> list[dict[str, Any]]:
    """Closed and blacklisted customers get nothing."""
    return [] if facts.tradable else [reason("customer_blocked", "blocked", "active")]


def against_footing(facts: Facts) -> list[dict[str, Any]]:
    """No limit at all, one that has ended, cash only, or not assessed yet."""
    if facts.footing == Footing.GRANTED:
        return []
    if facts.footing == Footing.EXPIRED:
        return [reason("limit_expired", facts.amount, NOTHING, ended_on=str(facts.limit_ended_on))]
    return [reason("no_limit", facts.amount, NOTHING, footing=str(facts.footing))]


OVER = {"customer": "over_limit", "group": "over_group_limit", "unit": "over_unit_limit"}


def against_limits(facts: Facts) -> list[dict[str, Any]]:
    """Every limit on the way from the customer up to the group that the order would pass."""
    if facts.footing != Footing.GRANTED:
        return []
    return [
        reason(OVER[node.kind], node.exposure + facts.amount, node.limit, node=node.name)
        for node in facts.nodes
        if node.exposure + facts.amount > node.limit
    ]


def against_habits(facts: Facts, policy: Policy) -> list[dict[str, Any]]:
    """An undisputed invoice overdue for more than the policy's days, and a credit report that has run out."""
    found = []
    if late := overdue_too_long(facts, policy):
        found.append(reason("overdue", late[0].days_overdue, policy.overdue_block_days, invoice=late[0].number))
    if policy.check_report and facts.report_ended_on:
        found.append(reason("report_stale", facts.report_ended_on, facts.report_ended_on))
    return found


def overdue_too_long(facts: Facts, policy: Policy) -> list[OpenInvoice]:
    """Undisputed invoices more than the policy's days past due."""
    return [row for row in facts.invoices if not row.disputed and row.days_overdue > policy.overdue_block_days]


def ways_out(facts: Facts, reasons: list, binding: Node | None, policy: Policy) -> list[dict[str, Any]]:
    """What would clear a held order: pay these invoices, cut it to that sum, ask this person, renew that paper."""
    if not reasons:
        return []
    codes = {row["code"] for row in reasons}
    ways = under_the_limit(facts, binding, policy) if binding and codes & set(OVER.values()) else []
    late = overdue_too_long(facts, policy)
    if late and not ways:
        ways.append(way_to_pay(late))
    if codes & {"no_limit", "limit_expired"}:
        ways.append({"kind": "apply"})
    if "report_stale" in codes:
        ways.append({"kind": "report"})
    return [*ways, {"kind": "release"}]


def under_the_limit(facts: Facts, binding: Node, policy: Policy) -> list[dict[str, Any]]:
    """Pay enough, or cut the order – or both, where paying everything would not be enough.

    What is overdue for too long is to be paid in any case.
    """
    late = overdue_too_long(facts, policy)
    paid = enough_invoices(facts.invoices, facts.amount - binding.headroom, late)
    room = binding.headroom + sum((row.frees for row in paid), NOTHING)
    ways = []
    if paid and room > 0:
        ways.append(way_to_pay(paid, cut=room if room < facts.amount else None))
    if binding.headroom > 0:
        ways.append(
            way_to_pay(late, cut=binding.headroom) if late else {"kind": "cut", "amount": str(binding.headroom)}
        )
    return ways


def enough_invoices(invoices: Sequence[OpenInvoice], needed: Decimal, late: list[OpenInvoice]) -> list[OpenInvoice]:
    """What is overdue for too long, and then the oldest undisputed invoices until they free what is needed."""
    chosen = list(late)
    for invoice in (row for row in invoices if row.frees and not row.disputed and row not in late):
        if sum(row.frees for row in chosen) >= needed:
            break
        chosen.append(invoice)
    return chosen


def way_to_pay(invoices: Sequence[OpenInvoice], *, cut: Decimal | None = None) -> dict[str, Any]:
    """Have these paid; with `cut` the order must be cut as well."""
    return {
        "kind": "pay",
        "cut": None if cut is None else str(cut),
        "invoices": [row.number for row in invoices[:INVOICES_NAMED]],
        "more": max(0, len(invoices) - INVOICES_NAMED),
        "amount": str(sum((row.amount for row in invoices), NOTHING)),
    }


def why_not_decide_hold(*, by: User, asked_by: int, waiting: bool) -> Refused | None:
    """Refuses programs, people without the right, whoever asked for the order, and what no longer waits."""
    if by.is_connector or not by.may(Can.DECIDE_HOLDS):
        return NotAllowed(_("You may not decide about held orders."))
    if by.pk == asked_by:
        return NotAllowed(_("Nobody releases an order that they asked for."), code="own_order")
    return why_not_check_again(waiting=waiting)


def why_not_check_again(*, waiting: bool) -> Refused | None:
    """Refuses what does not wait for a decision."""
    return None if waiting else Refused(_("This order does not wait for a decision."), code="not_held")


def grown_to(amount: Decimal, policy: Policy) -> Decimal:
    """Up to which sum a released order may grow without being held anew."""
    return cents(amount * (1 + policy.release_tolerance / 100))
