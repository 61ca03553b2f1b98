"""Credit over REST, as an ERP meets it."""

from datetime import timedelta
from decimal import Decimal as D
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from credit.models import OrderCheck
from tests.factories import CreditLimitFactory, CustomerFactory, InvoiceFactory, token_for

pytestmark = pytest.mark.django_db
CHECKS, ASKS = "/api/v1/order-checks/", "/api/v1/limit-applications/"


@pytest.fixture
def limit(customer):
    return CreditLimitFactory(
        customer=customer, amount=D("1000.00"), valid_until=timezone.localdate() + timedelta(days=99)
    )


@pytest.fixture
def order(api, customer):
    def sent(amount="206.40", order="SO-1", client=None, key=None, **other):
        body = {"customer": customer.number, "order": order, "amount": amount, "currency": "CNY"} | other
        return (client or api).post(CHECKS, body, HTTP_IDEMPOTENCY_KEY=key or str(uuid4()))

    return sent


@pytest.fixture
def application(api, customer):
    def asked(client=None, **other):
        body = {
            "customer": customer.number, "amount": "2800000.00", "currency": "CNY", "months": 12,
            "credit_period_days": 60, "reason": "second line",
        }  # fmt: skip
        return (client or api).post(ASKS, body | other)

    return asked


def test_credit_of_a_customer(api, customer, limit, order):
    parent = CustomerFactory(number="C-100200")
    customer.parent = parent
    customer.save()
    CreditLimitFactory(customer=parent, amount=D(5000), valid_until=limit.valid_until)
    due = timezone.localdate() - timedelta(days=41)
    InvoiceFactory(customer=customer, amount=D(120), due_on=due, invoiced_on=due)
    found = api.get(f"/api/v1/customers/{customer.number}/credit/").json()
    assert found.pop("as_of").endswith("Z")
    assert found == {
        "limit": "1000.00", "limit_mode": "amount", "currency": "CNY", "valid_until": str(limit.valid_until),
        "exposure": "120.00", "available": "880.00",
        "breakdown": {
            "receivables": "120.00", "delivered_uninvoiced": "0.00", "open_orders": "0.00", "reservations": "0.00",
            "unapplied_payments": "0.00",
        },
        "overdue": "120.00", "oldest_overdue_days": 41,
        "group": {"number": "C-100200", "limit": "5000.00", "exposure": "120.00", "available": "4880.00"},
    }  # fmt: skip


def test_credit_without_limit_and_group(api, customer):
    found = api.get(f"/api/v1/customers/{customer.number}/credit/").json()
    assert [found[name] for name in ("limit", "valid_until", "available", "group")] == [None] * 4
    assert found["exposure"] == "0.00"


def test_an_order_is_approved_and_the_next_one_held(api, limit, order):
    first, second = order("900.00", "SO-1"), order("200.00", "SO-2")
    assert first.status_code == second.status_code == 201
    told = first.json()
    assert told["decision"] == "approved" and told["reasons"] == [] and told["binding"] == "customer"
    assert (told["available_before"], told["available_after"]) == ("1000.00", "100.00")
    assert told["reserved_until"] == str(timezone.localdate() + timedelta(days=30))
    held = second.json()
    assert held["decision"] == "held" and held["reserved_until"] is None and held["ways_out"]
    assert held["reasons"][0] | {"detail": ""} == {
        "code": "over_limit", "detail": "", "measured": "1100.00", "threshold": "1000.00",
    }  # fmt: skip
    assert held["reasons"][0]["detail"].startswith("With this order the exposure is")
    assert [row["order"] for row in api.get(CHECKS, {"decision": "held"}).json()["results"]] == ["SO-2"]
    assert api.get(f"{CHECKS}SO-2/").json() == held


def test_the_same_order_answers_200_with_the_same(limit, order):
    first, again = order("900.00"), order("900.00")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert order("950.00").json()["available_after"] == "50.00"


def test_the_same_key_replays_another_body_is_refused(limit, order):
    first = order("900.00", key="k")
    replay = order("900.00", key="k")
    assert replay.headers["Idempotent-Replay"] == "true" and replay.json() == first.json()
    assert order("1.00", key="k").status_code == 422
    assert OrderCheck.objects.count() == 1


def test_a_check_needs_a_key(api, customer):
    answer = api.post(CHECKS, {"customer": customer.number, "order": "SO-1", "amount": "1.00", "currency": "CNY"})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount", 5), ("amount", "-5.00"), ("amount", "0.00"), ("amount", "1.001"), ("currency", "XXQ"),
     ("currency", "cny"), ("unit", "moon"), ("order", ""), ("order", "x" * 65), ("colour", "red")],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(order, field, value):
    answer = order(**{field: value})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"


def test_unknown_customers_and_parameters(api, order):
    assert order(customer="C-NONE").status_code == 404
    assert api.get(CHECKS, {"colour": "red"}).status_code == 400
    assert api.get("/api/v1/limits/", {"day": "2026-01-01"}).status_code == 400
    assert api.get(f"{CHECKS}SO-NONE/").status_code == 404


def test_a_currency_without_rate(limit, order):
    answer = order(currency="XAF")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_rate")


