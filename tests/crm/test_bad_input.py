"""What cannot be meant, at every door that takes something: a problem document each time, and nothing is written."""

import gzip
import http.client
import json
import socket

import pytest
from rest_framework.test import APIClient

from archives.models import (
    Confirmation,
    Contact,
    CreditReport,
    Customer,
    FinancialStatement,
    Invoice,
    Order,
    Payment,
    SalesRecord,
    Visit,
    VisitPlan,
)
from credit.models import LimitApplication, OrderCheck
from crm.core.models import IdempotencyKey, Webhook
from crm.core.roles import TOKEN_SCOPES
from scoring.models import Assessment, Evaluation
from tests.factories import CustomerFactory, InvoiceFactory, token_for
from tests.wire import PATIENCE, Server, serving

V1 = "/api/v1/"
PROBLEM = "application/problem+json"
WRITTEN = (
    *(Customer, SalesRecord, Order, Invoice, Payment, Contact, Visit, VisitPlan, CreditReport, Confirmation),
    *(FinancialStatement, OrderCheck, LimitApplication, Assessment, Evaluation, Webhook, IdempotencyKey),
)
GOOD = {
    "customers": {"number": "C-9", "name": "Nine", "currency": "CNY"},
    "sales": {"customer": "C-1", "month": "2026-10", "amount": "10.00", "currency": "CNY"},
    "orders": {"number": "O-9", "customer": "C-1", "ordered_on": "2026-10-01", "amount": "10.00", "currency": "CNY"},
    "invoices": {
        "number": "I-9", "customer": "C-1", "invoiced_on": "2026-10-01", "due_on": "2026-11-01", "amount": "10.00",
        "currency": "CNY",
    },
    "payments": {
        "number": "P-9", "customer": "C-1", "paid_on": "2026-10-09", "amount": "4.00", "invoice": "I-1",
        "currency": "CNY",
    },
}  # fmt: skip
DAY = {"customers": "related_since", "orders": "ordered_on", "invoices": "due_on", "payments": "paid_on"}
SINGLE = (
    *(("post", noun) for noun in ("order-checks/", "limit-applications/", "visits/", "visit-plans/", "contacts/")),
    *(("post", noun) for noun in ("financial-statements/", "confirmations/", "credit-reports/", "assessments/")),
    *(("post", noun) for noun in ("evaluations/", "segmentations/", "webhooks/")),
    *(("put", "customers/C-1/"), ("put", "customers/C-8/"), ("patch", "customers/C-1/")),
)
NO_JSON = {
    "a form": b"number=C-9&name=Nine",
    "half of it": b'{"items": [{"number": "C-9", "na',
    "not UTF-8": '{"name": "晨光"}'.encode("gb18030"),
    "NaN": b'{"name": NaN}',
    "infinity": b'{"name": -Infinity}',
    "a field twice": b'{"name": "a", "name": "b"}',
    "NUL": b'{"name": "a\\u0000b"}',
    "a lone surrogate": b'{"name": "\\ud83d"}',
    "a lone surrogate in a list": b'{"people": ["\\udc00"]}',
    "too deep": b"[" * 100_000,
}


@pytest.fixture
def ledger(db):
    """A customer and an invoice that what is sent may speak of."""
    customer = CustomerFactory(number="C-1", name="One")
    return InvoiceFactory(number="I-1", customer=customer)


def written() -> dict:
    return {model: list(model.objects.order_by("pk").values()) for model in WRITTEN}


def send(api, method: str, path: str, raw: bytes, **headers):
    given = {"content_type": "application/json", "HTTP_IDEMPOTENCY_KEY": "k-1"} | headers
    return api.generic(method.upper(), V1 + path, raw, **given)


def refused(answer) -> tuple[int, str]:
    """Status and code of a problem document that says everything it must."""
    assert answer["Content-Type"] == PROBLEM, (answer.status_code, answer.content)
    told = answer.json()
    assert {"type", "title", "status", "detail", "code", "request_id"} <= told.keys()
    assert told["status"] == answer.status_code and told["detail"]
    return answer.status_code, told["code"]


DOORS = [*(("post", f"{noun}/bulk/") for noun in GOOD), *SINGLE]


@pytest.mark.parametrize("what", NO_JSON)
def test_what_is_no_clean_json_is_refused_at_every_door(api, ledger, what):
    before = written()
    for method, path in DOORS:
        assert refused(send(api, method, path, NO_JSON[what])) == (400, "malformed"), path
    assert written() == before


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"5", b"null", b'[{"number": "C-9"}]'])
def test_what_is_no_object_is_refused_at_every_door(api, ledger, raw):
    before = written()
    for method, path in DOORS:
        assert refused(send(api, method, path, raw))[0] == 400, path
    assert written() == before


