"""What scores mean: points become a percent and a grade, expected values classes, a year an evaluation. All pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from archives.choices import CustomerStatus, Grade, Segment
from archives.models import Customer
from crm.core.errors import Invalid, NotAllowed, Refused
from crm.core.models import User
from crm.core.periods import add_months, full_months
from crm.core.roles import Can

NOT_RATED = "NR"
POINTS = range(1, 11)
COMMENT_LENGTH = 1000
HUNDREDTH = Decimal("0.01")
EARLIEST_RANKING = date(2000, 1, 1)


# --- Scorecards ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Indicator:
    """One thing that is scored 1 to 10, and how much it counts."""

    code: str
    weight: Decimal


@dataclass(frozen=True)
class Group:
    """Indicators that are read together: a dimension of the 5C, a group of characteristics."""

    code: str
    indicators: tuple[Indicator, ...]

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Group":
        indicators = (Indicator(item["code"], Decimal(str(item["weight"]))) for item in stored["indicators"])
        return cls(stored["code"], tuple(indicators))

    @property
    def weight(self) -> Decimal:
        return sum((indicator.weight for indicator in self.indicators), Decimal(0))


@dataclass(frozen=True)
class Definition:
    """A scorecard's groups and bands; `bands` are (lowest whole percent, grade), best first."""

    groups: tuple[Group, ...]
    bands: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Definition":
        """The definition as a Scorecard row holds it (see models.Scorecard)."""
        groups = tuple(Group.of(group) for group in stored["groups"])
        bands = sorted(((band["from"], band["grade"]) for band in stored["bands"]), reverse=True)
        return cls(groups, tuple(bands))

    @property
    def codes(self) -> set[str]:
        return {indicator.code for group in self.groups for indicator in group.indicators}

    @property
    def weight(self) -> Decimal:
        return sum((group.weight for group in self.groups), Decimal(0))


@dataclass(frozen=True)
class Sum:
    """Σ weight × points of the indicators that somebody could score, and the most it could have been."""

    score: Decimal = Decimal(0)
    maximum: Decimal = Decimal(0)

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.score + other.score, self.maximum + other.maximum)

    @property
    def exact(self) -> Decimal | None:
        return self.score / self.maximum * 100 if self.maximum else None

    @property
    def percent(self) -> Decimal | None:
        """With two digits; None when nothing was scored."""
        return None if self.exact is None else self.exact.quantize(HUNDREDTH, ROUND_HALF_UP)


@dataclass(frozen=True)
class Score:
    """The result of one assessment. `coverage` is the scored share of all weight, in percent."""

    total: Sum
    coverage: Decimal
    grade: str
    groups: tuple[tuple[str, Sum], ...]


CREDIT_BANDS = (
    (86, Grade.CA1.value),
    (61, Grade.CA2.value),
    (46, Grade.CA3.value),
    (31, Grade.CA4.value),
    (16, Grade.CA5.value),
    (0, Grade.CA6.value),
)


def score(definition: Definition, points: Mapping[str, Any], *, coverage_needed: Decimal) -> Score:
    """Σ weight × points over Σ weight × 10; unknown indicators stay out of both sums.

    Below `coverage_needed` – percent of all weight – the grade is NR. Refuses points that are not whole numbers from
    1 to 10, and indicators that the scorecard does not have.
    """
    known = checked_points(definition, points)
    groups = tuple((group.code, _sum(group, known)) for group in definition.groups)
    total = sum((part for _code, part in groups), Sum())
    coverage = total.maximum / 10 / definition.weight * 100
    grade = NOT_RATED if coverage < coverage_needed else grade_of(definition.bands, total.exact)
    return Score(total, coverage.quantize(HUNDREDTH, ROUND_HALF_UP), grade, groups)


def _sum(group: Group, points: Mapping[str, int]) -> Sum:
    scored = [indicator for indicator in group.indicators if indicator.code in points]
    return sum((Sum(one.weight * points[one.code], one.weight * 10) for one in scored), Sum())


