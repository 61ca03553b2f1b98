"""What is no answer says what, why and how to go on, with the number of the request."""

import re

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError, connection
from django.test import Client

from crm.core.models import Job
from crm.views import errors


def number_in(response) -> str:
    return re.search(r"<code>([\w.-]+)</code>", response.content.decode())[1]


def test_what_is_not_there_says_so_with_the_number_of_the_request(page_as, seller):
    response = page_as(seller).get("/nowhere/")
    assert response.status_code == 404
    assert number_in(response) == response["X-Request-ID"]


def test_a_refused_deed_says_the_sentence_of_its_rule(page_as, seller, officer):
    job = Job.objects.create(kind="x", key="1", by=seller)
    response = page_as(officer).post(f"/jobs/{job.pk}/cancel/")
    assert response.status_code == 403
    assert "cancelled by whoever asked for it" in response.content.decode()


def test_a_right_one_lacks_names_who_can_help(page_as, seller):
    response = page_as(seller).get("/people/")
    assert response.status_code == 403 and b"Ask your administrator" in response.content


def test_a_deed_s_address_opened_as_a_page_explains_itself(page_as, seller):
    response = page_as(seller).get("/notices/read/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert b"use the button there" in response.content


def test_programs_keep_getting_problems(api):
    response = api.delete("/api/v1/jobs/00000000-0000-0000-0000-000000000000/")
    assert response["Content-Type"] == "application/problem+json"


def test_too_large_says_how_large_it_may_be(rf, seller):
    request = rf.post("/")
    request.user = seller
    response = errors.bad_request(request, RequestDataTooBig())
    assert response.status_code == 413 and b"20 MB" in response.content


def test_too_many_tries_to_sign_in(client, settings, db):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    for _try in range(2):
        response = client.post("/account/login/", {"login": "seller", "password": "wrong"})
    assert response.status_code == 429
    assert b"Wait a few minutes" in response.content


def test_a_form_from_before_signing_in_says_so(seller):
    client = Client(enforce_csrf_checks=True)
    client.force_login(seller)
    response = client.post("/notices/read/")
    assert response.status_code == 403
    assert b"open too long" in response.content and number_in(response)


@pytest.mark.parametrize("as_part", [False, True])
def test_what_breaks_inside_shows_a_number_and_nothing_of_its_insides(page_as, seller, monkeypatch, as_part):
    page = page_as(seller)
    page.raise_request_exception = False
    monkeypatch.setattr("crm.core.jobs_views.list_page", lambda *args, **kwargs: 1 / 0)
    response = page.get("/jobs/", headers={"HX-Request": "true"} if as_part else {})
    assert response.status_code == 500
    assert number_in(response) == response["X-Request-ID"]
    assert b"division" not in response.content
    assert (b"<html" in response.content) is not as_part


def test_a_part_of_a_page_asked_without_a_session_is_401_and_no_sign_in_page_in_its_place(client, db):
    assert client.get("/jobs/", headers={"HX-Request": "true"}).status_code == 401
    assert client.get("/jobs/").status_code == 302


def test_a_part_that_is_not_there_comes_back_as_a_few_words(page_as, seller):
    response = page_as(seller).get("/nowhere/", headers={"HX-Request": "true"})
    assert response["X-Problem"] == "404"
    assert b"<html" not in response.content and number_in(response)


def test_a_page_learns_whether_its_session_lives(page_as, client, seller):
    assert client.get("/session/").json()["user"] is None
    answer = page_as(seller).get("/session/")
    assert answer.json()["user"] == seller.pk and answer.json()["token"]
    assert "no-store" in answer["Cache-Control"]


def test_what_is_wrong_with_a_form_is_listed_with_a_way_to_each_field(page_as, admin):
    response = page_as(admin).post("/people/new/", {"username": "new one", "name": "", "email": "x"})
    words = response.content.decode()
    assert "data-errors" in words
    for field in ("username", "name", "email", "role", "password"):
        assert f'href="#id_{field}"' in words and f'id="id_{field}_error"' in words
    assert 'value="new one"' in words, "what was typed stays"


@pytest.mark.parametrize("as_part", [False, True])
def test_a_database_that_is_gone_breaks_no_page_of_what_broke(page_as, seller, as_part):
    def gone(execute, sql, params, many, context):
        raise OperationalError("the server closed the connection unexpectedly")

    page = page_as(seller)
    page.raise_request_exception = False
    with connection.execute_wrapper(gone):
        response = page.get("/jobs/", headers={"HX-Request": "true"} if as_part else {})
    assert response.status_code == 500
    assert number_in(response) == response["X-Request-ID"]
    assert b"closed the connection" not in response.content
