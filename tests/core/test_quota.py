"""So many calls a minute: counted exactly, told in headers, refused with the seconds to wait."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from rest_framework.test import APIClient

from crm.core.api.quota import counted
from crm.core.roles import TOKEN_SCOPES
from tests.factories import token_for

FLAGS = "/api/v1/flags/"


def test_says_how_many_are_left(db, api, settings):
    settings.API_CALLS_PER_MINUTE = 1000
    first, second = api.get(FLAGS), api.get(FLAGS)
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("1000", "999")
    assert second["RateLimit"].startswith('"default";r=998;t=')
    assert second["RateLimit-Policy"] == '"default";q=1000;w=60'
    assert 1 <= int(second["RateLimit-Reset"]) <= 60


def test_refuses_what_is_too_much_and_says_when_to_come_back(db, api, settings, erp):
    settings.API_CALLS_PER_MINUTE = 2
    answers = [api.get(FLAGS) for _n in range(5)]
    refused = answers[-1]
    assert refused.status_code == 429 and refused.json()["code"] == "too_many_calls"
    assert refused["Content-Type"] == "application/problem+json"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["RateLimit-Remaining"] == "0"
    other = APIClient()
    other.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(erp, *TOKEN_SCOPES)}")
    assert other.get(FLAGS).status_code == 200


def test_people_are_counted_too_and_each_alone(db, api_as, seller, manager, settings):
    settings.API_CALLS_PER_MINUTE = 1
    client = api_as(seller)
    codes = [client.get(FLAGS).status_code for _n in range(3)]
    assert codes[-1] == 429
    assert api_as(manager).get(FLAGS).status_code == 200


def test_no_limit_asks_nothing(db, api, settings):
    settings.API_CALLS_PER_MINUTE = 0
    assert "RateLimit" not in api.get(FLAGS)


def test_a_new_minute_begins_anew(db):
    assert [counted("token:1", minute) for minute in (7, 7, 8)] == [1, 2, 1]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_hundred_at_once_are_counted_one_by_one():
    def count(_number: int) -> int:
        try:
            return counted("token:1", 7)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(count, range(100))) == list(range(1, 101))