def test_a_field_that_nobody_knows_is_refused_at_every_door(api, ledger):
    before = written()
    for method, path in DOORS:
        answer = send(api, method, path, b'{"colour": "red"}')
        assert refused(answer)[0] == 400, path
        assert {"pointer": "/colour", "code": "unknown_field"}.items() <= answer.json()["errors"][0].items(), path
    assert written() == before


def test_what_unpacks_to_a_flood_is_refused_at_every_door(api, ledger, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
    bomb = gzip.compress(b'{"items": [' + b" " * 20_000_000 + b"]}")
    assert len(bomb) < 100_000
    before = written()
    for method, path in DOORS:
        answer = send(api, method, path, bomb, HTTP_CONTENT_ENCODING="gzip")
        assert refused(answer) == (413, "too_large"), path
    assert written() == before


def test_a_token_of_another_scope_is_refused_at_every_door(erp, ledger):
    before = written()
    scopes = {"orders/bulk/": "orders", "sales/bulk/": "sales", "visits/": "visits", "visit-plans/": "visits"}
    scopes |= dict.fromkeys(("invoices/bulk/", "payments/bulk/"), "receivables")
    scopes |= dict.fromkeys(("order-checks/", "limit-applications/"), "credit")
    scopes |= dict.fromkeys(("assessments/", "evaluations/", "segmentations/"), "scoring")
    scopes |= {"credit-reports/": "reports", "webhooks/": "webhooks"}
    for method, path in DOORS:
        others = [scope for scope in TOKEN_SCOPES if scope != f"{scopes.get(path, 'customers')}:write"]
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(erp, *others)}")
        assert refused(send(client, method, path, b"{}")) == (403, "not_allowed"), path
    assert written() == before


def bad_items(noun: str) -> dict[str, tuple[dict, str, str]]:
    """What is wrong → an item that is good but for that, where it is wrong, the code."""
    good = GOOD[noun]
    found = {
        "a currency that there is not": (good | {"currency": "XXQ"}, "currency"),
        "a currency in small letters": (good | {"currency": "cny"}, "currency"),
        "a list for a text": (good | {"currency": []}, "currency"),
        "a text for a number": (good | {"source_version": "7"}, "source_version"),
        "a version beyond 63 bits": (good | {"source_version": 2**63}, "source_version"),
    }
    if noun in DAY:
        for day in ("2026-02-30", "２０２６-10-01", "20261001", "0001-01-01"):
            found[f"the day {day}"] = (good | {DAY[noun]: day}, DAY[noun])
    if noun == "sales":
        for month in ("2026-13", "2026-1", "２０２６-10", "2026-10-01", 202610):
            found[f"the month {month}"] = (good | {"month": month}, "month")
    if noun == "customers":
        found["a number with a blank"] = (good | {"number": "C 9"}, "number")
    else:
        for amount in ("１０.００", "10.001", "1e3", "NaN", "", " 10.00", "10,00", 10, 10.5, True, "9" * 16):
            found[f"the amount {amount!r}"] = (good | {"amount": amount}, "amount")
    return {what: (item, f"/items/1/{field}", "") for what, (item, field) in found.items()} | {
        "a field that nobody knows": (good | {"colour": "red"}, "/items/1/colour", "unknown_field"),
        "no object": (None, "/items/1", "invalid"),
    }


# Beside it in the same call stands one that is good, and of another key.
BESIDE = {noun: good | ({"month": "2026-09"} if noun == "sales" else {"number": "X-1"}) for noun, good in GOOD.items()}


@pytest.mark.parametrize("noun", GOOD)
def test_an_item_that_cannot_be_meant_fails_alone_or_with_all(api, ledger, noun):
    """Atomic, nothing is written; otherwise the one beside it is, and each is told where it is wrong and why."""
    before = written()
    for what, (item, pointer, code) in bad_items(noun).items():
        body = {"items": [BESIDE[noun], item], "mode": "atomic"}
        answer = api.post(f"{V1}{noun}/bulk/", body, HTTP_IDEMPOTENCY_KEY=what.encode().hex())
        assert refused(answer) == (422, "atomic_failed"), what
        assert (answer.json()["failed"], answer.json()["created"]) == (1, 0), what
        error = answer.json()["errors"][0]["errors"][0]
        assert error["pointer"] == pointer and code in ("", error["code"]) and error["detail"], (what, error)
    IdempotencyKey.objects.all().delete()
    assert written() == before
    body = {"items": [BESIDE[noun], item]}
    answer = api.post(f"{V1}{noun}/bulk/", body, HTTP_IDEMPOTENCY_KEY="partial")
    assert (answer.status_code, answer.json()["created"], answer.json()["failed"]) == (207, 1, 1)


