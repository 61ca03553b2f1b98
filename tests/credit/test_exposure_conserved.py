"""Exposure moves from order to delivery to invoice, and its sum never changes by moving; only money changes it.

Random lives of orders, told to the program as an ERP tells them, one call after the other.
"""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archives.commands.bulk import Batch
from archives.commands.trade import upsert_invoices, upsert_orders, upsert_payments
from archives.models import Standing
from archives.parsing import parse_invoice, parse_order, parse_payment
from credit.commands.checks import cancel_order, check_order
from credit.commands.standings import refresh_due_standings
from credit.queries import exposure_of
from crm.core.roles import Role
from tests.factories import CreditLimitFactory, CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 21)
MOVES = (
    "check", "check", "sync", "deliver", "bill", "bill_unsynced", "dispute", "apply", "settle",
    "pay", "overpay", "pay_in_advance", "cancel",
)  # fmt: skip


class House:
    """A customer, what an ERP knows of its orders, and what all of it ought to sum up to."""

    def __init__(self):
        self.erp = UserFactory(username="erp", role=Role.CONNECTOR)
        self.customer = CustomerFactory()
        CreditLimitFactory(customer=self.customer, amount=D("1000000000.00"))
        self.checked: dict[str, D] = {}
        self.orders: dict[str, dict] = {}
        self.invoices: dict[str, D] = {}
        self.advances: dict[str, D] = {}
        self.owed, self.numbers = D(0), 0

    def new(self, prefix: str) -> str:
        self.numbers += 1
        return f"{prefix}-{self.customer.pk}-{self.numbers}"

    def tell(self, upsert, parse, **item) -> None:
        batch = Batch.read([{"customer": self.customer.number} | item], parse)
        upsert(batch, by=self.erp, today=TODAY)
        assert not batch.errors, batch.errors

    def tell_order(self, number: str) -> None:
        told = {name: f"{amount:.2f}" for name, amount in self.orders[number].items()}
        self.tell(upsert_orders, parse_order, number=number, ordered_on=str(TODAY), **told)

    def tell_invoice(self, order: str, amount: D) -> None:
        number, day = self.new("INV"), str(TODAY)
        self.invoices[number] = amount
        self.tell(
            upsert_invoices,
            parse_invoice,
            number=number,
            order=order,
            amount=f"{amount:.2f}",
            invoiced_on=day,
            due_on=day,
        )

    def tell_payment(self, number: str, amount: D, invoice: str | None) -> None:
        told = {"number": number, "amount": f"{amount:.2f}", "invoice": invoice, "paid_on": str(TODAY)}
        self.tell(upsert_payments, parse_payment, **told)

    # What may happen; `share` says to whom and how much of it, from 0 to 1.

    def check(self, share: D) -> None:
        number, amount = self.new("SO"), 1 + (share * 999).quantize(D("0.01"))
        given = {"order": number, "amount": amount, "currency": "CNY", "by": self.erp, "today": TODAY}
        assert check_order(customer=self.customer, **given).row.decision == "approved"
        self.checked[number] = amount
        self.owed += amount

    def sync(self, share: D) -> None:
        if number := picked(self.checked, share):
            amount = self.checked.pop(number)
            self.orders[number] = {"amount": amount, "open_amount": amount, "delivered_uninvoiced": D(0)}
            self.tell_order(number)

    def deliver(self, share: D) -> None:
        self.shift(share, "open_amount", "delivered_uninvoiced")

    def shift(self, share: D, source: str, target: str) -> None:
        if number := picked(self.orders, share):
            order = self.orders[number]
            part = part_of(order[source], share)
            order[source], order[target] = order[source] - part, order[target] + part
            self.tell_order(number)

    def bill(self, share: D) -> None:
        number = picked(self.orders, share)
        part = part_of(self.orders[number]["delivered_uninvoiced"], share) if number else D(0)
        if part:
            self.orders[number]["delivered_uninvoiced"] -= part
            self.tell_order(number)
            self.tell_invoice(number, part)

    def bill_unsynced(self, share: D) -> None:
        """An ERP that tells no orders, only invoices that name them; what is not billed yet stays reserved."""
        if number := picked(self.checked, share):
            reserved = self.checked.pop(number)
            self.tell_invoice(number, part_of(reserved, share) or reserved)

    def dispute(self, share: D) -> None:
        if number := picked(self.invoices, share):
            self.tell(upsert_invoices, parse_invoice, number=number, disputed=True)

    def pay(self, share: D, more: D = D(0)) -> None:
        if number := picked(self.invoices, share):
            amount = (part_of(self.invoices[number], share) or self.invoices[number]) + more
            self.tell_payment(self.new("PAY"), amount, number)
            self.owed -= amount

    def overpay(self, share: D) -> None:
        self.pay(share, more=D("333.33"))

    def pay_in_advance(self, share: D) -> None:
        number, amount = self.new("PAY"), 1 + (share * 99).quantize(D("0.01"))
        self.advances[number] = amount
        self.tell_payment(number, amount, None)
        self.owed -= amount

    def apply(self, share: D) -> None:
        number, invoice = picked(self.advances, share), picked(self.invoices, share)
        if number and invoice:
            self.tell_payment(number, self.advances.pop(number), invoice)

    def cancel(self, share: D) -> None:
        if number := picked(self.checked, share):
            cancel_order(number, by=self.erp, today=TODAY)
            self.owed -= self.checked.pop(number)

    def settle(self, share: D) -> None:
        """The worker comes round."""
        while refresh_due_standings(today=TODAY):
            pass


def picked(things: dict, share: D) -> str | None:
    names = sorted(things)
    return names[int(share * (len(names) - 1))] if names else None


def part_of(amount: D, share: D) -> D:
    return min(amount, (amount * share).quantize(D("0.01")))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(MOVES), st.decimals(0, 1, places=2)), max_size=25))
def test_only_orders_and_money_change_the_sum(life):
    house = House()
    for move, share in life:
        getattr(house, move)(share)
        found = exposure_of([house.customer.pk], TODAY)[house.customer.pk]
        assert found.total == house.owed, (move, share)
    house.settle(D(0))
    assert exposure_of([house.customer.pk], TODAY)[house.customer.pk].total == house.owed
    assert Standing.objects.get(customer=house.customer).exposure == house.owed


def test_invoices_alone_use_a_reservation_up_step_by_step():
    house = House()
    house.check(D(1))
    (order,) = house.checked
    for billed, left in (("400.00", "600.00"), ("599.99", "0.01"), ("0.01", "0.00")):
        house.tell_invoice(order, D(billed))
        house.settle(D(0))
        found = exposure_of([house.customer.pk], TODAY)[house.customer.pk]
        assert (found.reservations, found.total) == (D(left), D("1000.00"))
    check = house.customer.order_checks.get()
    assert (check.state, check.reservation.active) == ("fulfilled", False)
    assert exposure_of([house.customer.pk], TODAY + timedelta(days=31))[house.customer.pk].total == D("1000.00")
