"""What holds at every door of the REST interface, whatever lies behind it."""

import gzip
from io import BytesIO

import orjson
import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from crm.core.roles import TOKEN_SCOPES
from tests.factories import token_for

ONE = "/api/v1/customers/C-100234/"
PROBLEM = "application/problem+json"


def problem(response) -> tuple[int, str]:
    assert response["Content-Type"] == PROBLEM, response["Content-Type"]
    return response.status_code, response.json()["code"]


def patch(client, body: bytes, **headers):
    return client.generic("PATCH", ONE, body, content_type="application/json", **headers)


# Bodies ---------------------------------------------------------------------------------------------------------------


def test_a_body_may_be_packed(api, customer):
    answer = patch(api, gzip.compress(b'{"phone": "0571-2"}'), HTTP_CONTENT_ENCODING="gzip")
    assert (answer.status_code, answer.json()["phone"]) == (200, "0571-2")


@pytest.mark.parametrize(
    ("body", "packing", "refusal"),
    [
        (b'{"phone": "1"}', "gzip", (400, "malformed")),
        (gzip.compress(b'{"phone": "1"}', mtime=0)[:-6], "gzip", (400, "malformed")),
        (b'{"phone": "1"}', "br", (415, "unsupported_encoding")),
    ],
)
def test_what_does_not_unpack_is_refused(api, customer, body, packing, refusal):
    assert problem(patch(api, body, HTTP_CONTENT_ENCODING=packing)) == refusal


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
def test_a_small_packet_may_not_become_a_large_body(api, customer):
    packed = gzip.compress(b'{"phone": "' + b"1" * 2000 + b'"}')
    assert len(packed) < 1000
    assert problem(patch(api, packed, HTTP_CONTENT_ENCODING="gzip")) == (413, "too_large")
    assert problem(patch(api, b" " * 1001)) == (413, "too_large")


def test_a_body_may_come_in_chunks(api, customer):
    """The server that took the chunks apart says so; without a word of it nobody knows where they end."""
    chunks = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "wsgi.input": BytesIO(b'{"phone": "0571-3"}')}
    assert problem(patch(api, b"", **chunks)) == (411, "length_required")
    answer = patch(api, b"", **chunks, **{"wsgi.input_terminated": True})
    assert (answer.status_code, answer.json()["phone"]) == (200, "0571-3")


def test_a_number_without_end_is_refused(api, customer):
    assert problem(patch(api, b'{"source_version": ' + b"1" * 5000 + b"}")) == (400, "malformed")


def test_sums_have_room_to_grow(api, customer):
    """One amount fits; what outgrows the column in the end is a sentence, not an error of ours."""
    days = {"customer": customer.number, "invoiced_on": "2026-10-01", "due_on": "2026-11-01"}
    absurd = [days | {"number": f"I-{n}", "amount": "9" * 15} for n in range(1001)]
    taken = api.post("/api/v1/invoices/bulk/", {"items": absurd}, HTTP_IDEMPOTENCY_KEY="1").json()
    assert taken["created"] == 1001
    check = {"customer": customer.number, "order": "SO-1", "amount": "1.00"}
    assert problem(api.post("/api/v1/order-checks/", check, HTTP_IDEMPOTENCY_KEY="2")) == (422, "out_of_range")
    more = api.post("/api/v1/order-checks/", check | {"amount": "1" * 16}, HTTP_IDEMPOTENCY_KEY="3")
    assert problem(more) == (400, "invalid")


def test_only_json_is_read(api, customer):
    answer = api.generic("PATCH", ONE, b"phone=1", content_type="application/x-www-form-urlencoded")
    assert problem(answer) == (415, "unsupported_media_type")


# Addresses and parameters ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/v1/customers/C-100234", "/api/v1/customers/%00/"])
def test_an_unknown_address_is_a_problem_to_everybody(db, api, method, path):
    """To strangers too, and without a CSRF token: the answer tells nothing."""
    for client in (api, APIClient(enforce_csrf_checks=True)):
        assert problem(getattr(client, method)(path)) == (404, "not_found")


@pytest.mark.parametrize("path", ["customers/%00/credit/", "order-checks/%00/", "order-checks/%00/cancel/"])
def test_an_address_with_a_nul_leads_nowhere(api, page_as, seller, path):
    assert problem(api.get(f"/api/v1/{path}")) == (404, "not_found")
    assert page_as(seller).get("/customers/%00/").status_code == 404


def test_a_parameter_that_nobody_reads_is_refused(api, customer):
    """On single records and on writing too, and nothing is written."""
    for answer in (
        api.get(f"{ONE}?expand=all"),
        api.get("/api/v1/segmentations/latest/?as_of=2026-11-21"),
        api.patch(f"{ONE}?dry_run=true", {"phone": "9"}),
        api.get("/api/v1/receivables/ageing/?on=2026-11-21"),
    ):
        assert problem(answer) == (400, "invalid")
        assert answer.json()["errors"][0]["code"] == "unknown_parameter"
    assert api.get(ONE).json()["phone"] == ""


def test_what_may_be_done_is_asked_with_options(api, customer):
    answer = api.options(ONE)
    assert (answer.status_code, answer["Allow"]) == (204, "GET, PUT, PATCH, HEAD, OPTIONS")
    assert api.head(ONE).status_code == 200


