"""The change feed: ordered by commit, complete, and only what the caller may read."""

from datetime import timedelta
from decimal import Decimal

import pghistory
import pytest
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from archives.models import Contact, CreditProfile, Customer, Invoice, Standing
from crm.core.feed import forget_before
from crm.core.models import Change
from tests.factories import CustomerFactory, InvoiceFactory, SalesRecordFactory, token_for

FEED = "/api/v1/changes/"
pytestmark = pytest.mark.django_db


def read(api, **params) -> dict:
    response = api.get(FEED, params)
    assert response.status_code == 200, response.json()
    return response.json()


def told(api, **params) -> list[tuple]:
    return [(item["kind"], item["key"], item["action"]) for item in read(api, **params)["results"]]


def latest(api) -> str:
    return read(api, after="latest")["cursor"]


@pytest.fixture
def client_of(erp):
    def with_scopes(*scopes: str) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(erp, *scopes)}")
        return client

    return with_scopes


def test_tells_what_was_created_changed_and_deleted(api, customer):
    after = latest(api)
    contact = Contact.objects.create(customer=customer, name="Ma Li")
    Contact.objects.filter(pk=contact.pk).update(title="Buyer")
    key = str(contact.pk)
    contact.delete()
    results = read(api, after=after, kind="contact")["results"]
    assert [(item["key"], item["action"], item["fields"]) for item in results] == [
        (key, "created", []),
        (key, "updated", ["title"]),
        (key, "deleted", []),
    ]
    assert {item["customer"] for item in results} == {customer.number}


def test_a_deleted_customer_leaves_a_tombstone_with_its_number(api):
    gone = CustomerFactory(number="C-GONE")
    after = latest(api)
    gone.delete()
    assert ("customer", "C-GONE", "deleted") in told(api, after=after)


def test_a_layer_is_a_part_of_its_customer(api, customer):
    after = latest(api)
    CreditProfile.objects.create(customer=customer, settlement_day=25)
    CreditProfile.objects.filter(customer=customer).update(settlement_day=26)
    results = read(api, after=after)["results"]
    assert [(item["kind"], item["key"], item["action"], item["fields"]) for item in results] == [
        ("customer", customer.number, "updated", ["credit_profile"]),
        ("customer", customer.number, "updated", ["credit_profile.settlement_day"]),
    ]


def test_what_writes_nothing_new_tells_nothing(api, customer):
    after = latest(api)
    Customer.objects.filter(pk=customer.pk).update(name=customer.name, updated_at=timezone.now(), source_version=7)
    Standing.objects.filter(customer=customer).update(exposure=Decimal("5.00"), refresh_due=True)
    assert told(api, after=after) == []


def test_unchanged_rows_of_a_bulk_call_tell_nothing(api):
    body = {"items": [{"number": f"C-{n}", "name": f"Firm {n}", "currency": "CNY"} for n in range(150)]}
    after = latest(api)
    assert api.post("/api/v1/customers/bulk/", body, HTTP_IDEMPOTENCY_KEY="1").json()["created"] == 150
    assert len(told(api, after=after, kind="customer", page_size=500)) == 150
    after = latest(api)
    body["items"][3]["name"] = "Another"
    assert api.post("/api/v1/customers/bulk/", body, HTTP_IDEMPOTENCY_KEY="2").json()["unchanged"] == 149
    results = read(api, after=after, kind="customer")["results"]
    assert [(item["key"], item["fields"], item["by"]) for item in results] == [("C-3", ["name"], "erp")]


def test_names_who_did_it(api, customer, seller):
    after = latest(api)
    for user in (None, seller.pk):
        with pghistory.context(user=user):
            Customer.objects.filter(pk=customer.pk).update(phone=f"0571-{user}")
    assert [item["by"] for item in read(api, after=after)["results"]] == [None, "seller"]


def test_says_what_a_judgement_was(api, customer):
    after = latest(api)
    Standing.objects.filter(customer=customer).update(segment="A", limit=Decimal("20.50"), limit_mode="amount")
    segment, standing = read(api, after=after)["results"]
    assert (segment["kind"], segment["key"], segment["data"]) == (
        "segment",
        customer.number,
        {"segment": "A", "core": False},
    )
    assert standing["kind"] == "standing" and standing["data"]["limit"] == "20.50"
    assert standing["fields"] == ["limit_mode", "limit"]


def test_sales_have_the_key_of_their_month(api, customer):
    after = latest(api)
    SalesRecordFactory(customer=customer, product_line="bearings")
    assert told(api, after=after) == [("sales", "C-100234/2026-10/bearings", "created")]


