"""What people look at of scores: how they moved, the shape of the last one, and the curve of a ranking."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import cos, pi, sin
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from archives.choices import Segment
from crm.core.charts import Chart, Label, Series, day_label, plain
from scoring.models import Assessment, SegmentationMember
from scoring.queries import Scores

STEPS = 20
SHAPES = (("line", "primary"), ("line", "orange"), ("dashed", "grey"))
CLASS_TONES = {"A": "primary", "B": "azure", "C": "grey"}
# The radar's own units; the page scales it.
RADIUS, MIDDLE, WORDS_AT = 100, 180, 118


# --- Of one customer -------------------------------------------------------------------------------------------------
def scores_chart(rows: Sequence[Assessment]) -> Chart | None:
    """Percent by day, a line for each scorecard; nothing to draw before there are two days."""
    scored = sorted((row for row in rows if row.percent is not None), key=lambda row: (row.assessed_on, row.pk))
    days = sorted({row.assessed_on for row in scored})
    if len(days) < 2:
        return None
    by_kind: dict[str, dict] = {}
    for row in scored:
        by_kind.setdefault(row.kind_label, {})[row.assessed_on] = row.percent
    return Chart(
        id="chart-scores",
        title=_("Scores over time"),
        summary=" ".join(_moved(kind, list(found.values())) for kind, found in by_kind.items()),
        head=_("Day"),
        labels=[day_label(day) for day in days],
        series=[
            Series(kind, held(found, days), *SHAPES[place % len(SHAPES)])
            for place, (kind, found) in enumerate(by_kind.items())
        ],
        unit="percent",
    )


def held(found: dict, days: Sequence) -> list[Decimal | None]:
    """A score holds until the next one; None before the first."""
    values, last = [], None
    for day in days:
        last = found.get(day, last)
        values.append(last)
    return values


def _moved(kind: str, percents: Sequence[Decimal]) -> str:
    words = {"card": kind, "first": plain(percents[0]), "last": plain(percents[-1])}
    return _("%(card)s: from %(first)s %% to %(last)s %%.") % words


@dataclass(frozen=True, slots=True)
class Corner:
    """One group of a scorecard in the radar: its name, where that stands, and its percent now and before."""

    label: str | Promise
    x: str
    y: str
    anchor: str
    edge: str
    now: Decimal | None
    before: Decimal | None


@dataclass(frozen=True, slots=True)
class Radar:
    """An assessment by group, over the one before of the same scorecard; `rings` are 25, 50, 75 and 100 percent."""

    row: Assessment
    previous: Assessment | None
    corners: list[Corner]
    rings: list[str]
    now: str
    before: str


def radars_of(scores: Scores) -> dict[int, Radar]:
    """The shape of each assessment that stands in front, by its id."""
    shapes = {row.pk: radar_of(row, _before(row, scores.assessments)) for row in scores.in_front}
    return {pk: shape for pk, shape in shapes.items() if shape}


def _before(row: Assessment, rows: Sequence[Assessment]) -> Assessment | None:
    """The next older one in `rows`, latest first, that was made with the same kind of scorecard."""
    older = rows[list(rows).index(row) + 1 :]
    return next((one for one in older if one.scorecard.kind == row.scorecard.kind), None)


def radar_of(row: Assessment, before: Assessment | None) -> Radar | None:
    """None where there are too few groups for a shape. A group without a score lies in the middle."""
    groups = row.shown_groups
    earlier = {group["label"]: group["percent"] for group in before.shown_groups} if before else {}
    if len(groups) < 3:
        return None
    now, then = [group["percent"] for group in groups], [earlier.get(group["label"]) for group in groups]
    return Radar(
        row=row,
        previous=before,
        corners=[_corner(group, place, len(groups), earlier.get(group["label"])) for place, group in enumerate(groups)],
        rings=[outline([Decimal(ring)] * len(groups)) for ring in (25, 50, 75, 100)],
        now=outline(now),
        before=outline(then) if before else "",
    )


def outline(percents: Sequence[Decimal | None]) -> str:
    """The points of a polygon, from the top and to the right."""
    return " ".join(
        _point(place, len(percents), RADIUS * float(percent or 0) / 100) for place, percent in enumerate(percents)
    )


def _point(place: int, count: int, distance: float) -> str:
    angle = 2 * pi * place / count
    return f"{MIDDLE + distance * sin(angle):.1f},{MIDDLE - distance * cos(angle):.1f}"


def _corner(group: dict[str, Any], place: int, count: int, before: Decimal | None) -> Corner:
    x, y = _point(place, count, WORDS_AT).split(",")
    side = round(sin(2 * pi * place / count), 2)
    anchor = "middle" if abs(side) < 0.1 else "start" if side > 0 else "end"
    return Corner(group["label"], x, y, anchor, _point(place, count, RADIUS), group["percent"], before)


# --- Of a ranking ----------------------------------------------------------------------------------------------------
def pareto_chart(rows: QuerySet[SegmentationMember]) -> Chart:
    """How much of the expected value the first 5, 10, … percent of these customers carry. Two statements."""
    count, whole = rows.order_by().aggregate(n=Count("pk"), sum=Sum("expected_value")).values()
    places = (
        rows.order_by().annotate(place=Window(RowNumber(), order_by=F("rank").asc())).values("place", "expected_value")
    )
    upto = {
        f"p{step}": Sum("expected_value", filter=Q(place__lte=-(-step * count // STEPS)))
        for step in range(1, STEPS + 1)
    }
    found = places.aggregate(**upto) if count else {}
    shares = [Decimal(0), *(_share(found.get(f"p{step}"), whole) for step in range(1, STEPS + 1))]
    return Chart(
        id="chart-pareto",
        title=_("Who carries the expected value"),
        summary=_("The first 20 %% of the customers carry %(percent)s %% of it.") % {"percent": plain(shares[4])},
        head=_("Customers, the first ranks first"),
        labels=[Label(_("%(percent)s %%") % {"percent": step * 100 // STEPS}) for step in range(STEPS + 1)],
        series=[Series(_("Expected value"), shares, shape="line")],
        unit="percent",
    )


def _share(part: Decimal | None, whole: Decimal | None) -> Decimal:
    return (part / whole * 100).quantize(Decimal("0.1")) if part and whole and whole > 0 else Decimal(0)


def migration_chart(rows: QuerySet[SegmentationMember]) -> Chart:
    """From which class to which these customers went, those without a class before included. One statement."""
    pairs = rows.order_by().values_list("previous", "segment").annotate(Count("pk"))
    counts = {(before or "", now): number for before, now, number in pairs}
    moved = sum(number for (before, now), number in counts.items() if before and before != now)
    origins = [origin for origin in [*Segment.values, ""] if any((origin, now) in counts for now in Segment.values)]
    origins = [] if origins == [""] else origins  # a first ranking has nothing to compare with
    return Chart(
        id="chart-migration",
        title=_("From class to class"),
        summary=_("%(count)s customers have another class than before.") % {"count": plain(moved)},
        head=_("class before"),
        labels=[Label(origin or _("none")) for origin in origins],
        series=[
            Series(
                _("now %(class)s") % {"class": segment},
                [counts.get((origin, segment), 0) for origin in origins],
                tone=CLASS_TONES[segment],
                stack="class",
            )
            for segment in Segment.values
        ],
        across=True,
    )