def grade_of(bands: tuple[tuple[int, str], ...], percent: Decimal | None) -> str:
    """The band of the percent rounded half up to a whole one: 85.5 is 86, 85.49 is 85."""
    if percent is None:
        return NOT_RATED
    whole = percent.quantize(Decimal(1), ROUND_HALF_UP)
    return next((grade for lowest, grade in bands if whole >= lowest), NOT_RATED)


def credit_grade(grade: str, percent: Decimal | None) -> Grade:
    """The customer's grade CA1…CA6 or NR that an assessment stands for, whichever scorecard it was made with."""
    return Grade(grade) if grade in Grade.values else Grade(grade_of(CREDIT_BANDS, percent))


def checked_points(definition: Definition, points: Mapping[str, Any]) -> dict[str, int]:
    """The points that were given; None means unknown. Refuses each bad one under `points.<code>`."""
    _refuse_each("points", {code: _why_not_points(definition, code, value) for code, value in points.items()})
    return {code: value for code, value in points.items() if value is not None}


def _why_not_points(definition: Definition, code: str, value: Any) -> str:
    if code not in definition.codes:
        return _("This scorecard has no such indicator.")
    # True is an int to Python, but nobody means 1 by it.
    if value is None or (type(value) is int and value in POINTS):
        return ""
    return _("Points are a whole number from 1 to 10; leave out what nobody can score.")


def checked_comments(definition: Definition, comments: Mapping[str, Any]) -> dict[str, str]:
    """The comments that say something. Refuses unknown indicators and what is not a text of reasonable length."""
    _refuse_each("comments", {code: _why_not_comment(definition, code, value) for code, value in comments.items()})
    return {code: value.strip() for code, value in comments.items() if value.strip()}


def _refuse_each(field: str, found: Mapping[str, str]) -> None:
    """Raise with every fault at once, each under the name of what it is about."""
    errors = {f"{field}.{code}": text for code, text in found.items() if text}
    if errors:
        raise Invalid(errors)


def _why_not_comment(definition: Definition, code: str, value: Any) -> str:
    if code not in definition.codes:
        return _("This scorecard has no such indicator.")
    if not isinstance(value, str) or len(value) > COMMENT_LENGTH:
        return _("A comment is a text of at most %(length)s characters.") % {"length": COMMENT_LENGTH}
    return ""


def why_not_score(customer: Customer, *, by: User) -> Refused | None:
    """Whether `by` may assess or evaluate this customer at all; the words that stand in place of the button."""
    if not by.may(Can.SCORE):
        return NotAllowed(_("Scoring is for credit officers and above. Ask one of them to assess this customer."))
    if not CustomerStatus(customer.status).tradable:
        return Refused(_("A closed or blacklisted customer is not scored."), code="customer_closed")
    return None


def why_not_assess(customer: Customer, *, by: User, assessed_on: date, today: date) -> Refused | None:
    """As above, and no assessment lies in the future."""
    if assessed_on > today:
        return Invalid({"assessed_on": _("An assessment cannot lie in the future.")})
    return why_not_score(customer, by=by)


def is_worse(grade: Grade, before: Grade | None) -> bool:
    """Whether the grade fell. NR says that something is not known, not that it is bad, so it compares with nothing."""
    rated = [Grade.CA1, Grade.CA2, Grade.CA3, Grade.CA4, Grade.CA5, Grade.CA6]
    return grade in rated and before in rated and rated.index(grade) > rated.index(before)


# --- Ranking ---------------------------------------------------------------------------------------------------------
def expected_value(
    *,
    potential: bool,
    current_business: Decimal = Decimal(0),
    expected_increase: Decimal | None = None,
    market_potential: Decimal | None = None,
    expected_share: Decimal | None = None,
    probability: Decimal,
) -> Decimal | None:
    """EV of a year, half up to cents: MP × ES × P of a potential customer, CB + AV × P of any other.

    A potential customer has none until MP and ES are known; an additional volume nobody named counts 0.
    """
    if not potential:
        value = current_business + (expected_increase or Decimal(0)) * probability
    elif market_potential is None or expected_share is None:
        return None
    else:
        value = market_potential * expected_share * probability
    return value.quantize(HUNDREDTH, ROUND_HALF_UP)


