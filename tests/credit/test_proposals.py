"""The three models and the cautious sum, with the worked figures of the rule book."""

from datetime import date
from decimal import Decimal as D

import pytest

from credit.rules.limits import last_day
from credit.rules.proposals import Figures, by_net_assets, by_turnover, by_working_capital, cautious, z_value


def figures(**changed):
    usual = {
        "current_assets": 200,
        "inventory": 50,
        "current_liabilities": 100,
        "total_liabilities": 150,
        "net_assets": 100,
    }
    return Figures(**{name: D(value) for name, value in (usual | changed).items()})


@pytest.mark.parametrize(
    ("grade", "amount"),
    [
        ("CA1", "2355000.00"),
        ("CA2", "1884000.00"),
        ("CA3", "1570000.00"),
        ("CA4", "785000.00"),
        ("CA6", "0.00"),
        ("NR", "471000.00"),
        (None, "471000.00"),
    ],
)
def test_turnover_goes_by_period_and_grade(grade, amount):
    assert by_turnover(D("785000"), 60, grade).amount == D(amount)


def test_turnover_counts_months_of_thirty_days():
    assert by_turnover(D("30000"), 45, "CA3").amount == D("45000.00")


@pytest.mark.parametrize(
    ("grade", "amount"), [("CA1", "3360000.00"), ("CA2", "2520000.00"), ("CA5", "336000.00"), (None, "504000.00")]
)
def test_net_assets_goes_by_grade(grade, amount):
    assert by_net_assets(figures(net_assets=16_800_000), grade).amount == D(amount)


def test_negative_net_assets_give_nothing():
    broke = figures(net_assets=-100)
    assert by_net_assets(broke, "CA1").amount == by_working_capital(broke).amount == D("0.00")


def test_z_of_the_model():
    # 200/100 + 150/100 − 100/100 − 150/100
    assert z_value(figures()) == D(1)


@pytest.mark.parametrize(
    ("z", "percent"),
    [
        ("-4.6", "0"),
        ("-4.59", "2.5"),
        ("-3.9", "2.5"),
        ("-1.1", "12.5"),
        ("-0.4", "15"),
        ("0.3", "17.5"),
        ("0.9", "20"),
        ("0.91", "25"),
    ],
)
def test_the_share_of_working_assets_grows_with_z(z, percent):
    # current assets without inventory make 2·CA/CL; CL = 100, NA = 100, TL = 100 take 2 away.
    found = by_working_capital(figures(current_assets=(D(z) + 2) * 50, inventory=0, total_liabilities=100))
    assert found.workings["percent"] == D(percent)


def test_without_current_liabilities_the_highest_share_holds():
    assert by_working_capital(figures(current_liabilities=0, total_liabilities=0)).amount == D("37.50")


def test_the_cautious_sum_is_the_smallest_that_is_known():
    found = [by_turnover(D("785000"), 60, "CA2"), by_net_assets(None, "CA2"), by_working_capital(None)]
    assert cautious(found) == D("1884000.00")
    assert cautious([by_net_assets(None, "CA2")]) is None


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 11, 21), 12, date(2027, 11, 20)),
        (date(2025, 11, 30), 3, date(2026, 2, 27)),
        (date(2026, 1, 1), 12, date(2026, 12, 31)),
    ],
)
def test_a_limit_lasts_whole_months(start, months, end):
    assert last_day(start, months) == end


def test_who_pays_at_once_needs_no_limit_by_turnover():
    assert by_turnover(D("785000"), 0, "CA1").amount == 0
    assert by_turnover(D("785000"), None, "CA3").amount == D("785000.00")


@pytest.mark.parametrize(
    ("z", "percent"),
    [
        ("-3.89", "5"), ("-3.2", "5"), ("-3.19", "7.5"), ("-2.5", "7.5"), ("-2.49", "10"), ("-1.8", "10"),
        ("-1.79", "12.5"), ("-1.09", "15"), ("-0.39", "17.5"), ("0.31", "20"),
    ],
)  # fmt: skip
def test_every_band_of_z_ends_where_the_rule_book_says(z, percent):
    found = by_working_capital(figures(current_assets=(D(z) + 2) * 50, inventory=0, total_liabilities=100))
    assert found.workings["percent"] == D(percent)


@pytest.mark.parametrize(
    "broke",
    [
        {"net_assets": 0},
        {"net_assets": 0, "current_liabilities": 0, "total_liabilities": 0},
        {"net_assets": -1, "current_liabilities": 0},
        {"current_assets": 0, "inventory": 0, "current_liabilities": 500},
    ],
)
def test_no_ratio_is_divided_by_nothing(broke):
    assert by_working_capital(figures(**broke)).amount == 0
