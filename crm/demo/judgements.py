"""Assessments with both scorecards and evaluations of the last year, made by the commands that people use."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from archives.choices import CustomerStatus
from crm.core.models import User
from crm.demo.customers import Buyer
from crm.demo.showcase import DATONG, FLAGSHIP, PACIFIC
from scoring.commands.assessments import assess, evaluate_year
from scoring.models import Scorecard

# What a habit of paying makes of the average points.
AVERAGE = {"punctual": 7.6, "late": 6.1, "very_late": 3.9, "disputing": 5.6}
PAYMENT = {"punctual": 9, "late": 6, "very_late": 2, "disputing": 6}
# Points that differ from 8: 624 of 800 are 78 %, 810 of 1000 are 81 %.
FLAGSHIP_POINTS = {"characteristic": {"payment_record": 7, "market_attractiveness": 6}, "5c": {"liquidity": 9}}
RATINGS = ("excellent", "good", "good", "good", "fair", "poor")
EVALUATED_FROM = 1_500_000


def store(buyers: list[Buyer], rng: Random, today: date, officer: User, progress: Callable[[int], None]) -> None:
    """A third of the customers, the larger ones surely; some twice, so that there is a grade before the last."""
    codes = {card.kind: _codes(card) for card in Scorecard.objects.filter(state=Scorecard.State.PUBLISHED)}
    assessed = [buyer for buyer in buyers if _worth_it(buyer, rng)]
    for buyer in assessed:
        for kind, back in _sittings(buyer, rng):
            points = _points(buyer, codes[kind], rng)
            day = today - timedelta(days=back)
            assess(buyer.customer, by=officer, scorecard=kind, assessed_on=day, points=points, today=today)
        if buyer.yearly > EVALUATED_FROM:
            _evaluate(buyer, rng, today, officer)
        progress(1)


def _evaluate(buyer: Buyer, rng: Random, today: date, officer: User) -> None:
    """Last year against a target near the usual; late as often as the habit has it."""
    late = {"punctual": 0, "late": 3, "very_late": 6, "disputing": 2}[buyer.habit]
    target = buyer.own(round(buyer.yearly * rng.uniform(0.8, 1.2), -5))
    evaluate_year(
        buyer.customer, by=officer, year=today.year - 1, target=target,
        attitude=rng.choice(RATINGS), information=rng.choice(RATINGS), late=late, made_up=late // 3, today=today,
    )  # fmt: skip


def store_showcase(by_number: dict[str, Buyer], today: date, officer: User) -> None:
    """The flagship's 78 % with 5C 81, one that fell from CA2 to CA3, and a steady one."""
    codes = {card.kind: _codes(card) for card in Scorecard.objects.filter(state=Scorecard.State.PUBLISHED)}
    told = [(FLAGSHIP, kind, 111, dict.fromkeys(codes[kind], 8) | changed) for kind, changed in FLAGSHIP_POINTS.items()]
    for number, back, points in ((DATONG, 300, 7), (DATONG, 6, 5), (PACIFIC, 120, 7)):
        told.append((number, "characteristic", back, dict.fromkeys(codes["characteristic"], points)))
    for number, kind, back, points in told:
        customer, day = by_number[number].customer, today - timedelta(days=back)
        assess(customer, by=officer, scorecard=kind, assessed_on=day, points=points, today=today)


def _codes(card: Scorecard) -> list[str]:
    return [item["code"] for group in card.definition["groups"] for item in group["indicators"]]


def _worth_it(buyer: Buyer, rng: Random) -> bool:
    if buyer.told or not buyer.trades or not CustomerStatus(buyer.customer.status).tradable:
        return False
    return rng.random() < 0.16 + buyer.yearly / 1_500_000


def _sittings(buyer: Buyer, rng: Random) -> list[tuple[str, int]]:
    """Which scorecard how many days ago, oldest first."""
    latest = rng.randint(5, 400)
    sittings = [("characteristic", latest)]
    if rng.random() < 0.15:
        sittings.insert(0, ("characteristic", latest + rng.randint(200, 400)))
    if rng.random() < 0.25 + buyer.yearly / 4_000_000:
        sittings.append(("5c", latest))
    return sittings


def _points(buyer: Buyer, codes: list[str], rng: Random) -> dict[str, int]:
    """Points around what the habit of paying suggests; a few things nobody knows, of some customers very little."""
    centre = AVERAGE[buyer.habit] + rng.gauss(0, 0.9)
    known = 0.5 if rng.random() < 0.05 else 0.95
    points = {code: _clamped(rng.gauss(centre, 1.3)) for code in codes if rng.random() < known}
    for code in {"payment_record", "punctuality"} & points.keys():
        points[code] = _clamped(PAYMENT[buyer.habit] + rng.gauss(0, 0.8))
    return points or {codes[0]: _clamped(centre)}


def _clamped(points: float) -> int:
    return max(1, min(10, round(points)))
