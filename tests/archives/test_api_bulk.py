"""Bulk calls over REST: what the answer says, that it is said once, and that a bad body is refused before anything."""

import pytest

from archives.models import Customer, Invoice, Payment
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
CUSTOMERS = "/api/v1/customers/bulk/"


def post(api, body, *, path=CUSTOMERS, key="k-1", **more):
    return api.post(path, body, headers={"Idempotency-Key": key} if key else {}, **more)


def test_a_good_call_is_200_and_counts(api):
    answer = post(api, {"items": [{"number": "C-1", "name": "A"}, {"number": "C-2", "name": "B"}]})
    assert answer.status_code == 200
    assert answer.json() == {"created": 2, "updated": 0, "unchanged": 0, "failed": 0, "errors": []}


def test_some_failed_is_207_with_the_place_of_each_mistake(api):
    answer = post(api, {"items": [{"number": "C-1", "name": "A"}, {"number": "C-2", "name": "B", "tax_number": "９"}]})
    assert answer.status_code == 207
    body = answer.json()
    assert (body["created"], body["failed"]) == (1, 1)
    error = body["errors"][0]
    assert (error["index"], error["key"]) == (1, "C-2")
    assert (error["errors"][0]["pointer"], error["errors"][0]["code"]) == ("/items/1/tax_number", "invalid")


def test_atomic_is_422_and_writes_nothing(api):
    body = {"mode": "atomic", "items": [{"number": "C-1", "name": "A"}, {"number": "C-2"}]}
    answer = post(api, body)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert (answer.json()["code"], answer.json()["created"], answer.json()["failed"]) == ("atomic_failed", 0, 1)
    assert not Customer.objects.exists()
    again = post(api, body)
    assert (again.status_code, again["Idempotent-Replay"], again["Content-Type"]) == (
        422,
        "true",
        "application/problem+json",
    )


def test_a_dry_run_writes_nothing(api):
    answer = post(api, {"dry_run": True, "items": [{"number": "C-1", "name": "A"}]})
    assert (answer.status_code, answer.json()["created"], Customer.objects.count()) == (200, 1, 0)


def test_the_same_key_gives_the_first_answer_and_no_other_body(api):
    body = {"items": [{"number": "C-1", "name": "A"}]}
    first, second = post(api, body), post(api, body)
    assert "Idempotent-Replay" not in first
    assert (second.json(), second["Idempotent-Replay"]) == (first.json(), "true")
    other = post(api, {"items": []})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_key_is_required(api):
    answer = post(api, {"items": []}, key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


@pytest.mark.parametrize(
    "body", [[], {}, {"items": {}}, {"items": [], "mode": "some"}, {"items": [], "dry_run": 1}, {"items": [], "x": 1}]
)
def test_a_body_of_another_shape_is_refused(api, body):
    assert post(api, body).status_code == 400


@pytest.mark.parametrize(
    "raw",
    [
        b'{"items": [{"number": "C-1", "name": NaN}]}',
        b'{"items": [], "items": []}',
        b'{"items": ["\\u0000"]}',
        b'{"items": [{"name": "\\ud83d"}]}',
    ],
)
def test_what_is_no_clean_json_is_refused(api, raw):
    assert post(api, raw, content_type="application/json").status_code == 400


def test_items_may_be_no_objects(api):
    answer = post(api, {"items": [None, 1, "x", []]})
    assert (answer.status_code, answer.json()["failed"]) == (207, 4)


def test_ten_thousand_and_no_more(api):
    answer = post(api, {"items": [1] * 10_001})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_items")


def test_the_trade_record_comes_in(api):
    CustomerFactory(number="C-1")
    invoice = {
        "number": "I-1",
        "customer": "C-1",
        "invoiced_on": "2026-10-01",
        "due_on": "2026-11-01",
        "amount": "10.00",
        "disputed": True,
    }
    payment = {"number": "P-1", "customer": "C-1", "paid_on": "2026-10-09", "amount": "4.00", "invoice": "I-1"}
    sales = {"customer": "C-1", "month": "2026-10", "amount": "10.00"}
    order = {"number": "O-1", "customer": "C-1", "ordered_on": "2026-10-01", "amount": "10.00"}
    for noun, item in [("invoices", invoice), ("payments", payment), ("sales", sales), ("orders", order)]:
        answer = post(api, {"items": [item]}, path=f"/api/v1/{noun}/bulk/", key=noun)
        assert (answer.status_code, answer.json()["created"]) == (200, 1), answer.json()
    assert (Invoice.objects.get().open_amount, Invoice.objects.get().disputed, Payment.objects.count()) == (6, True, 1)


def test_people_do_not_write_the_ledger(api_as, manager):
    for noun in ("sales", "orders", "invoices", "payments"):
        assert post(api_as(manager), {"items": []}, path=f"/api/v1/{noun}/bulk/").status_code == 403


def test_a_slash_in_a_product_line_is_no_unit(api, customer, team):
    """`x/east` and the line `x` of the unit east are two records."""
    sold = {"customer": customer.number, "month": "2026-10", "amount": "5.00"}
    items = [sold | {"product_line": "x", "unit": "east"}, sold | {"product_line": "x/east"}]
    answer = api.post("/api/v1/sales/bulk/", {"items": items}, HTTP_IDEMPOTENCY_KEY="slash").json()
    assert (answer["created"], answer["failed"]) == (2, 0)
