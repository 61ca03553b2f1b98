"""Decisions: rates, limits of every age, applications on every desk, orders that the real check lets go or holds."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from archives.choices import CustomerStatus
from archives.models import Customer, Standing
from credit.commands.applications import (
    apply_for_limit,
    approve_limit,
    reject_application,
    return_application,
    withdraw_application,
)
from credit.commands.checks import check_order
from credit.models import CreditLimit, LimitApplication, LimitMode, OrderCheck
from crm.core.models import ExchangeRate, User
from crm.core.periods import add_months
from crm.demo.customers import Buyer
from crm.demo.showcase import DATONG, FLAGSHIP, GROUP, PACIFIC, SIBLING, SUZHOU, Showcase

# The first rate holds for everything before the second.
RATES = {"TWD": ("0.2200", "0.2250"), "USD": ("6.8000", "7.1000"), "EUR": ("7.7000", "7.9000")}
FIRST_RATE = date(2010, 1, 1)
FLAGSHIP_ORDER, FLAGSHIP_ORDER_SUM = "SO-88121", Decimal("206400.00")
FIRST_CHECK = 88_130


def store_rates(today: date) -> None:
    """One rate for the past, one from the first of this quarter on."""
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    ExchangeRate.objects.bulk_create(
        ExchangeRate(currency=currency, rate=Decimal(rate), valid_from=since)
        for currency, rates in RATES.items()
        for rate, since in zip(rates, (FIRST_RATE, quarter), strict=True)
    )


# --- Limits ---------------------------------------------------------------------------------------
def store_limits(buyers: list[Buyer], showcase: Showcase, rng: Random, today: date) -> None:
    """Limits for about half of those who trade: in force, about to end, or over; some with a forerunner."""
    rows: list[CreditLimit] = []
    families = _yearly_by_parent(buyers)
    for buyer in buyers:
        if not buyer.told and buyer.trades and rng.random() < 0.42 + buyer.yearly / 900_000:
            yearly = buyer.yearly + families.get(buyer.customer.pk, 0)
            rows += _limits(buyer, yearly, rng, today)
    CreditLimit.objects.bulk_create([*rows, *_told_limits(showcase, today)])


def _yearly_by_parent(buyers: list[Buyer]) -> dict[int, float]:
    """What the companies below a group parent buy in a year."""
    sums: dict[int, float] = {}
    for buyer in buyers:
        if buyer.customer.parent_id:
            sums[buyer.customer.parent_id] = sums.get(buyer.customer.parent_id, 0) + buyer.yearly
    return sums


def _limits(buyer: Buyer, yearly: float, rng: Random, today: date) -> Iterator[CreditLimit]:
    begun = today - timedelta(days=rng.randint(2, 400))
    ends = add_months(begun, 12) - timedelta(days=1)
    mode = rng.choices((LimitMode.AMOUNT, LimitMode.CASH_ONLY, LimitMode.UNLIMITED), (96, 3, 1))[0]
    amount = limit_for(yearly, buyer.credit_days, rng) if mode == LimitMode.AMOUNT else None
    days, customer = buyer.credit_days, buyer.customer
    yield CreditLimit(
        customer=customer, mode=mode, amount=amount, valid_from=begun, valid_until=ends, credit_period_days=days
    )
    if amount and rng.random() < 0.2:
        yield CreditLimit(
            customer=customer, amount=amount * 8 / 10, credit_period_days=days,
            valid_from=add_months(begun, -12), valid_until=begun - timedelta(days=1),
        )  # fmt: skip


def limit_for(yearly: float, credit_days: int, rng: Random) -> Decimal:
    """What is usually open at a time, with room to grow or a little too tight; a round sum in CNY."""
    usual = yearly / 360 * (credit_days + 20) * rng.uniform(1.1, 2.6)
    step = 10_000 if usual < 300_000 else 50_000 if usual < 2_000_000 else 500_000
    return Decimal(max(1, round(usual / step)) * step)


def _told_limits(showcase: Showcase, today: date) -> Iterator[CreditLimit]:
    """The flagship's 2 M to the end of the fourth month from now, under the group's 5 M; two that are to be renewed."""
    far, near = add_months(today.replace(day=1), 5) - timedelta(days=1), today + timedelta(days=25)
    told = ((GROUP, 5_000_000, far), (FLAGSHIP, 2_000_000, far), (SIBLING, 1_500_000, far), (DATONG, 1_200_000, far),
            (PACIFIC, 650_000, near))  # fmt: skip
    for number, amount, ends in told:
        yield CreditLimit(
            customer=showcase.by_number[number].customer, amount=Decimal(amount), credit_period_days=60,
            valid_from=add_months(ends, -12) + timedelta(days=1), valid_until=ends,
        )  # fmt: skip


# --- Applications ---------------------------------------------------------------------------------
class Asked(NamedTuple):
    """An application to come: whose, by whom, for how much, how many days ago, and what is done with it then."""

    customer: Customer
    by: User
    amount: int
    days_ago: int
    reason: str
    then: str = "wait"


def store_applications(buyers: list[Buyer], showcase: Showcase, people: dict[str, User], today: date) -> None:
    """Some wait for each level, one of them the credit manager's own; others are drafts, or have been decided."""
    for asked in (*_told_applications(showcase, people), *_drawn_applications(buyers, people)):
        day = today - timedelta(days=asked.days_ago)
        application = apply_for_limit(
            asked.customer, by=asked.by, amount=Decimal(asked.amount), currency="CNY", credit_period_days=60,
            reason=asked.reason, submit=asked.then != "draft", today=day,
        )  # fmt: skip
        written = application.created_at - timedelta(days=asked.days_ago)
        LimitApplication.objects.filter(pk=application.pk).update(created_at=written)
        _then(application, asked, people, today)