def class_sizes(ranked: int, *, share_a: Decimal, share_ab: Decimal) -> tuple[int, int]:
    """Up to which rank a customer is A – at least 1 – and up to which B: ⌊share × ranked⌋, the shares in percent."""
    last_a = max(1, int(ranked * share_a // 100)) if ranked else 0
    return last_a, max(last_a, int(ranked * share_ab // 100))


def segment_of(rank: int, value: Decimal, *, last_a: int, last_b: int) -> Segment:
    """The class of a rank; a customer of whom nothing is expected is C wherever it stands."""
    if value <= 0 or rank > last_b:
        return Segment.C
    return Segment.A if rank <= last_a else Segment.B


def last_full_months(as_of: date, count: int = 12) -> tuple[date, date]:
    """The first days of the first and last of the `count` months that had ended by the evening of `as_of`."""
    first, after = full_months(as_of, count)
    return first, add_months(after, -1)


def last_full_years(as_of: date, count: int = 3) -> tuple[date, date]:
    """The first and the last month of the `count` calendar years that had ended by the evening of `as_of`."""
    last = as_of.year if (as_of.month, as_of.day) == (12, 31) else as_of.year - 1
    return date(last - count + 1, 1, 1), date(last, 12, 1)


def why_not_rank(*, as_of: date, by: User | None, today: date | None = None) -> Refused | None:
    """Who may start a ranking, and for which day: from 2000 to `today`. Nobody (`by` None) is the night."""
    if by is not None and not by.may(Can.RANK):
        return NotAllowed(_("Only a credit manager or the finance director may rank the customers."))
    if as_of < EARLIEST_RANKING:
        return Invalid({"as_of": _("Rank for a day from the year 2000 on.")})
    if today and as_of > today:
        return Invalid({"as_of": _("Nobody can be ranked for a day that is still to come.")})
    return None


# --- Yearly evaluation -----------------------------------------------------------------------------------------------
class Rating(models.TextChoices):
    """How a year was: a part of it, or the whole."""

    EXCELLENT = "excellent", gettext_lazy("excellent")
    GOOD = "good", gettext_lazy("good")
    FAIR = "fair", gettext_lazy("fair")
    POOR = "poor", gettext_lazy("poor")

    @property
    def tone(self) -> str:
        return {"excellent": "green", "good": "azure", "fair": "orange", "poor": "red"}[self]


ATTITUDE = dict(zip(Rating, map(Decimal, (20, 15, 10, 5)), strict=True))
INFORMATION = dict(zip(Rating, map(Decimal, (10, 7, 5, 2)), strict=True))
OVERALL = tuple(zip(map(Decimal, (90, 75, 60, 0)), Rating, strict=True))
SATISFACTORY = Decimal(80)


@dataclass(frozen=True)
class YearScore:
    """The four parts of a yearly evaluation, 100 points in all; 80 is the mark for a customer to be content with."""

    performance: Decimal
    attitude: Decimal
    credit: Decimal
    information: Decimal

    @property
    def total(self) -> Decimal:
        return self.performance + self.attitude + self.credit + self.information

    @property
    def overall(self) -> Rating:
        return next(name for mark, name in OVERALL if self.total >= mark)

    @property
    def satisfactory(self) -> bool:
        return self.total >= SATISFACTORY


def evaluate(
    *, target: Decimal, actual: Decimal, attitude: str, information: str, late: int, made_up: int
) -> YearScore:
    """50 × actual / target (0 to 50), attitude, 20 − 5 × (late − made up) (0 to 20), information. Target above 0."""
    performance = min(max(50 * actual / target, Decimal(0)), Decimal(50)).quantize(HUNDREDTH, ROUND_HALF_UP)
    credit = min(max(20 - 5 * Decimal(late - made_up), Decimal(0)), Decimal(20))
    return YearScore(performance, ATTITUDE[Rating(attitude)], credit, INFORMATION[Rating(information)])
