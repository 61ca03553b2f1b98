"""Assessing a customer: what is refused, what grade follows, what a worse one sets off. Command, API and page agree."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import InternalError, transaction

from archives.choices import CustomerStatus
from archives.models import Flag, Standing
from crm.core.errors import Invalid, NotAllowed, Refused
from crm.core.models import AuditEntry, Policy
from scoring.commands.assessments import assess
from scoring.models import Assessment, Scorecard
from scoring.scorecards import CHARACTERISTIC, DEFINITIONS, FIVE_C, publish_missing

pytestmark = pytest.mark.django_db
CODES = [item["code"] for group in DEFINITIONS[CHARACTERISTIC]["groups"] for item in group["indicators"]]
CODES_5C = [item["code"] for group in DEFINITIONS[FIVE_C]["groups"] for item in group["indicators"]]


def all_points(value, codes=CODES):
    return dict.fromkeys(codes, value)


@pytest.fixture
def given(customer, officer, today):
    """`given(points, …)` assesses the customer; whatever a test is about can be set."""

    def do(points=8, **changes):
        chosen = all_points(points) if isinstance(points, int) else points
        usual = {"by": officer, "scorecard": CHARACTERISTIC, "assessed_on": today, "points": chosen, "today": today}
        return assess(changes.pop("customer", customer), **usual | changes)

    return do


def standing(customer):
    return Standing.objects.get(customer=customer)


def test_it_writes_score_grade_and_standing(given, customer, officer):
    row = given(8, comments={"payment_record": " always on the day "})
    assert (row.score, row.maximum, row.percent, row.coverage) == (640, 800, Decimal("80.00"), 100)
    assert row.grade == "CA2"
    assert row.comments == {"payment_record": "always on the day"}
    assert (standing(customer).grade, standing(customer).grade_percent) == ("CA2", Decimal("80.00"))
    assert AuditEntry.objects.filter(verb="customer.assessed", actor=officer, customer_id=customer.pk).count() == 1


def test_the_scorecards_come_with_the_program_and_once():
    publish_missing(Scorecard)
    assert set(Scorecard.objects.values_list("kind", "version", "state")) == {
        ("5c", 1, "published"),
        ("characteristic", 1, "published"),
    }


def test_neither_a_published_scorecard_nor_an_assessment_changes(given):
    row = given(8)
    with pytest.raises(InternalError), transaction.atomic():
        Assessment.objects.filter(pk=row.pk).update(grade="CA1")
    with pytest.raises(InternalError), transaction.atomic():
        Scorecard.objects.filter(pk=row.scorecard_id).update(definition={})


def test_the_latest_day_gives_the_grade_not_the_last_written(given, customer, today):
    given(8)
    given(10, assessed_on=today - timedelta(days=30))
    assert standing(customer).grade == "CA2"
    given(10)
    assert standing(customer).grade == "CA1"


def test_a_worse_grade_asks_for_a_review_of_the_limit(given, customer):
    given(9)
    assert not Flag.objects.exists()
    given(5)
    flag = Flag.objects.get(customer=customer, reason="limit_review", closed_on=None)
    assert "worse_grade" in str(flag.data)
    given(3)
    assert Flag.objects.count() == 1


def test_a_grade_that_is_not_known_hides_no_fall(given, customer):
    given(9)
    given({"payment_record": 9})
    assert (standing(customer).grade, standing(customer).grade_percent) == ("NR", None)
    assert not Flag.objects.exists()
    given(5)
    assert Flag.objects.filter(reason="limit_review").count() == 1


def test_an_old_day_asks_for_nothing(given, today):
    given(9)
    given(2, assessed_on=today - timedelta(days=1))
    assert not Flag.objects.exists()


def test_the_5c_gives_letters_and_no_grade(given, customer):
    row = given(all_points(9, CODES_5C), scorecard=FIVE_C)
    assert (row.grade, row.percent) == ("AAA", 90)
    assert standing(customer).grade is None


def test_a_policy_may_name_the_5c(given, customer):
    Policy.objects.create(pk=1, grading_scorecard=FIVE_C)
    given(all_points(9, CODES_5C), scorecard=FIVE_C)
    given(5)
    assert (standing(customer).grade, standing(customer).grade_percent) == ("CA1", 90)


@pytest.mark.parametrize("status", [CustomerStatus.CLOSED, CustomerStatus.BLACKLISTED])
def test_it_refuses_a_customer_that_is_closed(given, customer, status):
    type(customer).objects.update(status=status)
    with pytest.raises(Refused) as refusal:
        given(8)
    assert refusal.value.code == "customer_closed"
    assert not Assessment.objects.exists()


def test_it_refuses_the_future_and_takes_today(given, today):
    with pytest.raises(Invalid) as refusal:
        given(8, assessed_on=today + timedelta(days=1))
    assert set(refusal.value.errors) == {"assessed_on"}


@pytest.mark.parametrize("points", [{}, {"payment_record": None}])
def test_it_refuses_no_points_at_all(given, points):
    with pytest.raises(Invalid) as refusal:
        given(points)
    assert set(refusal.value.errors) == {"points"}


def test_it_refuses_comments_on_nothing(given):
    with pytest.raises(Invalid) as refusal:
        given(8, comments={"weather": "fine", "solvency": 7})
    assert set(refusal.value.errors) == {"comments.weather", "comments.solvency"}


def test_it_refuses_an_unknown_scorecard(given):
    with pytest.raises(Invalid) as refusal:
        given(8, scorecard="tarot")
    assert set(refusal.value.errors) == {"scorecard"}


def test_it_refuses_a_salesperson(given, seller):
    with pytest.raises(NotAllowed):
        given(8, by=seller)


# --- Over REST -------------------------------------------------------------------------------------------------------
def body(**changes):
    return {
        "customer": "C-100234",
        "scorecard": "characteristic",
        "assessed_on": "2026-11-20",
        "points": all_points(8),
    } | changes


def test_the_api_answers_with_score_groups_and_advice(api, customer):
    answer = api.post("/api/v1/assessments/", body(comments={"solvency": "cash is short"}), format="json")
    assert answer.status_code == 201
    said = answer.json()
    assert (said["score"], said["maximum"], said["percent"], said["coverage"]) == (
        "640.00",
        "800.00",
        "80.00",
        "100.00",
    )
    assert (said["grade"], said["limit_advice"]) == ("CA2", "larger")
    assert said["groups"] == [
        {"code": code, "percent": "80.00"} for code in ("own", "priority", "credit_and_financial")
    ]
    listed = api.get("/api/v1/assessments/", {"customer": "C-100234"}).json()["results"]
    assert [row["id"] for row in listed] == [said["id"]]
    assert listed[0]["comments"] == {"solvency": "cash is short"}
    assert api.get("/api/v1/assessments/", {"customer": "C-0"}).json()["results"] == []


@pytest.mark.parametrize("value", [0, 11, 7.5, "many", True])
def test_the_api_points_at_bad_points(api, customer, value):
    answer = api.post("/api/v1/assessments/", body(points={"payment_record": value}), format="json")
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/points/payment_record"]
    assert not Assessment.objects.exists()


@pytest.mark.parametrize(
    ("changes", "status", "pointer"),
    [
        ({"customer": "C-0"}, 404, None),
        ({"points": []}, 400, "/points"),
        ({"points": {}}, 400, "/points"),
        ({"points": {"weather": 5}}, 400, "/points/weather"),
        ({"assessed_on": "2999-01-01"}, 400, "/assessed_on"),
        ({"assessed_on": "20 November"}, 400, "/assessed_on"),
        ({"scorecard": "tarot"}, 400, "/scorecard"),
        ({"grade": "CA1"}, 400, "/grade"),
        ({"comments": {"solvency": 3}}, 400, "/comments/solvency"),
    ],
)
def test_the_api_refuses_what_cannot_be_meant(api, customer, changes, status, pointer):
    answer = api.post("/api/v1/assessments/", body(**changes), format="json")
    assert answer.status_code == status
    if pointer:
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_the_same_key_scores_once(api, customer):
    first, second = (
        api.post("/api/v1/assessments/", body(), format="json", headers={"Idempotency-Key": "a"}) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert Assessment.objects.count() == 1


def test_people_over_the_api(api_as, customer, seller, outsider, officer, auditor):
    def status(user):
        return api_as(user).post("/api/v1/assessments/", body(), format="json").status_code

    assert [status(user) for user in (seller, outsider, auditor)] == [403, 403, 403]
    assert status(officer) == 201
    assert len(api_as(seller).get("/api/v1/assessments/").json()["results"]) == 1
    assert len(api_as(auditor).get("/api/v1/assessments/").json()["results"]) == 1
    assert api_as(outsider).get("/api/v1/assessments/").json()["results"] == []


def test_scorecards_are_listed_with_weights_and_bands(api, db):
    cards = {card["kind"]: card for card in api.get("/api/v1/scorecards/").json()["results"]}
    assert set(cards) == {"5c", "characteristic"}
    weights = {
        item["code"]: item["weight"] for group in cards["characteristic"]["groups"] for item in group["indicators"]
    }
    assert weights["payment_record"] == 10 and sum(weights.values()) == 80
    assert cards["characteristic"]["bands"][0] == {"from": 86, "grade": "CA1"}
    assert api.get("/api/v1/scorecards/?colour=red").status_code == 400


# --- Evaluations -----------------------------------------------------------------------------------------------------
YEAR = {
    "customer": "C-100234",
    "year": 2025,
    "target": "5000000.00",
    "actual": "4000000.00",
    "attitude": "good",
    "information": "excellent",
    "late": 3,
    "made_up": 1,
}


def test_the_worked_case_over_the_api(api, customer):
    answer = api.post("/api/v1/evaluations/", YEAR, format="json")
    assert answer.status_code == 201
    said = answer.json()
    parts = {name: said[name] for name in ("performance", "attitude", "credit", "information", "total")}
    assert parts == {
        "performance": "40.00",
        "attitude": "15.00",
        "credit": "10.00",
        "information": "10.00",
        "total": "75.00",
    }
    assert (said["overall"], said["satisfactory"]) == ("good", False)


def test_the_years_sales_are_the_default(api, customer):
    for month, amount in ((date(2025, 1, 1), "1000000.00"), (date(2025, 12, 1), "1500000.00"), (date(2026, 1, 1), "9")):
        customer.sales.create(month=month, amount=amount, currency="CNY")
    year = {name: value for name, value in YEAR.items() if name != "actual"}
    said = api.post("/api/v1/evaluations/", year, format="json").json()
    assert (said["actual"], said["performance"]) == ("2500000.00", "25.00")


def test_a_year_is_evaluated_anew_and_the_former_total_is_kept_in_the_trail(api, customer):
    api.post("/api/v1/evaluations/", YEAR, format="json")
    again = api.post("/api/v1/evaluations/", YEAR | {"late": 1}, format="json")
    assert (again.status_code, again.json()["total"]) == (200, "85.00")
    assert len(api.get("/api/v1/evaluations/?customer=C-100234&year=2025").json()["results"]) == 1
    assert AuditEntry.objects.filter(verb="customer.evaluated", changes__before="75.00").count() == 1


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"year": 2999}, "/year"),
        ({"target": "0.00"}, "/target"),
        ({"target": 5}, "/target"),
        ({"late": -1}, "/late"),
        ({"attitude": "grand"}, "/attitude"),
    ],
)
def test_a_year_that_cannot_be_meant_is_refused(api, customer, changes, pointer):
    answer = api.post("/api/v1/evaluations/", YEAR | changes, format="json")
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