# Days and instants ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "instant",
    ["2026-11-20", "2026-11-20T08:00:00", "2026-11-20T08:00:00-21:29", "20261120T080000Z", 5, "2026-02-30T08:00:00Z"],
)
def test_an_instant_has_its_offset(api, customer, instant):
    visit = {"customer": customer.number, "kind": "site", "content": "…"}
    assert problem(api.post("/api/v1/visits/", visit | {"happened_at": instant})) == (400, "invalid")
    assert problem(api.get("/api/v1/customers/", {"updated_since": str(instant)})) == (400, "invalid")


def test_instants_are_told_in_utc(api, customer):
    visit = {"customer": customer.number, "kind": "site", "content": "…", "happened_at": "2026-11-20T16:00:00+08:00"}
    told = api.post("/api/v1/visits/", visit).json()
    assert told["happened_at"] == "2026-11-20T08:00:00Z"
    assert told["created_at"].endswith("Z")
    assert api.get(ONE).json()["updated_at"].endswith("Z")
    job = api.post("/api/v1/segmentations/", {"as_of": "2026-11-20"}).json()["job"]
    assert api.get(f"/api/v1/jobs/{job}/").json()["created_at"].endswith("Z")


@pytest.mark.parametrize(
    "path", ["receivables/ageing/?as_of=20261121", "limits/?on=11/21/2026", "limits/?on=2026-02-30"]
)
def test_a_day_is_written_in_one_way(api, path):
    assert problem(api.get(f"/api/v1/{path}")) == (400, "invalid")


@pytest.mark.parametrize("path", ["receivables/ageing/?customer=", "evaluations/?year=2025.5", "evaluations/?year=x"])
def test_a_value_that_says_nothing_is_refused(api, path):
    """An empty customer is no way to ask for everybody's sums."""
    assert problem(api.get(f"/api/v1/{path}")) == (400, "invalid")


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(api, customer, key):
    answer = api.post("/api/v1/segmentations/", {"as_of": "2026-11-20"}, HTTP_IDEMPOTENCY_KEY=key)
    assert problem(answer) == (400, "idempotency_key_invalid")


@pytest.mark.parametrize("path", ["receivables/ageing/?as_of=", "receivables/payment-behaviour/?as_of=", "limits/?on="])
def test_a_day_before_anybody_traded_is_refused(api, path):
    """Looking back a year from the first one would fall off the calendar."""
    assert problem(api.get(f"/api/v1/{path}0001-01-01")) == (400, "invalid")
    assert api.get(f"/api/v1/{path}9999-12-31").status_code == 200


def test_nobody_is_ranked_for_a_day_to_come(api):
    assert problem(api.post("/api/v1/segmentations/", {"as_of": "9999-12-31"})) == (400, "invalid")


def test_texts_are_texts_and_numbers_are_numbers(api, customer):
    asked = {"customer": customer.number, "amount": "1.00", "reason": "…", "months": "12"}
    answer = api.post("/api/v1/limit-applications/", asked | {"reason": 5})
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/months", "/reason"}


# Who asks -------------------------------------------------------------------------------------------------------------


WRITING = (
    *("customers/bulk/", "sales/bulk/", "orders/bulk/", "invoices/bulk/", "payments/bulk/"),
    *("order-checks/", "order-checks/SO-1/cancel/", "limit-applications/", "limit-applications/1/submit/"),
    *("assessments/", "evaluations/", "segmentations/", "credit-reports/", "visits/"),
)


def test_to_read_is_not_to_write(erp, customer):
    """A token that may read everything changes nothing."""
    client = APIClient()
    reading = [scope for scope in TOKEN_SCOPES if scope.endswith(":read")]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(erp, *reading)}")
    for path in WRITING:
        assert problem(client.post(f"/api/v1/{path}", {}, HTTP_IDEMPOTENCY_KEY=path)) == (403, "not_allowed"), path
    assert client.put(ONE, {"name": "x"}).status_code == client.patch(ONE, {}).status_code == 403


def test_a_session_without_its_csrf_token_changes_nothing(seller, customer):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(seller)
    assert problem(client.patch(ONE, {"phone": "1"})) == (403, "csrf_failed")


def test_single_records_have_an_etag_and_nothing_is_kept_on_the_way(api, customer):
    check = {"customer": customer.number, "order": "SO-1", "amount": "5.00"}
    api.post("/api/v1/order-checks/", check, HTTP_IDEMPOTENCY_KEY="1")
    asked = api.post("/api/v1/limit-applications/", {"customer": customer.number, "amount": "5.00", "reason": "…"})
    for path in ("customers/C-100234/", "order-checks/SO-1/", f"limit-applications/{asked.json()['id']}/"):
        first, second = (api.get(f"/api/v1/{path}") for _ in range(2))
        assert first["ETag"] == second["ETag"]
        assert first["Cache-Control"] == "private, no-store"


def test_weights_are_whole_numbers(api):
    weights = [
        indicator["weight"]
        for card in orjson.loads(api.get("/api/v1/scorecards/").content)["results"]
        for group in card["groups"]
        for indicator in group["indicators"]
    ]
    assert sum(weights) == 180
    assert all(type(weight) is int for weight in weights)
