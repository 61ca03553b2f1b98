"""Customers over REST: create or replace, change, read, find; nobody's change is lost, and strangers find nothing."""

import pytest

from archives.models import Customer, Standing
from archives.search import search_columns
from crm.core.models import AuditEntry
from crm.core.roles import TOKEN_SCOPES
from tests.factories import CustomerFactory, RegionFactory, token_for

pytestmark = pytest.mark.django_db
LIST = "/api/v1/customers/"
ONE = "/api/v1/customers/C-1/"
WHOLE = {
    "number": "C-1", "name": "杭州晨光轴承有限公司", "short_name": "晨光轴承", "status": "active", "currency": "CNY",
    "region": "ZJ", "size": "medium", "ownership": "private", "category": "direct", "industry": "bearings",
    "address": "a", "postcode": "310000", "phone": "0571-1", "fax": "0571-2", "email": "a@example.com",
    "website": "https://example.com", "tax_number": "91330100", "registration_number": "33-01", "bank_name": "ICBC",
    "bank_account": "6222 0001", "person_in_charge": "p", "legal_representative": "l", "business_scope": "s",
    "license_valid_until": "2031-05-01", "owner": "seller", "parent": None, "distributor": None,
    "related_since": "2014-03-01",
    "credit_profile": {
        "registered_capital": "20000000.00", "paid_in_capital": "20000000.00", "opened_on": "2003-06-01",
        "credit_period_days": 60, "settlement_day": 25, "payment_terms": "N60", "payment_method": "transfer",
    },
    "operating_profile": {
        "sales_staff": 24, "operating_staff": 180, "trading_area": "East", "floor_area_m2": "5200.00",
        "warehouse_area_m2": "1800.00", "transport": "trucks", "delivery_address": "d", "competing_products": "人本",
    },
    "expected_value": {
        "market_potential": "12000000.00", "expected_share": "0.30", "expected_increase": "1500000.00",
        "probability": "medium",
    },
}  # fmt: skip


def pointers(response):
    return {(error["pointer"], error["code"]) for error in response.json()["errors"]}


def test_put_creates_and_get_gives_it_back(api, seller, region):
    created = api.put(ONE, WHOLE)
    assert created.status_code == 201
    read = api.get(ONE)
    assert read["ETag"] == created["ETag"]
    body = read.json()
    whole = WHOLE | {"credit_profile": WHOLE["credit_profile"] | {"business_history": ""}}
    assert {name: body[name] for name in whole} == whole
    assert {body[name] for name in ("segment", "grade", "limit", "available")} == {None}
    assert (body["core"], body["report_status"], body["exposure"]) == (False, "not_needed", "0.00")
    assert body["updated_at"].endswith("Z")


def test_put_replaces_the_basic_layer_and_only_the_layers_given(api, seller, region):
    api.put(ONE, WHOLE)
    assert pointers(api.put(ONE, {"phone": "1"})) == {("/name", "required")}
    again = api.put(ONE, {"name": "B", "operating_profile": {"sales_staff": 1}})
    assert again.status_code == 200
    body = again.json()
    assert (body["name"], body["phone"], body["region"], body["owner"]) == ("B", "", None, None)
    assert body["credit_profile"]["settlement_day"] == 25
    assert body["operating_profile"] == {
        "sales_staff": 1, "operating_staff": None, "trading_area": "", "floor_area_m2": None, "warehouse_area_m2": None,
        "transport": "", "delivery_address": "", "competing_products": "",
    }  # fmt: skip


def test_patch_changes_only_what_is_given(api, seller, region):
    api.put(ONE, WHOLE)
    body = api.patch(ONE, {"phone": "2", "credit_profile": {"settlement_day": 5}}).json()
    assert (body["phone"], body["fax"]) == ("2", "0571-2")
    assert (body["credit_profile"]["settlement_day"], body["credit_profile"]["payment_terms"]) == (5, "N60")


