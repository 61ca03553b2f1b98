"""What is asked of scores: the scorecards in force, what a customer's page shows, the latest ranking."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from archives.choices import Grade, Segment
from archives.models import Customer, SalesRecord
from crm.core.models import Job, Policy, User
from crm.core.money import cents, rates_on, refuse_unrated
from crm.core.roles import Role, Scope
from scoring import rules
from scoring.models import Assessment, Evaluation, Scorecard, Segmentation, SegmentationMember
from scoring.scorecards import CHARACTERISTIC, FIVE_C, group_words, indicator_words, kind_words

RANK_JOB = "rank_customers"
MOVERS_SHOWN = 50
ASSESSMENTS_SHOWN = 20


# --- Scorecards ------------------------------------------------------------------------------------------------------
def scorecards_in_force() -> QuerySet[Scorecard]:
    """The published version of every kind, those that come with the program included."""
    return Scorecard.objects.filter(state=Scorecard.State.PUBLISHED).order_by("kind")


def scorecard_in_force(kind: str) -> Scorecard | None:
    """The published version of one kind."""
    return scorecards_in_force().filter(kind=kind).first()


def worded(scorecard: Scorecard) -> dict[str, Any]:
    """The scorecard with the words for its codes, as the API and the page to assess show it."""
    return {
        "kind": scorecard.kind,
        "label": kind_words(scorecard.kind).label,
        "help": kind_words(scorecard.kind).help,
        "version": scorecard.version,
        "groups": [_worded_group(group) for group in scorecard.definition["groups"]],
        "bands": scorecard.definition["bands"],
    }


def _worded_group(group: dict[str, Any]) -> dict[str, Any]:
    indicators = [
        item | {"label": indicator_words(item["code"]).label, "help": indicator_words(item["code"]).help}
        for item in group["indicators"]
    ]
    words = group_words(group["code"])
    return {"code": group["code"], "label": words.label, "help": words.help, "indicators": indicators}


# --- A customer's scores ---------------------------------------------------------------------------------------------
def latest_assessment(customer: Customer, kind: str, *, rated: bool = False) -> Assessment | None:
    """By day, then by the order of writing; with `rated` the latest that came to a grade."""
    rows = customer.assessments.filter(scorecard__kind=kind).select_related("scorecard")
    rows = rows.exclude(grade=rules.NOT_RATED) if rated else rows
    return rows.order_by("-assessed_on", "-id").first()


def grade_before(customer: Customer, kind: str) -> Grade | None:
    """The grade that the latest rated assessment of this kind stands for; None when there is none."""
    latest = latest_assessment(customer, kind, rated=True)
    return latest.credit_grade if latest else None


@dataclass(frozen=True)
class Scores:
    """What the tab "Scores" of the customer page shows."""

    customer: Customer
    grading: str
    assessments: list[Assessment]
    characteristic: Assessment | None
    five_c: Assessment | None
    evaluations: list[Evaluation]
    place: SegmentationMember | None

    @property
    def in_front(self) -> list[Assessment]:
        """The latest of each scorecard that comes with the program, side by side."""
        return [row for row in (self.characteristic, self.five_c) if row]


def scores_of(customer: Customer, *, limit: int = ASSESSMENTS_SHOWN) -> Scores:
    """The customer's assessments, latest first, each in words; its evaluated years; its place in the ranking."""
    rows = list(customer.assessments.select_related("scorecard", "by").order_by("-assessed_on", "-id")[:limit])
    return Scores(
        customer=customer,
        grading=Policy.current().grading_scorecard,
        assessments=rows,
        characteristic=_first(rows, CHARACTERISTIC),
        five_c=_first(rows, FIVE_C),
        evaluations=list(customer.evaluations.select_related("by")),
        place=_place(customer),
    )


def _first(rows: list[Assessment], kind: str) -> Assessment | None:
    return next((row for row in rows if row.scorecard.kind == kind), None)


def _place(customer: Customer) -> SegmentationMember | None:
    return SegmentationMember.objects.filter(segmentation=latest_ranking(), customer=customer).first()