def _told_applications(showcase: Showcase, people: dict[str, User]) -> Iterator[Asked]:
    for number, amount, days_ago, reason in (
        (FLAGSHIP, 2_800_000, 4, "第二条生产线使春季用量翻倍。"),
        (SUZHOU, 400_000, 3, "新客户，首批订单约 30 万元。"),
        (DATONG, 900_000, 2, "評等下降，調整額度。"),
        (PACIFIC, 650_000, 0, "Renewal for another year."),
    ):
        customer = showcase.by_number[number].customer
        yield Asked(customer, customer.owner, amount, days_ago, reason)


def _drawn_applications(buyers: list[Buyer], people: dict[str, User]) -> Iterator[Asked]:
    """What the other desks show: for each sum a customer to whom it is a little more than usual."""
    free = [buyer for buyer in buyers if _may_ask(buyer)]
    plans = (
        (120_000, 1, "wait"), (180_000, 5, "wait"), (60_000, 2, "wait"), (950_000, 3, "wait"), (1_600_000, 1, "wait"),
        (3_200_000, 4, "credit"), (2_400_000, 2, "credit"), (500_000, 1, "own"), (300_000, 0, "draft"),
        (750_000, 3, "return"), (1_200_000, 6, "reject"), (200_000, 2, "withdraw"), (150_000, 3, "officer"),
        (800_000, 2, "grant"), (4_500_000, 5, "director"),
    )  # fmt: skip
    for amount, days_ago, then in plans[: len(free)]:
        customer = _take_fitting(free, amount)
        by = people["credit"] if then == "own" else customer.owner
        yield Asked(customer, by, amount, days_ago, REASONS[customer.currency], then)


def _take_fitting(free: list[Buyer], amount: int) -> Customer:
    """The customer whose usual limit, some 40 % of a year's purchases, is nearest to `amount`; it is free no longer."""
    found = min(free, key=lambda buyer: abs(buyer.yearly * 0.4 - amount))
    free.remove(found)
    return found.customer


REASONS = {
    "CNY": "业务增长，现有额度不足。",
    "TWD": "訂單增加，現有額度不足。",
    "USD": "Growing orders.",
    "EUR": "Growing orders.",
}


def _may_ask(buyer: Buyer) -> bool:
    grown = buyer.yearly > 250_000 and buyer.customer.status == CustomerStatus.ACTIVE
    return grown and buyer.trades and not buyer.told


def _then(application: LimitApplication, asked: Asked, people: dict[str, User], today: date) -> None:
    """What the desks have done with it so far. `credit` has approved what now waits for the director."""
    pk = application.pk
    match asked.then:
        case "return":
            return_application(pk, by=people["officer"], comment="请补充最近一期财务报表。", today=today)
        case "reject":
            reject_application(pk, by=people["credit"], comment="逾期未清，暂不增加额度。", today=today)
        case "withdraw":
            withdraw_application(pk, by=asked.by)
        case "officer" | "director" as level:
            approve_limit(pk, by=people[level], comment="同意。", today=today)
        case "credit" | "grant":
            approve_limit(pk, by=people["credit"], comment="同意。", today=today)


# --- Orders ---------------------------------------------------------------------------------------
def check_flagship(showcase: Showcase, erp: User, today: date) -> None:
    """The order of a fortnight ago that the flagship's strip shows as reserved."""
    flagship = showcase.flagship.customer
    day = today - timedelta(days=15)
    checked = check_order(
        customer=flagship,
        order=FLAGSHIP_ORDER,
        amount=FLAGSHIP_ORDER_SUM,
        currency="CNY",
        unit=flagship.unit,
        by=erp,
        today=day,
    )
    OrderCheck.objects.filter(pk=checked.row.pk).update(checked_at=checked.row.checked_at - timedelta(days=15))


def store_checks(erp: User, rng: Random, today: date) -> None:
    """Orders of the day: some that fit, and for each kind of trouble some that are held."""
    standings = Standing.objects.exclude(customer__number__in=[FLAGSHIP, GROUP, SIBLING]).filter(
        customer__status="active"
    )
    troubles = {
        "fits": standings.filter(available__gt=150_000, overdue=0),
        "over": standings.filter(available__gt=0, limit__gt=100_000),
        "overdue": standings.filter(limit__gt=0, oldest_overdue_days__gt=30),
        "no limit": standings.filter(limit_mode=None, exposure__gt=20_000),
        "none left": standings.filter(available__lt=0),
    }
    numbers = iter(range(FIRST_CHECK, FIRST_CHECK + 100))
    for trouble, rows in troubles.items():
        found = list(rows.select_related("customer__unit").order_by("pk"))
        for standing in rng.sample(found, min(len(found), 12 if trouble == "fits" else 4)):
            amount = _order_sum(standing, trouble, rng)
            customer = standing.customer
            check_order(
                customer=customer,
                order=f"SO-{next(numbers)}",
                amount=amount,
                currency="CNY",
                unit=customer.unit,
                by=erp,
                today=today,
            )


def _order_sum(standing: Standing, trouble: str, rng: Random) -> Decimal:
    """A tenth of what is left where the order shall fit, more than that where it shall not."""
    if trouble == "fits":
        return (standing.available / 10).quantize(Decimal("100"))
    if trouble == "over":
        return (standing.available * 12 / 10 + 5_000).quantize(Decimal("100"))
    return Decimal(rng.randint(80, 900) * 100)