def test_goes_on_from_a_cursor_page_by_page(api, customer):
    after, seen = read(api, after="latest")["cursor"], []
    for number in range(5):
        InvoiceFactory(customer=customer, number=f"INV-{number}")
    url = f"{FEED}?after={after}&page_size=2"
    while url:
        page = api.get(url).json()
        assert page["previous"] is None
        seen += [item["key"] for item in page["results"]]
        url = page["next"]
    assert seen == [f"INV-{number}" for number in range(5)]
    assert told(api, after=page["cursor"]) == []
    InvoiceFactory(customer=customer, number="INV-9")
    assert told(api, after=page["cursor"]) == [("invoice", "INV-9", "created")]


def test_each_item_names_its_own_cursor(api, customer):
    after = latest(api)
    for number in range(3):
        InvoiceFactory(customer=customer, number=f"INV-{number}")
    first, second, third = read(api, after=after)["results"]
    assert [item["key"] for item in read(api, after=first["cursor"])["results"]] == [second["key"], third["key"]]


def test_one_kind_or_several(api, customer):
    after = latest(api)
    InvoiceFactory(customer=customer, number="INV-1")
    Contact.objects.create(customer=customer, name="Ma Li")
    Customer.objects.filter(pk=customer.pk).update(fax="1")
    assert [kind for kind, *_rest in told(api, after=after, kind="invoice")] == ["invoice"]
    assert [kind for kind, *_rest in told(api, after=after, kind="invoice,customer")] == ["invoice", "customer"]


def test_a_token_reads_what_its_scopes_read(api, client_of, customer):
    after = latest(api)
    InvoiceFactory(customer=customer)
    Customer.objects.filter(pk=customer.pk).update(fax="1")
    few = client_of("changes:read", "customers:read")
    assert [kind for kind, *_rest in told(few, after=after)] == ["customer"]
    assert few.get(FEED, {"kind": "invoice"}).status_code == 403
    assert client_of("changes:read").get(FEED).status_code == 403
    assert client_of("customers:read").get(FEED).status_code == 403


def test_a_person_reads_of_customers_they_may_see(api, api_as, seller, outsider, auditor, customer):
    Customer.objects.filter(pk=customer.pk).update(fax="1")
    assert ("customer", customer.number, "updated") in told(api_as(seller), kind="customer")
    assert told(api_as(outsider)) == []
    assert ("customer", customer.number, "updated") in told(api_as(auditor), kind="customer")


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"after": "7"}, "/after"),
        ({"after": "zzzzzzzz-1"}, "/after"),
        ({"kind": "boat"}, "/kind"),
        ({"page_size": "0"}, "/page_size"),
        ({"page_size": "501"}, "/page_size"),
        ({"since": "yesterday"}, "/since"),
    ],
)
def test_refuses_what_cannot_be_meant(api, params, pointer):
    response = api.get(FEED, params)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == pointer


def test_forgets_in_time_and_says_how_to_start_over(api, customer):
    before = latest(api)
    Customer.objects.filter(pk=customer.pk).update(fax="1")
    after = latest(api)
    Customer.objects.filter(pk=customer.pk).update(fax="2")
    kept = Change.objects.filter(fields=["fax"]).order_by("id").last()
    assert forget_before(kept.at) > 0
    response = api.get(FEED, {"after": before})
    assert (response.status_code, response.json()["code"]) == (410, "cursor_expired")
    assert "after=latest" in response.json()["detail"]
    assert told(api, after=after) == told(api) == [("customer", customer.number, "updated")]


def test_keeps_what_is_young(api, customer):
    count = Change.objects.count()
    assert forget_before(timezone.now() - timedelta(days=30)) == 0
    assert Change.objects.count() == count


def test_a_cursor_of_another_life_of_the_database_has_expired(api):
    life = latest(api).partition("-")[0]
    other = "0" * 8 if life != "0" * 8 else "1" * 8
    assert api.get(FEED, {"after": f"{other}-1"}).json()["code"] == "cursor_expired"


def test_what_is_taken_back_is_never_told(api, customer):
    after = read(api, after="latest")["cursor"]
    with transaction.atomic():
        InvoiceFactory(customer=customer)
        transaction.set_rollback(True)
    assert told(api, after=after) == []
    assert not Invoice.objects.exists()


def test_asks_the_same_number_of_queries_for_any_number_of_changes(api, customer):
    after, counts = latest(api), []
    for number in (1, 2):
        for _each in range(number):
            InvoiceFactory(customer=customer)
        with connection.execute_wrapper(lambda run, *how: (counts.append(number), run(*how))[1]):  # noqa: B023
            assert len(told(api, after=after)) == {1: 1, 2: 3}[number]
    assert counts.count(1) == counts.count(2)
