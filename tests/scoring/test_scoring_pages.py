"""The pages of scoring: assess, evaluate, the tab with the scores, the ranking – seen and used by the cast."""

from datetime import date

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext

from crm.core.models import Job
from scoring.commands.assessments import assess
from scoring.commands.ranking import rank_customers
from scoring.models import Assessment, Evaluation
from scoring.queries import scores_of
from tests.factories import CustomerFactory, SalesRecordFactory
from tests.scoring.test_assess import CODES, CODES_5C, all_points

pytestmark = pytest.mark.django_db
ASSESS = "/customers/C-100234/assess/"
EVALUATE = "/customers/C-100234/evaluate/"


def typed(value=8, codes=CODES, **more):
    return {"assessed_on": "2026-11-20"} | {f"points.{code}": value for code in codes} | more


def text_of(response):
    return response.content.decode()


def test_an_officer_assesses_on_one_page(page_as, officer, customer):
    page = page_as(officer)
    shown = text_of(page.get(ASSESS))
    assert all(f'name="points.{code}"' in shown for code in CODES)
    answer = page.post(ASSESS, typed(**{"points.solvency": "", "comments.solvency": "no figures"}))
    assert (answer.status_code, answer.url) == (302, "/customers/C-100234/scores/")
    row = Assessment.objects.get()
    assert (row.grade, row.assessed_on, row.by) == ("CA2", date(2026, 11, 20), officer)
    assert "solvency" not in row.points
    assert row.comments == {"solvency": "no figures"}


def test_the_other_scorecard_is_a_tab_away(page_as, officer, customer):
    page = page_as(officer)
    shown = text_of(page.get(ASSESS, {"scorecard": "5c"}))
    assert 'href="/glossary/#five_c"' in shown and 'href="/glossary/#grade"' not in shown
    assert 'name="points.punctuality"' in shown and 'name="points.payment_record"' not in shown
    page.post(f"{ASSESS}?scorecard=5c", typed(9, CODES_5C))
    assert Assessment.objects.get().grade == "AAA"
    assert page.get(ASSESS, {"scorecard": "tarot"}).status_code == 404


@pytest.mark.parametrize("value", ["0", "11", "7.5", "many", "-1"])
def test_bad_points_are_marked_and_the_rest_is_kept(page_as, officer, customer, value):
    answer = page_as(officer).post(ASSESS, typed(7, **{"points.solvency": value, "comments.prospects": "new plant"}))
    shown = text_of(answer)
    assert answer.status_code == 400
    assert "Points are a whole number from 1 to 10" in shown and f"“{value}”" in shown
    assert shown.count("checked") >= len(CODES) - 1
    assert 'value="new plant"' in shown
    assert not Assessment.objects.exists()


def test_the_future_and_nothing_at_all_are_refused_in_words(page_as, officer, customer):
    page = page_as(officer)
    assert "cannot lie in the future" in text_of(page.post(ASSESS, typed() | {"assessed_on": "2999-01-01"}))
    assert "Score at least one indicator" in text_of(page.post(ASSESS, typed("")))
    assert not Assessment.objects.exists()


def test_the_server_says_the_total_of_what_was_typed(page_as, officer, customer):
    shown = text_of(page_as(officer).post(ASSESS, typed(8) | {"assessed_on": ""}))
    assert '<b class="fs-1" data-grade>CA2</b>' in shown
    assert "<span data-percent>80.00</span>" in shown


def test_the_points_of_last_time_can_be_begun_with(page_as, officer, customer, today):
    assess(
        customer,
        by=officer,
        scorecard="characteristic",
        assessed_on=today,
        points=all_points(3) | {"solvency": 9},
        today=today,
    )
    page = page_as(officer)
    plain, begun = text_of(page.get(ASSESS)), text_of(page.get(ASSESS, {"from": "last"}))
    assert "last time 9" in plain and 'value="9" checked' not in plain
    assert 'value="9" checked' in begun and 'value="3" checked' in begun


def test_a_salesperson_reads_why_not(page_as, seller, customer):
    page = page_as(seller)
    for answer in (page.get(ASSESS), page.post(ASSESS, typed()), page.get(EVALUATE)):
        assert answer.status_code == 403
        assert "Scoring is for credit officers and above" in text_of(answer)
    assert not Assessment.objects.exists()


def test_a_closed_customer_is_not_assessed(page_as, officer, customer):
    type(customer).objects.update(status="closed")
    answer = page_as(officer).get(ASSESS)
    assert answer.status_code == 409
    assert "A closed or blacklisted customer is not scored" in text_of(answer)


@pytest.mark.parametrize("path", [ASSESS, EVALUATE])
def test_whose_it_is_not_finds_nothing(page_as, outsider, customer, path):
    page = page_as(outsider)
    assert (page.get(path).status_code, page.post(path, typed()).status_code) == (404, 404)