def test_another_customers_order(limit, order):
    order()
    answer = order(customer=CustomerFactory().number)
    assert (answer.status_code, answer.json()["code"]) == (409, "order_of_another_customer")


def test_cancel_and_fulfil(api, limit, order):
    order("900.00")
    assert api.post(f"{CHECKS}SO-1/cancel/").json()["state"] == "cancelled"
    assert order("900.00", "A/1").status_code == 201
    assert api.post(f"{CHECKS}A/1/fulfil/").json()["state"] == "fulfilled"
    assert api.post(f"{CHECKS}A/1/cancel/").status_code == 409


def test_people_release_tokens_never(api, api_as, officer, seller, outsider, limit, order):
    order("1500.00")
    assert api.post(f"{CHECKS}SO-1/release/", {"reason": "x"}).status_code == 403
    assert api_as(seller).post(f"{CHECKS}SO-1/release/", {"reason": "x"}).status_code == 403
    assert api_as(officer).post(f"{CHECKS}SO-1/release/", {}).status_code == 400
    told = api_as(officer).post(f"{CHECKS}SO-1/release/", {"reason": "bank draft"}).json()
    assert (told["decision"], told["state"], told["decided_by"]) == ("approved", "released", "officer")
    assert api_as(outsider).get(f"{CHECKS}SO-1/").status_code == 404
    assert order("2000.00", "SO-2").json()["decision"] == "held"
    assert api_as(officer).post(f"{CHECKS}SO-2/refuse/", {"reason": "no"}).json()["state"] == "refused"
    assert api.get(CHECKS, {"decision": "held"}).json()["results"] == []
    assert len(api.get(CHECKS, {"decision": "held", "state": "refused"}).json()["results"]) == 1


def test_from_draft_to_limit(api, api_as, application, customer, credit_manager, director):
    draft = application()
    assert (draft.status_code, draft.json()["state"], draft.json()["waiting_for"]) == (201, "draft", None)
    address = f"{ASKS}{draft.json()['id']}/"
    submitted = api.post(f"{address}submit/").json()
    assert (submitted["state"], submitted["waiting_for"]) == ("submitted", "credit_officer")
    assert api.post(f"{address}approve/").status_code == 403
    halfway = api_as(credit_manager).post(f"{address}approve/", {"amount": "2500000.00", "comment": "less"}).json()
    assert (halfway["state"], halfway["waiting_for"], halfway["amount_base"]) == (
        "submitted",
        "finance_director",
        "2500000.00",
    )
    twice = api_as(credit_manager).post(f"{address}approve/", {})
    assert (twice.status_code, twice.json()["code"]) == (403, "approved_already")
    raised = api_as(director).post(f"{address}approve/", {"amount": "2600000.00"})
    assert (raised.status_code, raised.json()["code"]) == (409, "amount_raised")
    assert api_as(director).post(f"{address}approve/", {}).json()["state"] == "approved"
    found = api.get("/api/v1/limits/", {"customer": customer.number, "on": str(timezone.localdate())}).json()["results"]
    assert [(row["amount"], row["mode"], row["currency"]) for row in found] == [("2500000.00", "amount", "CNY")]
    assert api.get("/api/v1/limits/", {"customer": customer.number, "on": "2020-01-01"}).json()["results"] == []
    assert [row["by"] for row in api.get(address).json()["approvals"]] == ["credit", "director"]


def test_one_open_application(application):
    application()
    again = application()
    assert (again.status_code, again.json()["code"]) == (409, "application_open")


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount", "0.00"), ("amount", 12), ("months", 0), ("months", 37), ("currency", "XXQ"), ("state", "approved")],
)
def test_an_application_that_does_not_fit(application, field, value):
    answer = application(**{field: value})
    assert answer.status_code == 400 and answer.json()["errors"][0]["pointer"] == f"/{field}"


def test_return_reject_withdraw(api, api_as, application, officer, seller):
    address = f"{ASKS}{application(api_as(seller)).json()['id']}/"
    assert api.post(f"{address}submit/").status_code == 403
    assert api_as(seller).post(f"{address}submit/").status_code == 200
    assert api_as(officer).post(f"{address}return/", {"comment": "why?"}).json()["state"] == "returned"
    assert api_as(seller).post(f"{address}submit/").json()["state"] == "submitted"
    assert api_as(officer).post(f"{address}reject/", {"comment": "no"}).json()["state"] == "rejected"
    assert api_as(seller).post(f"{address}withdraw/").status_code == 409


def test_outsiders_find_nothing(api_as, application, outsider, customer, limit):
    address = f"{ASKS}{application().json()['id']}/"
    client = api_as(outsider)
    assert client.get(address).status_code == 404
    assert client.get(f"/api/v1/customers/{customer.number}/credit/").status_code == 404
    assert client.get(ASKS).json()["results"] == client.get("/api/v1/limits/").json()["results"] == []
    assert application(client, customer=customer.number).status_code == 404


def test_a_token_needs_its_scope(erp, customer):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(erp, 'credit:read')}")
    assert client.get(CHECKS).status_code == 200
    assert client.post(CHECKS, {}, HTTP_IDEMPOTENCY_KEY="k").status_code == 403
