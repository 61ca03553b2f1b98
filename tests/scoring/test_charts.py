"""The charts of scores: lines that hold, shapes of the last assessment over the one before, the curve of a ranking."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

from scoring.models import Segmentation, SegmentationMember
from scoring.queries.charts import held, migration_chart, outline, pareto_chart, radar_of, scores_chart
from tests.factories import CustomerFactory


def assessment(pk, day, percent, groups=(), kind="5C"):
    shown = [{"label": label, "percent": value} for label, value in groups]
    return SimpleNamespace(pk=pk, assessed_on=day, percent=percent, kind_label=kind, shown_groups=shown)


def ranked(values):
    """A ranking with these (class before, class now, expected value), the first first."""
    day = date(2026, 11, 1)
    ranking = Segmentation.objects.create(as_of=day, finished_at="2026-11-01T00:00Z")
    for rank, (previous, segment, value) in enumerate(values, 1):
        SegmentationMember.objects.create(
            segmentation=ranking, customer=CustomerFactory(), rank=rank, segment=segment, previous=previous,
            expected_value=value, current_business=value,
        )  # fmt: skip
    return SegmentationMember.objects.filter(segmentation=ranking)


def test_one_day_is_no_line():
    assert scores_chart([assessment(1, date(2026, 1, 1), Decimal(70))]) is None


def test_a_score_holds_until_the_next():
    days = [date(2026, month, 1) for month in (1, 2, 3)]
    assert held({days[1]: 70}, days) == [None, 70, 70]


def test_a_line_for_each_scorecard():
    rows = [
        assessment(3, date(2026, 8, 1), Decimal(81)),
        assessment(2, date(2026, 5, 1), Decimal(78), kind="Card"),
        assessment(1, date(2026, 2, 1), Decimal("70.5")),
    ]
    chart = scores_chart(rows)
    assert {one.name: one.values for one in chart.series} == {
        "5C": [Decimal("70.5"), Decimal("70.5"), Decimal(81)], "Card": [None, Decimal(78), Decimal(78)],
    }  # fmt: skip
    assert "5C: from 70.5 % to 81 %." in chart.summary


def test_a_radar_points_up_first_and_turns_right():
    assert outline([Decimal(100), Decimal(50), None, Decimal(100)]) == "180.0,80.0 230.0,180.0 180.0,180.0 80.0,180.0"


def test_a_radar_over_the_one_before():
    groups = [("a", Decimal(10)), ("b", Decimal(20)), ("c", None)]
    now = assessment(2, date(2026, 8, 1), Decimal(81), groups)
    shape = radar_of(now, assessment(1, date(2026, 2, 1), Decimal(70), [("a", Decimal(50))]))
    assert [(corner.label, corner.now, corner.before) for corner in shape.corners] == [
        ("a", Decimal(10), Decimal(50)), ("b", Decimal(20), None), ("c", None, None),
    ]  # fmt: skip
    assert shape.before and radar_of(assessment(3, date(2026, 8, 1), Decimal(81), groups[:2]), None) is None


def test_the_curve_of_a_ranking(db):
    chart = pareto_chart(ranked([(None, "A", 60), *[(None, "C", 10)] * 4]))
    shares = dict(zip([str(label.text) for label in chart.labels], chart.series[0].values, strict=True))
    assert (shares["0 %"], shares["20 %"], shares["40 %"], shares["100 %"]) == (0, 60, 70, 100)
    assert chart.summary == "The first 20 % of the customers carry 60 % of it."


def test_nobody_ranked_draws_nothing(db):
    assert pareto_chart(SegmentationMember.objects.none()).empty
    assert migration_chart(SegmentationMember.objects.none()).empty


def test_a_first_ranking_has_nothing_to_compare_with(db):
    assert migration_chart(ranked([(None, "A", 5), (None, "C", 4)])).empty


def test_from_class_to_class(db):
    chart = migration_chart(ranked([("A", "A", 5), ("B", "A", 4), ("A", "C", 3), (None, "C", 2)]))
    assert [one.values for one in chart.series] == [[1, 1, 0], [0, 0, 0], [1, 0, 1]]
    assert chart.summary == "2 customers have another class than before."