def test_a_year_is_evaluated_on_a_page(page_as, officer, customer):
    figures = {"year": 2025, "target": "5000000", "actual": "4000000", "attitude": "good", "information": "excellent"}
    page = page_as(officer)
    assert page.post(EVALUATE, figures | {"late": 3, "made_up": 1}).status_code == 302
    assert str(Evaluation.objects.get().total) == "75.00"
    refused = page.post(EVALUATE, figures | {"late": 3, "made_up": 1, "target": "0"})
    assert refused.status_code == 400 and "The target must be more than 0" in text_of(refused)


def test_the_tab_shows_both_scorecards_beside_each_other(customer, officer, today):
    for kind, codes, value in (("characteristic", CODES, 8), ("5c", CODES_5C, 9), ("characteristic", CODES, 7)):
        assess(customer, by=officer, scorecard=kind, assessed_on=today, points=all_points(value, codes), today=today)
    scores = scores_of(customer)
    assert [row.grade for row in scores.in_front] == ["CA2", "AAA"]
    assert scores.in_front[0].percent == 70
    shown = render_to_string("scoring/scores.html", {"scores": scores, "can": {"SCORE": True}})
    assert ASSESS in shown and "Own characteristics" in shown and "Collateral" in shown
    assert ASSESS not in render_to_string("scoring/scores.html", {"scores": scores, "can": {}})


def test_the_tab_asks_as_much_for_many_assessments_as_for_one(customer, officer, today, django_assert_num_queries):
    def shown():
        render_to_string("scoring/scores.html", {"scores": scores_of(customer), "can": {}})

    for _ in range(3):
        assess(customer, by=officer, scorecard="5c", assessed_on=today, points=all_points(5, CODES_5C), today=today)
        with django_assert_num_queries(5):
            shown()


def test_the_ranking_page(page_as, officer, seller, outsider):
    first = CustomerFactory(number="C-1", name="First Bearings", owner=seller)
    second = CustomerFactory(number="C-2", name="Second Bearings")
    SalesRecordFactory(customer=first, amount=300)
    SalesRecordFactory(customer=second, amount=100)
    assert "No ranking yet" in text_of(page_as(officer).get("/scoring/"))
    rank_customers(as_of=date(2026, 11, 21))
    everything = text_of(page_as(officer).get("/scoring/"))
    assert "First Bearings" in everything and "Second Bearings" in everything and "75.0" in everything
    own = text_of(page_as(seller).get("/scoring/"))
    assert "First Bearings" in own and "Second Bearings" not in own
    assert "Bearings" not in text_of(page_as(outsider).get("/scoring/"))
    only_c = text_of(page_as(officer).get("/scoring/?segment=C"))
    assert "Second Bearings" in only_c and "First Bearings" not in only_c
    assert page_as(officer).get("/scoring/?colour=red").status_code == 400


def test_the_ranking_page_says_who_moved(page_as, officer):
    one, other = CustomerFactory(number="C-1", name="Rising Ltd"), CustomerFactory(number="C-2", name="Falling Ltd")
    SalesRecordFactory(customer=other, amount=100)
    rank_customers(as_of=date(2026, 11, 21))
    SalesRecordFactory(customer=one, amount=300)
    rank_customers(as_of=date(2026, 11, 22))
    shown = text_of(page_as(officer).get("/scoring/?moved=true"))
    assert "C → <span" in shown and "A → <span" in shown


def test_the_ranking_page_asks_as_much_for_many_as_for_one(page_as, officer):
    page, asked = page_as(officer), []
    page.get("/scoring/")
    for count in (1, 10):
        for _ in range(count):
            SalesRecordFactory()
        rank_customers(as_of=date(2026, 11, 21))
        with CaptureQueriesContext(connection) as queries:
            page.get("/scoring/")
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 16


def test_rank_now_is_for_those_who_may(page_as, officer, credit_manager):
    assert "Rank now" not in text_of(page_as(officer).get("/scoring/"))
    assert page_as(officer).post("/scoring/rank/", {"as_of": "2026-11-21"}).status_code == 403
    assert "Rank now" in text_of(page_as(credit_manager).get("/scoring/"))
    answer = page_as(credit_manager).post("/scoring/rank/", {"as_of": "2026-11-21"})
    job = Job.objects.get(kind="rank_customers")
    assert answer.url == f"/jobs/{job.pk}/"
    page_as(credit_manager).post("/scoring/rank/", {"as_of": "2026-11-21"})
    assert Job.objects.count() == 1


def test_rank_now_refuses_a_day_that_is_none(page_as, credit_manager):
    for day in ("", "soon", "1999-12-31"):
        answer = page_as(credit_manager).post("/scoring/rank/", {"as_of": day}, follow=True)
        assert 'class="alert alert-danger' in text_of(answer)
    assert not Job.objects.exists()
