"""Expected value, classes and the spans of time that they look at."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archives.choices import Segment
from crm.core.periods import add_months
from scoring import rules

SHARES = {"share_a": Decimal("15.00"), "share_ab": Decimal("35.00")}
HALF = Decimal("0.50")


def test_a_potential_customer_needs_market_and_share():
    known = {"market_potential": Decimal("12000000.00"), "expected_share": Decimal("0.3000"), "probability": HALF}
    assert rules.expected_value(potential=True, **known) == Decimal("1800000.00")
    assert rules.expected_value(potential=True, **known | {"expected_share": None}) is None
    assert rules.expected_value(potential=True, **known | {"market_potential": None}) is None


def test_an_existing_customer_counts_its_business_and_what_may_be_added():
    value = rules.expected_value(
        potential=False,
        current_business=Decimal("9420000.00"),
        expected_increase=Decimal("1500000.00"),
        probability=HALF,
    )
    assert value == Decimal("10170000.00")
    assert rules.expected_value(potential=False, current_business=Decimal("5.00"), probability=HALF) == Decimal("5.00")


def test_half_a_cent_goes_up():
    value = rules.expected_value(potential=False, expected_increase=Decimal("0.01"), probability=HALF)
    assert value == Decimal("0.01")


@pytest.mark.parametrize(
    ("ranked", "sizes"),
    [(20, (3, 4, 13)), (7, (1, 1, 5)), (1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 0, 2)), (0, (0, 0, 0))],
)
def test_shares(ranked, sizes):
    last_a, last_b = rules.class_sizes(ranked, **SHARES)
    assert (last_a, last_b - last_a, ranked - last_b) == sizes


@given(st.integers(1, 100_000))
def test_classes_share_out_everybody(ranked):
    last_a, last_b = rules.class_sizes(ranked, **SHARES)
    assert last_a == max(1, ranked * 15 // 100)
    assert last_b == max(last_a, ranked * 35 // 100)
    assert 1 <= last_a <= last_b <= ranked


def test_whoever_brings_nothing_is_C():
    assert rules.segment_of(1, Decimal("0.00"), last_a=1, last_b=1) == Segment.C
    assert rules.segment_of(1, Decimal("0.01"), last_a=1, last_b=1) == Segment.A


@pytest.mark.parametrize(
    ("as_of", "first", "last"),
    [
        ("2026-11-21", "2025-11-01", "2026-10-01"),
        ("2026-11-30", "2025-12-01", "2026-11-01"),
        ("2026-12-31", "2026-01-01", "2026-12-01"),
        ("2027-01-01", "2026-01-01", "2026-12-01"),
        ("2028-02-28", "2027-02-01", "2028-01-01"),
        ("2028-02-29", "2027-03-01", "2028-02-01"),
    ],
)
def test_last_full_months(as_of, first, last):
    assert rules.last_full_months(date.fromisoformat(as_of)) == (date.fromisoformat(first), date.fromisoformat(last))


def test_last_full_years():
    assert rules.last_full_years(date(2026, 11, 21)) == (date(2023, 1, 1), date(2025, 12, 1))
    assert rules.last_full_years(date(2026, 12, 31)) == (date(2024, 1, 1), date(2026, 12, 1))


def test_a_leap_day_three_years_earlier():
    assert add_months(date(2028, 2, 29), -36) == date(2025, 2, 28)


def test_the_worked_case_of_a_year():
    result = rules.evaluate(
        target=Decimal("5000000.00"),
        actual=Decimal("4000000.00"),
        attitude="good",
        information="excellent",
        late=3,
        made_up=1,
    )
    assert (result.performance, result.attitude, result.credit, result.information) == (40, 15, 10, 10)
    assert (result.total, result.overall, result.satisfactory) == (75, "good", False)


@pytest.mark.parametrize(("late", "made_up", "credit"), [(0, 0, 20), (4, 0, 0), (9, 0, 0), (1, 3, 20), (3, 2, 15)])
def test_the_credit_part_stays_between_0_and_20(late, made_up, credit):
    given_ = {"target": Decimal(1), "actual": Decimal(9), "attitude": "poor", "information": "poor"}
    result = rules.evaluate(**given_, late=late, made_up=made_up)
    assert result.credit == credit
    assert result.performance == 50
