"""Scores and grades: the sums, the bands, what nobody knows, and what cannot be meant."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archives.choices import Grade
from crm.core.errors import Invalid
from scoring import rules
from scoring.scorecards import (
    CHARACTERISTIC,
    DEFINITIONS,
    FIVE_C,
    GROUPS,
    INDICATORS,
    KINDS,
)

CARD = rules.Definition.of(DEFINITIONS[CHARACTERISTIC])
CARD_5C = rules.Definition.of(DEFINITIONS[FIVE_C])
NEEDED = Decimal("60.00")


def score(points, card=CARD):
    return rules.score(card, points, coverage_needed=NEEDED)


def everywhere(points, card=CARD):
    return dict.fromkeys(card.codes, points)


def test_all_eights_are_640_of_800_and_CA2():
    result = score(everywhere(8))
    assert (result.total.score, result.total.maximum) == (Decimal(640), Decimal(800))
    assert (result.total.percent, result.coverage, result.grade) == (Decimal("80.00"), Decimal("100.00"), "CA2")


def test_both_scorecards_weigh_what_the_rule_book_says():
    assert CARD.weight == 80 and len(CARD.codes) == 18
    assert CARD_5C.weight == 100 and len(CARD_5C.codes) == 12
    assert [group.weight for group in CARD_5C.groups] == [30, 25, 20, 15, 10]


def test_every_code_has_words():
    for kind, card in ((CHARACTERISTIC, CARD), (FIVE_C, CARD_5C)):
        assert kind in KINDS
        assert {group.code for group in card.groups} <= GROUPS.keys()
        assert all(INDICATORS[code].label and INDICATORS[code].help for code in card.codes)


@pytest.mark.parametrize(
    ("percent", "grade"),
    [
        ("100", "CA1"),
        ("86", "CA1"),
        ("85.5", "CA1"),
        ("85.49", "CA2"),
        ("60.5", "CA2"),
        ("60.49", "CA3"),
        ("46", "CA3"),
        ("45.49", "CA4"),
        ("31", "CA4"),
        ("30.49", "CA5"),
        ("15.5", "CA5"),
        ("15.49", "CA6"),
        ("0", "CA6"),
    ],
)
def test_bands_go_by_the_percent_rounded_half_up(percent, grade):
    assert rules.grade_of(CARD.bands, Decimal(percent)) == grade


@pytest.mark.parametrize(
    ("percent", "grade"),
    [("89.5", "AAA"), ("89.4", "AA"), ("80", "AA"), ("70", "A"), ("60", "BBB"), ("50", "BB"), ("40", "B"), ("39", "C")],
)
def test_bands_of_the_5c(percent, grade):
    assert rules.grade_of(CARD_5C.bands, Decimal(percent)) == grade


def test_what_nobody_could_score_stays_out_of_both_sums():
    points = everywhere(8) | {"payment_record": None}
    del points["solvency"]
    result = score(points)
    assert (result.total.score, result.total.maximum) == (Decimal(8 * 65), Decimal(650))
    assert result.total.percent == Decimal("80.00")
    assert result.coverage == Decimal("81.25")


def test_below_the_coverage_it_is_not_rated():
    own_and_priority = {item.code: 9 for group in CARD.groups[:2] for item in group.indicators}
    assert sum(group.weight for group in CARD.groups[:2]) == 38  # 47.5 %
    assert score(own_and_priority).grade == "NR"
    at_the_mark = own_and_priority | {"payment_record": 9}  # 48 of 80
    assert score(at_the_mark).coverage == Decimal("60.00")
    assert score(at_the_mark).grade == "CA1"


def test_groups_have_a_percent_of_their_own():
    result = score({"payment_record": 6, "solvency": 9, "prospects": 10})
    assert [(code, part.percent) for code, part in result.groups] == [
        ("own", Decimal("100.00")),
        ("priority", None),
        ("credit_and_financial", Decimal("70.00")),
    ]


@pytest.mark.parametrize("value", [0, 11, -1, 7.5, 8.0, "8", "many", True, False, [8], float("nan")])
def test_points_that_cannot_be_meant_are_refused_by_name(value):
    with pytest.raises(Invalid) as refusal:
        score({"payment_record": value, "solvency": 5})
    assert set(refusal.value.errors) == {"points.payment_record"}


def test_an_unknown_indicator_is_refused_by_name():
    with pytest.raises(Invalid) as refusal:
        score({"punctuality": 8})
    assert set(refusal.value.errors) == {"points.punctuality"}


@given(st.dictionaries(st.sampled_from(sorted(CARD.codes)), st.integers(1, 10), min_size=1))
def test_more_points_never_lower_the_score(points):
    result = score(points)
    assert 10 <= result.total.percent <= 100
    assert 0 < result.coverage <= 100
    better = score({code: min(10, value + 1) for code, value in points.items()})
    assert better.total.percent >= result.total.percent


def test_a_5c_result_stands_for_a_credit_grade_too():
    assert rules.credit_grade("AA", Decimal("81.00")) == Grade.CA2
    assert rules.credit_grade("NR", Decimal("81.00")) == Grade.NR
    assert rules.credit_grade("CA4", Decimal("99.00")) == Grade.CA4


@pytest.mark.parametrize(
    ("now", "before", "worse"),
    [("CA3", "CA2", True), ("CA2", "CA2", False), ("CA1", "CA2", False), ("NR", "CA2", False), ("CA6", None, False)],
)
def test_worse(now, before, worse):
    assert rules.is_worse(Grade(now), before and Grade(before)) is worse
