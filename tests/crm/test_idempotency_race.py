"""A connector that lost its patience asks the same thing twenty times at once: it happens once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from rest_framework.test import APIClient

from archives.models import Customer
from credit.models import OrderCheck
from crm.core.models import IdempotencyKey
from crm.core.roles import TOKEN_SCOPES
from tests.factories import CustomerFactory, token_for

CALLERS = 20
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def at_once(erp, path: str, body: dict) -> list:
    secret = token_for(erp, *TOKEN_SCOPES)

    def ask(_number):
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        try:
            return client.post(path, body, HTTP_IDEMPOTENCY_KEY="once")
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(ask, range(CALLERS)))


def test_a_bulk_call_is_taken_once(erp):
    answers = at_once(erp, "/api/v1/customers/bulk/", {"items": [{"number": "C-9", "name": "Nine"}]})
    assert {(answer.status_code, answer.json()["created"]) for answer in answers} == {(200, 1)}
    assert sum("Idempotent-Replay" in answer for answer in answers) == CALLERS - 1
    assert Customer.objects.count() == IdempotencyKey.objects.count() == 1


def test_an_order_is_checked_once(erp):
    customer = CustomerFactory(number="C-1")
    answers = at_once(erp, "/api/v1/order-checks/", {"customer": customer.number, "order": "SO-1", "amount": "5.00"})
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["checked_at"] for answer in answers}) == 1
    assert OrderCheck.objects.count() == 1