def test_the_same_put_again_changes_nothing(api, seller, region):
    first = api.put(ONE, WHOLE)
    entries = AuditEntry.objects.count()
    second = api.put(ONE, WHOLE)
    assert (second.status_code, second["ETag"]) == (200, first["ETag"])
    assert AuditEntry.objects.count() == entries


def test_a_change_with_an_old_etag_is_refused(api):
    old = api.put(ONE, {"name": "A"})["ETag"]
    new = api.patch(ONE, {"name": "B"}, headers={"If-Match": old})
    assert new.status_code == 200 and new["ETag"] != old
    for send in (api.patch, api.put):
        late = send(ONE, {"name": "C"}, headers={"If-Match": old})
        assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert api.put("/api/v1/customers/C-2/", {"name": "x"}, headers={"If-Match": old}).status_code == 412
    assert Customer.objects.get().name == "B"


def test_every_mistake_is_named_with_its_place(api):
    bad = api.put(ONE, {"x": 1, "segment": "A", "currency": "XXQ", "credit_profile": {"registered_capital": 5}})
    assert bad.status_code == 400
    assert bad["Content-Type"] == "application/problem+json"
    assert pointers(bad) == {
        ("/x", "unknown_field"),
        ("/segment", "read_only"),
        ("/currency", "invalid"),
        ("/credit_profile/registered_capital", "number"),
    }
    assert pointers(api.put(ONE, {"number": "C-2", "name": "x"})) == {("/number", "mismatch")}
    assert pointers(api.put(ONE, {})) == {("/name", "required")}
    assert pointers(api.put(ONE, {"name": "A", "parent": "C-9"})) == {("/parent", "unknown_reference")}
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    "raw",
    [
        b'{"name": NaN}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b"{",
        b"[]",
        b"null",
    ],
)
def test_what_is_no_clean_json_is_refused(api, raw):
    assert api.put(ONE, raw, content_type="application/json").status_code == 400


def test_strangers_find_nothing(api_as, outsider, seller, customer):
    address = f"/api/v1/customers/{customer.number}/"
    missing = api_as(outsider).get("/api/v1/customers/C-0/").json()
    for send in (
        lambda c: c.get(address),
        lambda c: c.patch(address, {"phone": "1"}),
        lambda c: c.put(address, {"name": "x"}),
    ):
        answer = send(api_as(outsider))
        assert answer.status_code == 404
        assert answer.json() | {"request_id": ""} == missing | {"request_id": ""}
    assert api_as(outsider).get(LIST).json()["results"] == []
    assert api_as(seller).get(address).status_code == 200


