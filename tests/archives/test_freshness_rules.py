"""How long a report holds, and what is flagged: the rule book's numbers, and what holds for all days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archives.rules.flags import sentence
from archives.rules.freshness import Facts, default_validity_months, flags_due, report_status, valid_until
from crm.core.models import Policy
from crm.core.periods import add_months, full_months

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
MONTHS = st.integers(3, 12)
TODAY = date(2026, 11, 21)


def facts(**known) -> Facts:
    usual = {"status": "active", "on_credit": True, "report_id": 7, "valid_until": TODAY, "confirmed_on": TODAY}
    return Facts(**usual | known)


def test_the_worked_case_is_clipped_to_the_end_of_february():
    assert valid_until(date(2025, 11, 30), 3) == date(2026, 2, 28)
    assert valid_until(date(2023, 11, 30), 3) == date(2024, 2, 29)


@given(DAYS, MONTHS)
def test_a_report_ends_in_the_month_so_many_months_later_and_never_on_a_later_day(issued_on, months):
    until = valid_until(issued_on, months)
    assert (until.year - issued_on.year) * 12 + until.month - issued_on.month == months
    assert until.day == issued_on.day or (until.day < issued_on.day and (until + timedelta(days=1)).day == 1)


@given(DAYS, DAYS, MONTHS)
def test_a_report_issued_later_never_ends_earlier(one, other, months):
    first, second = sorted([one, other])
    assert valid_until(first, months) <= valid_until(second, months)


@given(DAYS, st.integers(-400, 400))
def test_status_follows_the_days_that_are_left(until, left):
    expected = "stale" if left < 0 else "expiring" if left <= 30 else "valid"
    assert report_status(until, until - timedelta(days=left), Policy()) == expected


@pytest.mark.parametrize(
    ("segment", "core", "grade", "months"),
    [
        ("A", False, "CA1", 3),
        ("C", True, None, 3),
        ("B", False, "CA3", 6),
        ("C", False, "CA2", 12),
        (None, False, "NR", 12),
        ("B", False, "CA4", 3),
        (None, False, "CA6", 3),
    ],
)
def test_validity_by_class(segment, core, grade, months):
    assert default_validity_months(Policy(), segment=segment, core=core, grade=grade) == months


def test_without_a_report_only_whoever_is_on_credit_misses_one():
    assert report_status(None, TODAY, Policy(), on_credit=True) == "missing"
    assert report_status(None, TODAY, Policy(), on_credit=False) == "not_needed"


@pytest.mark.parametrize(
    ("known", "reasons"),
    [
        ({"valid_until": TODAY + timedelta(days=31)}, set()),
        ({"valid_until": TODAY + timedelta(days=30)}, {"report_expiring"}),
        ({"valid_until": TODAY}, {"report_expiring"}),
        ({"valid_until": TODAY - timedelta(days=1)}, {"report_stale", "limit_review"}),
        ({"valid_until": TODAY - timedelta(days=1), "on_credit": False}, {"report_stale"}),
        ({"valid_until": TODAY - timedelta(days=1), "on_credit": False, "status": "dormant"}, set()),
        ({"report_id": None, "valid_until": None}, {"report_missing"}),
        ({"report_id": None, "valid_until": None, "on_credit": False}, set()),
        ({"report_id": None, "valid_until": None, "status": "blacklisted"}, set()),
        ({"valid_until": date(2027, 6, 1), "confirmed_on": TODAY - timedelta(days=183)}, set()),
        ({"valid_until": date(2027, 6, 1), "confirmed_on": TODAY - timedelta(days=184)}, {"archive_stale"}),
        ({"valid_until": date(2027, 6, 1), "confirmed_on": date(2020, 1, 1), "status": "dormant"}, set()),
    ],
)
def test_what_is_flagged(known, reasons):
    assert set(flags_due(facts(**known), TODAY, Policy())) == reasons


def test_a_month_is_full_when_its_last_day_is_over():
    assert full_months(date(2026, 11, 21), 12) == (date(2025, 11, 1), date(2026, 11, 1))
    assert full_months(date(2026, 11, 30), 12) == (date(2025, 12, 1), date(2026, 12, 1))


@given(DAYS, st.integers(-60, 60))
def test_months_there_and_back_lose_no_more_than_the_clipping(day, months):
    back = add_months(add_months(day, months), -months)
    assert back <= day and (day - back).days <= 3


def test_a_flag_says_what_is_the_matter():
    assert sentence("report_stale", {"valid_until": "2026-10-01"}) == "The credit report ran out on 2026-10-01."
    assert "legal representative changed, stale report" in sentence(
        "limit_review", {"causes": ["legal_representative", "stale_report"]}
    )