def sales_of_year(customer: Customer, year: int) -> Decimal:
    """The year's sales in the customer's currency; those in another are turned at the rates of the year's end."""
    sales = SalesRecord.objects.filter(customer=customer, month__year=year)
    totals = dict(sales.order_by().values_list("currency").annotate(Sum("amount")))
    if totals.keys() <= {customer.currency}:
        return totals.get(customer.currency, Decimal(0))
    rates = rates_on(date(year, 12, 31))
    refuse_unrated([*totals, customer.currency], rates)
    return cents(sum(amount * rates[currency] for currency, amount in totals.items()) / rates[customer.currency])


# --- The ranking -----------------------------------------------------------------------------------------------------
def latest_ranking() -> Segmentation | None:
    """The ranking that was finished last."""
    return Segmentation.objects.exclude(finished_at=None).order_by("-id").first()


def open_ranking_job() -> Job | None:
    """The ranking that waits or runs, the oldest first."""
    return Job.objects.filter(kind=RANK_JOB, state__in=Job.OPEN).order_by("created_at").first()


def members_for(ranking: Segmentation, user: User) -> QuerySet[SegmentationMember]:
    """The places of those customers that `user` may see, first rank first."""
    rows = SegmentationMember.objects.visible_to(user).filter(segmentation=ranking)
    return rows.select_related("customer").order_by("rank")


def movers(rows: QuerySet[SegmentationMember]) -> QuerySet[SegmentationMember]:
    """Those that had a class before and have another now."""
    return rows.filter(previous__isnull=False).exclude(segment=F("previous"))


@dataclass(frozen=True)
class Share:
    """One class in the ranking: how many customers it has and what is expected of them, each also as a share."""

    segment: Segment
    customers: int
    customers_percent: Decimal
    customers_before: Decimal
    value: Decimal
    value_percent: Decimal
    value_before: Decimal


def shares_for(ranking: Segmentation, user: User) -> list[Share]:
    """A, B and C among the customers that `user` may see. Shares in percent; `…_before` is where a bar begins."""
    rows = members_for(ranking, user).order_by().values_list("segment")
    found = {segment: sums for segment, *sums in rows.annotate(Count("pk"), Sum("expected_value"))}
    counts = [found.get(segment, (0, 0))[0] for segment in Segment.values]
    values = [found.get(segment, (0, Decimal(0)))[1] for segment in Segment.values]
    return [Share(segment, *_bar(counts, place), *_bar(values, place)) for place, segment in enumerate(Segment)]


def _bar(sums: list, place: int) -> tuple:
    """A sum, its percent of all, and the percent that lies before it."""
    return sums[place], _percent(sums[place], sum(sums)), _percent(sum(sums[:place]), sum(sums))


def _percent(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """Of a whole of nothing, or of less, every part is 0."""
    return (Decimal(part) / whole * 100).quantize(Decimal("0.1")) if whole > 0 else Decimal(0)


def core_share(ranking: Segmentation, user: User) -> dict[str, Any] | None:
    """How many core customers there are and how much of all sales they carry; only for those who see all customers."""
    if Role(user.role).scope is not Scope.ALL or not ranking.core:
        return None
    sales, everything = Decimal(ranking.core["sales"]), Decimal(ranking.core["all_sales"])
    return {"count": ranking.core["count"], "sales": sales, "percent": _percent(sales, everything)}


def counts_for(ranking: Segmentation, user: User) -> dict[str, Any]:
    """A, B, C, how many are ranked and how many moved, among the customers that `user` may see."""
    if Role(user.role).scope is Scope.ALL:
        return {"counts": ranking.counts, "ranked": ranking.ranked, "moved": ranking.moved}
    rows = members_for(ranking, user)
    found = dict(rows.order_by().values_list("segment").annotate(Count("pk")))
    counts = {segment: found.get(segment, 0) for segment in Segment.values}
    return {"counts": counts, "ranked": sum(counts.values()), "moved": movers(rows).count()}