def test_only_those_who_may_assign_do(api_as, seller, manager, colleague, customer):
    address = f"/api/v1/customers/{customer.number}/"
    refused = api_as(seller).patch(address, {"owner": "colleague"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert api_as(seller).put(address, {"name": "x"}).json()["owner"] == "seller"
    assert api_as(manager).patch(address, {"owner": "colleague"}).json()["owner"] == "colleague"


def test_reading_is_not_writing(client, auditor, api_as, erp, customer):
    address = f"/api/v1/customers/{customer.number}/"
    assert api_as(auditor).get(address).status_code == 200
    assert api_as(auditor).patch(address, {"phone": "1"}).status_code == 403
    token = {"Authorization": f"Bearer {token_for(erp, 'customers:read')}"}
    assert client.get(address, headers=token).status_code == 200
    assert client.patch(address, {"phone": "1"}, content_type="application/json", headers=token).status_code == 403
    others = {"Authorization": f"Bearer {token_for(erp, *(set(TOKEN_SCOPES) - {'customers:read', 'customers:write'}))}"}
    assert client.get(address, headers=others).status_code == 403


def numbers(response):
    assert response.status_code == 200, response.content
    return [row["number"] for row in response.json()["results"]]


def test_the_list_is_narrowed_and_walked_page_by_page(api, seller, region):
    inner = RegionFactory(code="HZ", parent=region)
    for n in range(5):
        CustomerFactory(number=f"C-{n}", region=inner, owner=seller if n else None)
    CustomerFactory(number="X-1", **search_columns(name="深圳市華為技術", short_name=""))
    Standing.objects.filter(customer__number="C-3").update(segment="A")
    assert numbers(api.get(LIST, {"region": "ZJ", "owner": "seller"})) == ["C-1", "C-2", "C-3", "C-4"]
    assert numbers(api.get(LIST, {"segment": "A"})) == ["C-3"]
    assert numbers(api.get(LIST, {"search": "华为"})) == ["X-1"]
    first = api.get(LIST, {"page_size": 4, "ordering": "-number", "count": "true"}).json()
    assert (first["count"], first["count_capped"], [row["number"] for row in first["results"]]) == (
        6,
        False,
        ["X-1", "C-4", "C-3", "C-2"],
    )
    assert numbers(api.get(first["next"])) == ["C-1", "C-0"]
    since = Customer.objects.get(number="C-4").updated_at
    assert numbers(api.get(LIST, {"updated_since": since.isoformat()})) == ["C-4", "X-1"]


@pytest.mark.parametrize(
    "query",
    [
        {"colour": "red"},
        {"ordering": "phone"},
        {"segment": "Z"},
        {"page_size": "501"},
        {"region": "nowhere"},
        {"updated_since": "yesterday"},
    ],
)
def test_the_list_refuses_what_it_does_not_know(api, query):
    assert api.get(LIST, query).status_code == 400


def test_as_many_queries_however_many_customers(api, django_assert_num_queries):
    CustomerFactory()
    api.get(LIST)
    with django_assert_num_queries(3):  # whose token, how many calls this minute, the customers
        assert len(numbers(api.get(LIST))) == 1
    CustomerFactory(), CustomerFactory()
    with django_assert_num_queries(3):
        assert len(numbers(api.get(LIST))) == 3


def test_a_number_that_cannot_be_is_not_there(api):
    for number in ("a%20b", "C-1" * 20):
        address = f"/api/v1/customers/{number}/"
        assert api.get(address).status_code == api.patch(address, {}).status_code == 404
        assert pointers(api.put(address, {"name": "x"})) == {("/number", "invalid")}


@pytest.mark.parametrize("number", ["bulk", ".", ".."])
def test_a_number_that_addresses_mean_otherwise_is_refused(api, number):
    body = {"items": [{"number": number, "name": "x"}]}
    answer = api.post("/api/v1/customers/bulk/", body, HTTP_IDEMPOTENCY_KEY=number).json()
    assert answer["errors"][0]["errors"][0]["pointer"] == "/items/0/number"


def test_a_record_that_was_read_may_be_sent_back(api, customer):
    own = f"{LIST}{customer.number}/"
    read = api.get(own)
    sent = api.put(own, read.json() | {"phone": "0571-1"}, HTTP_IF_MATCH=read["ETag"])
    assert (sent.status_code, sent.json()["phone"]) == (200, "0571-1")
    assert api.put(own, read.json() | {"phone": "0571-1"}).json() == sent.json(), "sent twice does no harm"
    assert pointers(api.put(own, read.json() | {"core": True, "limit": "5.00"})) == {
        ("/core", "read_only"), ("/limit", "read_only"),
    }  # fmt: skip
    assert api.put(own, read.json() | {"core": True}, HTTP_IF_MATCH=read["ETag"]).status_code == 412


@pytest.mark.parametrize(
    "ordering",
    ["number", "name", "updated_at", "segment", "grade", "limit", "exposure", "available", "overdue"],
)
def test_every_ordering_walks_over_everybody_once(api, ordering):
    for n in range(5):
        CustomerFactory(
            number=f"C-{n}", name="same", standing__segment="A" if n % 2 else None, standing__limit=n or None
        )
    for direction in ("", "-"):
        answer = api.get(LIST, {"ordering": direction + ordering, "page_size": 2}).json()
        seen = [row["number"] for row in answer["results"]]
        while answer["next"]:
            answer = api.get(answer["next"]).json()
            seen += [row["number"] for row in answer["results"]]
        assert sorted(seen) == [f"C-{n}" for n in range(5)]
