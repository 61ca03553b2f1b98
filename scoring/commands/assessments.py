"""Scoring a customer: assessments with a scorecard, and the evaluation of a year."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from archives.choices import Grade, ReviewCause
from archives.commands.flags import raise_review
from archives.models import Customer, Standing
from crm.core import audit
from crm.core.errors import Invalid
from crm.core.models import Policy, User
from scoring import rules
from scoring.models import Assessment, Evaluation, Scorecard
from scoring.queries import grade_before, latest_assessment, sales_of_year, scorecard_in_force

EARLIEST_YEAR = 1990


@transaction.atomic
def assess(
    customer: Customer,
    *,
    by: User,
    scorecard: str,
    assessed_on: date,
    points: Mapping[str, Any],
    comments: Mapping[str, Any] | None = None,
    today: date,
) -> Assessment:
    """Score a customer with the published version of a kind of scorecard, and give it the grade that follows.

    Refuses somebody without the right, a closed or blacklisted customer, a day in the future, an unknown scorecard,
    points that are not 1 to 10, comments on nothing, and an assessment in which nothing is scored.
    """
    customer = _locked(customer)
    card = scorecard_in_force(scorecard)
    if card is None:
        raise Invalid({"scorecard": _("There is no published scorecard of this kind.")})
    if refusal := rules.why_not_assess(customer, by=by, assessed_on=assessed_on, today=today):
        raise refusal
    policy = Policy.current()
    before = grade_before(customer, card.kind)
    row = _written(customer, card, policy, by=by, assessed_on=assessed_on, points=points, comments=comments or {})
    if card.kind == policy.grading_scorecard and latest_assessment(customer, card.kind) == row:
        _give_grade(customer, row, before, today=today)
    audit.record("customer.assessed", row, by=by, scorecard=card.kind, percent=row.percent, grade=row.grade)
    return row


def _locked(customer: Customer) -> Customer:
    """The customer as it is now, with its standing locked: two assessments at once take turns."""
    Standing.objects.get_or_create(customer=customer)
    Standing.objects.select_for_update().get(customer=customer)
    return Customer.objects.get(pk=customer.pk)


def _written(
    customer: Customer,
    card: Scorecard,
    policy: Policy,
    *,
    by: User,
    assessed_on: date,
    points: Mapping[str, Any],
    comments: Mapping[str, Any],
) -> Assessment:
    definition = rules.Definition.of(card.definition)
    known = rules.checked_points(definition, points)
    if not known:
        raise Invalid({"points": _("Score at least one indicator.")})
    result = rules.score(definition, known, coverage_needed=policy.coverage_needed)
    return Assessment.objects.create(
        customer=customer,
        scorecard=card,
        assessed_on=assessed_on,
        points=known,
        comments=rules.checked_comments(definition, comments),
        score=result.total.score,
        maximum=result.total.maximum,
        percent=result.total.percent,
        coverage=result.coverage,
        grade=result.grade,
        groups=[{"code": code, "percent": _text(part.percent)} for code, part in result.groups],
        by=by,
    )


def _text(percent: Decimal | None) -> str | None:
    return None if percent is None else str(percent)


def _give_grade(customer: Customer, row: Assessment, before: Grade | None, *, today: date) -> None:
    """The latest grading assessment is the customer's grade; a worse one asks for a review of the limit."""
    grade = row.credit_grade
    percent = None if grade == Grade.NR else row.percent
    Standing.objects.filter(customer=customer).update(grade=grade, grade_percent=percent)
    if rules.is_worse(grade, before):
        raise_review([customer.pk], ReviewCause.WORSE_GRADE, today=today)


@transaction.atomic
def evaluate_year(
    customer: Customer,
    *,
    by: User,
    year: int,
    target: Decimal,
    actual: Decimal | None = None,
    attitude: str,
    information: str,
    late: int,
    made_up: int,
    today: date,
) -> tuple[Evaluation, bool]:
    """Evaluate a customer's year; True beside it when it is the first of that year, else it takes the former's place.

    `actual` defaults to the year's sales. What a former evaluation said stays in the audit trail. Refuses somebody
    without the right, a closed or blacklisted customer, a year that has not begun, and a target of nothing.
    """
    customer = _locked(customer)
    if refusal := rules.why_not_score(customer, by=by):
        raise refusal
    _refuse_year(year, target, today)
    actual = sales_of_year(customer, year) if actual is None else actual
    result = rules.evaluate(
        target=target, actual=actual, attitude=attitude, information=information, late=late, made_up=made_up
    )
    former = Evaluation.objects.filter(customer=customer, year=year).first()
    given = {"target": target, "actual": actual, "late": late, "made_up": made_up}
    given |= {"attitude_rating": attitude, "information_rating": information, "by": by}
    row, created = Evaluation.objects.update_or_create(customer=customer, year=year, defaults=given | _figures(result))
    audit.record("customer.evaluated", row, by=by, total=row.total, before=former and former.total)
    return row, created


def _refuse_year(year: int, target: Decimal, today: date) -> None:
    if not EARLIEST_YEAR <= year <= today.year:
        raise Invalid({"year": _("Evaluate a year from 1990 to this one.")})
    if target <= 0:
        raise Invalid({"target": _("The target must be more than 0.")})


def _figures(result: rules.YearScore) -> dict[str, Any]:
    names = ("performance", "attitude", "credit", "information", "total", "overall", "satisfactory")
    return {name: getattr(result, name) for name in names}