@pytest.mark.parametrize("noun", GOOD)
def test_the_same_key_twice_in_a_call_fails_the_later_one(api, ledger, noun):
    before = written()
    body = {"items": [GOOD[noun], GOOD[noun]]}
    answer = api.post(f"{V1}{noun}/bulk/", body | {"mode": "atomic"}, HTTP_IDEMPOTENCY_KEY="1")
    assert refused(answer) == (422, "atomic_failed")
    assert [(bad["index"], bad["errors"][0]["code"]) for bad in answer.json()["errors"]] == [(1, "duplicate")]
    IdempotencyKey.objects.all().delete()
    assert written() == before
    answer = api.post(f"{V1}{noun}/bulk/", body, HTTP_IDEMPOTENCY_KEY="2")
    assert (answer.status_code, answer.json()["created"], answer.json()["failed"]) == (207, 1, 1)


@pytest.mark.parametrize("noun", GOOD)
def test_ten_thousand_and_one_are_too_many(api, ledger, noun):
    before = written()
    raw = json.dumps({"items": [GOOD[noun] | {"number": f"N-{n}"} for n in range(10_001)]}).encode()
    assert refused(send(api, "post", f"{noun}/bulk/", raw)) == (413, "too_many_items")
    assert written() == before


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("order-checks/", {"order": "S", "amount": "１０.００"}, "/amount"),
        ("order-checks/", {"order": "S", "amount": "10.00", "currency": "XXQ"}, "/currency"),
        ("order-checks/", {"order": "S", "amount": 10}, "/amount"),
        ("limit-applications/", {"reason": "…", "amount": "1e3"}, "/amount"),
        ("limit-applications/", {"reason": "…", "amount": "1.00", "currency": "XXQ"}, "/currency"),
        ("evaluations/", {"year": 2025, "target": "１"}, "/target"),
        (
            "assessments/",
            {"scorecard": "characteristic", "assessed_on": "２０２６-11-21", "points": {}},
            "/assessed_on",
        ),
        ("credit-reports/", {"kind": "own", "source": "us", "issued_on": "2026-13-01"}, "/issued_on"),
        ("credit-reports/", {"kind": "own", "source": "us", "issued_on": "2026-11-01", "currency": "XXQ"}, "/currency"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(api, ledger, path, body, pointer):
    before = written()
    answer = api.post(V1 + path, {"customer": "C-1", **body}, HTTP_IDEMPOTENCY_KEY="k-1")
    assert refused(answer) == (400, "invalid")
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert written() == before


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize("more", [{"currency": "XXQ"}, {"related_since": "2026-02-30"}, {"credit_profile": []}])
def test_a_customer_that_cannot_be_meant_is_refused(api, ledger, method, more):
    before = written()
    answer = getattr(api, method)(f"{V1}customers/C-1/", {"name": "Other", **more})
    assert refused(answer) == (400, "invalid")
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(more))}"
    assert written() == before


# Bodies without end, before a real server -----------------------------------------------------------------------------


@pytest.fixture
def server(transactional_db, tmp_path):
    with serving(tmp_path / "server.log", workers=1) as running:
        yield running


def head(server: Server, secret: str, length: str) -> bytes:
    lines = [f"POST {V1}customers/bulk/ HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {secret}"]
    lines += ["Idempotency-Key: k-1", "Content-Type: application/json", length]
    return "\r\n".join([*lines, "", ""]).encode()


def answer_on(line: socket.socket) -> tuple[int, str]:
    answer = http.client.HTTPResponse(line)
    answer.begin()
    return answer.status, json.loads(answer.read())["code"]


@pytest.mark.slow
def test_two_gigabytes_are_refused_before_they_are_read(server, erp):
    """Said in the head, not a byte of the body is waited for; unsaid, no more is read than a call may bring."""
    secret = token_for(erp, *TOKEN_SCOPES)
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as line:
        line.sendall(head(server, secret, f"Content-Length: {2 * 1024**3}"))
        assert answer_on(line) == (413, "too_large")
    megabyte = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as line:
        line.sendall(head(server, secret, "Transfer-Encoding: chunked"))
        for _ in range(33):  # one more than a call may bring, and no end
            line.sendall(megabyte)
        assert answer_on(line) == (413, "too_large")
    assert not Customer.objects.exists() and not IdempotencyKey.objects.exists()
