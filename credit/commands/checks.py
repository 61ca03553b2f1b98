"""May this order go out? Asked for each order; an approved one takes its sum of the limit at once."""

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from archives.models import Customer
from credit.commands.accounts import lock_accounts
from credit.commands.standings import refresh_standings
from credit.models import OrderCheck, Reservation
from credit.queries.checks import facts_for
from credit.rules.approvals import why_not_without_words
from credit.rules.checks import Answer, grown_to, judge, why_not_check_again, why_not_decide_hold
from crm.core import audit
from crm.core.errors import NotAllowed, Refused
from crm.core.models import Policy, Unit, User
from crm.core.money import to_base
from crm.core.notices import tell
from crm.core.roles import Can

State, Decision = OrderCheck.State, OrderCheck.Decision
GOES_OUT = (State.OPEN, State.RELEASED)


class Checked(NamedTuple):
    """The check, and whether this call made the decision or found it."""

    row: OrderCheck
    fresh: bool


@transaction.atomic
def check_order(
    *, customer: Customer, order: str, amount: Decimal, currency: str, unit: Unit | None = None, by: User, today: date
) -> Checked:
    """Approve the order and reserve its sum, or hold it with every reason that applies.

    The accounts of the group are locked before the sum is read, so two checks never both take the last of a limit. The
    same order with the same sum gets the same answer; another sum is checked anew, the order's own documents left out;
    a released order may grow within the tolerance. Refuses an order of another customer, and who may not check orders.
    """
    if not by.may(Can.CHECK_ORDERS):
        raise NotAllowed(_("You may not check orders."))
    way = lock_accounts(customer.pk)
    row = asked_before(order, customer)
    asked = {"amount": amount, "currency": currency, "unit": unit}
    if row and same_again(row, asked, today):
        return Checked(row, fresh=False)
    row = row or OrderCheck(order=order, customer=customer)
    if row.unit != unit:
        row.released_up_to = None  # It was released for the unit that it was asked for.
    for name, value in asked.items():
        setattr(row, name, value)
    row.amount_base = to_base(amount, currency, day=today)
    if not within_release(row, today):
        row.asked_by = by
    return Checked(answered(row, way, by=by, today=today), fresh=True)


@transaction.atomic
def check_again(order: str, *, by: User, today: date) -> OrderCheck:
    """Ask once more about a held order, because something was paid, granted or renewed since.

    Refuses who may not check orders, and what does not wait.
    """
    if not by.may(Can.CHECK_ORDERS):
        raise NotAllowed(_("You may not check orders."))
    row, way = locked_check(order)
    if refusal := why_not_check_again(waiting=waits(row)):
        raise refusal
    row.amount_base = to_base(row.amount, row.currency, day=today)
    return answered(row, way, by=by, today=today)


def answered(row: OrderCheck, way: list[int], *, by: User, today: date) -> OrderCheck:
    """Judge what the row asks, write the answer, reserve what goes out."""
    policy, until = Policy.current(), None
    if within_release(row, today):
        row.state, until = State.RELEASED, released_until(row, today)
    else:
        facts = facts_for(row.customer, way, amount=row.amount_base, unit=row.unit, today=today, order=row.order)
        write_answer(row, judge(facts, policy=policy))
    row.checked_at = timezone.now()
    save_once(row)
    settle(row, way, policy, today, until=until)
    audit.record(f"order.{row.decision}", row, by=by, amount=row.amount, currency=row.currency)
    return row


def asked_before(order: str, customer: Customer) -> OrderCheck | None:
    """The check of this order, locked. Refuses when the order is another customer's."""
    row = OrderCheck.objects.select_for_update().filter(order=order).first()
    if row and row.customer_id != customer.pk:
        raise order_of_another_customer()
    if row:
        row.customer = customer
    return row


def order_of_another_customer() -> Refused:
    return Refused(_("This order number belongs to another customer's order."), code="order_of_another_customer")


def same_again(row: OrderCheck, asked: dict, today: date) -> bool:
    """Whether nothing new is asked. A cancelled order and one whose reservation has run out are asked anew."""
    if row.state == State.CANCELLED or any(getattr(row, name) != value for name, value in asked.items()):
        return False
    return row.decision == Decision.HELD or row.state == State.FULFILLED or is_reserved(row, today) or in_ledger(row)


def is_reserved(row: OrderCheck, today: date) -> bool:
    """Whether its reservation still counts."""
    return Reservation.objects.filter(pk=row.pk, active=True, until__gte=today).exists()


def in_ledger(row: OrderCheck) -> bool:
    """Whether the order itself, or an invoice that names it, has been synced."""
    return (
        row.customer.orders.filter(number=row.order).exists() or row.customer.invoices.filter(order=row.order).exists()
    )


def within_release(row: OrderCheck, today: date) -> bool:
    """Whether a person has released this order up to such a sum and the release still holds."""
    if row.released_up_to is None or row.amount_base > row.released_up_to:
        return False
    return released_until(row, today) is not None


def released_until(row: OrderCheck, today: date) -> date | None:
    """The last day of a release that still holds, also once the order is in the ledger."""
    if row.state not in (State.RELEASED, State.FULFILLED):
        return None
    return Reservation.objects.filter(pk=row.pk, until__gte=today).values_list("until", flat=True).first()


def write_answer(row: OrderCheck, answer: Answer) -> None:
    """The row says what was answered last; what a person had decided before is over."""
    row.decision = Decision.APPROVED if answer.approved else Decision.HELD
    row.state, row.reasons, row.ways_out, row.binding = State.OPEN, answer.reasons, answer.ways_out, answer.binding
    row.available_before, row.available_after = answer.available_before, answer.available_after
    row.released_up_to = row.decided_by = row.decided_at = None
    row.decision_reason = ""


def save_once(row: OrderCheck) -> None:
    """Save it; an order number that another customer takes at the same moment is refused like an old one.

    The refusal takes the whole command back, so no savepoint of its own is spent on this.
    """
    try:
        row.save()
    except IntegrityError as failure:
        raise order_of_another_customer() from failure


def settle(row: OrderCheck, way: list[int], policy: Policy, today: date, *, until: date | None = None) -> None:
    """Reserve what goes out or take the reservation back, and bring the standings of the group up to date.

    `until` is the last day of a release: an order that grows within it gains no days.
    """
    if row.decision == Decision.APPROVED and row.state in GOES_OUT:
        reserve(row, until or today + timedelta(days=policy.reservation_days))
    else:
        Reservation.objects.filter(pk=row.pk).update(active=False)
    refresh_standings(way, today=today)
    if waits(row):
        tell_owner(row, "order_held")


def reserve(row: OrderCheck, until: date) -> None:
    """Take the order's sum of the limit, or as much as it is now. One statement: every check comes through here."""
    taken = {"customer": row.customer, "order": row.order, "unit": row.unit, "amount_base": row.amount_base}
    taken |= {"until": until, "active": True}
    reservation = Reservation(check_row=row, **taken)
    Reservation.objects.bulk_create(
        [reservation], update_conflicts=True, unique_fields=["check_row"], update_fields=list(taken)
    )


@transaction.atomic
def cancel_order(order: str, *, by: User, today: date) -> OrderCheck:
    """Give the reservation back. Refuses an order that stands in the ledger already; twice does no harm."""
    row, way = locked_check(order)
    if row.state == State.FULFILLED:
        raise Refused(_("This order is in the ledger already. Cancel it there."), code="order_fulfilled")
    return ended(row, way, State.CANCELLED, by=by, today=today)


@transaction.atomic
def fulfil_order(order: str, *, by: User, today: date) -> OrderCheck:
    """The order is in the ledger now: its reservation ends. Refuses what was held or cancelled; twice does no harm."""
    row, way = locked_check(order)
    if row.decision != Decision.APPROVED or row.state == State.CANCELLED:
        raise Refused(_("Only an approved order can be fulfilled."), code="not_approved")
    return ended(row, way, State.FULFILLED, by=by, today=today)


def ended(row: OrderCheck, way: list[int], state: str, *, by: User, today: date) -> OrderCheck:
    """Cancelled or fulfilled, and the reservation taken back; a second time changes nothing."""
    if row.state != state:
        row.state = state
        row.save(update_fields=["state"])
        settle(row, way, Policy.current(), today)
        audit.record(f"order.{state}", row, by=by)
    return row


@transaction.atomic
def release_order(order: str, *, by: User, reason: str, today: date) -> OrderCheck:
    """Let a held order go out: its sum is reserved, and it may grow by the policy's tolerance without a new hold.

    Refuses programs, whoever asked for the order, people without the right, a release without a reason, and what does
    not wait.
    """
    row, way = decided(order, State.RELEASED, by=by, reason=reason)
    policy = Policy.current()
    row.decision, row.released_up_to = Decision.APPROVED, grown_to(row.amount_base, policy)
    row.save()
    settle(row, way, policy, today)
    audit.record("order.released", row, by=by, reason=reason, up_to=row.released_up_to)
    tell_owner(row, "order_released", comment=reason)
    return row


@transaction.atomic
def refuse_order(order: str, *, by: User, reason: str, today: date) -> OrderCheck:
    """The held order does not go out. Refuses as a release does."""
    row, way = decided(order, State.REFUSED, by=by, reason=reason)
    row.save()
    settle(row, way, Policy.current(), today)
    audit.record("order.refused", row, by=by, reason=reason)
    tell_owner(row, "order_refused", comment=reason)
    return row


def decided(order: str, state: str, *, by: User, reason: str) -> tuple[OrderCheck, list[int]]:
    """The held order, locked, with what a person said to it; not saved yet. Refuses as a release does."""
    row, way = locked_check(order)
    refusal = why_not_decide_hold(by=by, asked_by=row.asked_by_id, waiting=waits(row))
    if refusal := refusal or why_not_without_words(reason):
        raise refusal
    row.state, row.decided_by, row.decision_reason, row.decided_at = state, by, reason, timezone.now()
    return row, way


def waits(row: OrderCheck) -> bool:
    """Held, and nobody has said anything to it yet."""
    return row.decision == Decision.HELD and row.state == State.OPEN


def locked_check(order: str) -> tuple[OrderCheck, list[int]]:
    """The check behind its accounts: the accounts come first, as in a check."""
    way = lock_accounts(OrderCheck.objects.values_list("customer_id", flat=True).get(order=order))
    return OrderCheck.objects.select_for_update(of=("self",)).select_related("customer__owner").get(order=order), way


def tell_owner(row: OrderCheck, kind: str, **words: str) -> None:
    """A notice to the salesperson whose customer it is."""
    if owner := row.customer.owner:
        key = f"{kind}:{row.order}:{row.checked_at:%Y%m%d%H%M%S%f}"
        tell(
            owner,
            kind,
            key=key,
            link=reverse("customer", args=[row.customer.number]),
            customer=row.customer,
            order=row.order,
            **words,
        )
