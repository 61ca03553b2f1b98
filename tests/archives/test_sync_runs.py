"""Sync runs: announced, brought, compared; what a source has no longer is closed when it is little."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from archives.commands.sync_runs import KEPT_FAILURES, tidy_runs
from archives.models import Customer, Invoice, Order, Payment, SyncedRecord, SyncFailure, SyncRun
from archives.rules import sync_runs as rules
from crm.core.models import AuditEntry, Job, Notice
from crm.core.roles import TOKEN_SCOPES
from tests.factories import CustomerFactory, InvoiceFactory, PaymentFactory, UserFactory, token_for

pytestmark = pytest.mark.django_db
RUNS = "/api/v1/sync-runs/"


def begin(api, noun="invoices", **said) -> dict:
    answer = api.post(RUNS, {"object": noun, **said}, format="json")
    assert answer.status_code == 201, answer.json()
    return answer.json()


def bring(api, run, items, *, noun="invoices", key=None, **more):
    address = f"/api/v1/{noun}/bulk/" + (f"?run={run['id']}" if run else "")
    key = key or f"{noun}-{run and run['id']}-{items[0] if items else ''}"[:200]
    return api.post(address, {"items": items, **more}, format="json", headers={"Idempotency-Key": key})


def finish(api, run, **told) -> dict:
    answer = api.post(f"{RUNS}{run['id']}/finish/", told, format="json")
    assert answer.status_code == 200, answer.json()
    return answer.json()


def invoice(number, amount="10.00", customer="C-1", **more) -> dict:
    days = {"invoiced_on": "2026-10-01", "due_on": "2026-11-01"}
    return {"number": f"I-{number}", "customer": customer, "amount": amount, **days, **more}


def order(number, **more) -> dict:
    return {"number": f"O-{number}", "customer": "C-1", "ordered_on": "2026-10-01", "amount": "10.00", **more}


def sync(api, items, *, noun="invoices", told=None, **said) -> dict:
    """A whole run."""
    run = begin(api, noun, **said)
    assert bring(api, run, items, noun=noun).status_code in (200, 207)
    return finish(api, run, **(told or {}))


@pytest.fixture
def buyer(db):
    return CustomerFactory(number="C-1")


@pytest.fixture
def other_api(db):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(UserFactory(username='u8', role='connector'), *SCOPES)}")
    return client


SCOPES = TOKEN_SCOPES


# Announced and compared -----------------------------------------------------------------------------------------------


def test_a_run_that_agrees(api, buyer):
    run = begin(api, count=2, totals={"CNY": "30.00"}, as_of="2026-11-21T20:45:00Z")
    assert (run["state"], run["as_of"], run["held"], run["agrees"]) == ("open", "2026-11-21T20:45:00Z", None, None)
    answer = bring(api, run, [invoice(1), invoice(2, "20.00")])
    assert answer.json() == {"created": 2, "updated": 0, "unchanged": 0, "failed": 0, "errors": []}
    done = finish(api, run)
    assert (done["state"], done["agrees"], done["created"]) == ("finished", True, 2)
    assert done["held"] == {"count": 2, "totals": {"CNY": "30.00"}}
    assert api.get(f"{RUNS}{run['id']}/").json() == done
    verbs = AuditEntry.objects.filter(verb__startswith="sync_run.").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["sync_run.begun", "sync_run.finished"]


def test_what_was_held_before_and_by_others_does_not_count(api, other_api, buyer):
    InvoiceFactory(customer=buyer)
    sync(other_api, [invoice(7)], complete=True)
    done = sync(api, [invoice(1)], complete=True, count=1, totals={"CNY": "10.00"})
    assert (done["agrees"], done["missing"], done["decision"]) == (True, 0, "nothing_missing")


def test_differences_are_listed_per_customer_the_largest_first(api, buyer):
    CustomerFactory(number="C-2")
    announced = {"C-1": {"CNY": "11.00"}, "C-2": {"CNY": "20.00"}, "C-3": {"CNY": "5.00"}}
    items = [invoice(1), invoice(2, "20.00", "C-2")]
    done = sync(api, items, told={"customers": announced}, count=3, totals={"CNY": "36.00"})
    assert (done["agrees"], done["differing"]) == (False, 2)
    assert done["differences"] == [
        {"customer": "C-3", "currency": "CNY", "announced": "5.00", "held": "0.00"},
        {"customer": "C-1", "currency": "CNY", "announced": "11.00", "held": "10.00"},
    ]


def test_another_currency_and_another_count_do_not_agree(api, buyer):
    assert sync(api, [invoice(1)], totals={"CNY": "10.00", "USD": "1.00"})["agrees"] is False
    assert sync(api, [invoice(1)], totals={})["agrees"] is False
    assert sync(api, [invoice(1)], count=2)["agrees"] is False
    assert sync(api, [invoice(1)])["agrees"] is None


def test_every_object_can_be_brought(api, buyer):
    sales = {"customer": "C-1", "month": "2026-10", "product_line": "x/y", "amount": "10.00"}
    payment = {"number": "P-1", "customer": "C-1", "paid_on": "2026-10-09", "amount": "10.00"}
    customer = {"number": "C-9", "name": "Nine"}
    for noun, item in {"customers": customer, "sales": sales, "orders": order(1), "payments": payment}.items():
        totals = {} if noun == "customers" else {"totals": {"CNY": "10.00"}}
        done = sync(api, [item], noun=noun, complete=True, count=1, **totals)
        assert (done["agrees"], done["missing"], done["state"]) == (True, 0, "finished"), noun


# What is missing ------------------------------------------------------------------------------------------------------


def hundred(api, n=101):
    """A complete run of n open invoices."""
    return sync(api, [invoice(number) for number in range(n)], complete=True, count=n)


def test_fewer_than_two_percent_are_closed(api, buyer):
    hundred(api)
    done = sync(api, [invoice(number) for number in range(99)], complete=True, count=99, totals={"CNY": "990.00"})
    assert (done["state"], done["decision"], done["missing"], done["closed"]) == (
        *("finished", "closed_by_rule"),
        *(2, 2),
    )
    assert done["agrees"] is True
    gone = Invoice.objects.get(number="I-100")
    assert (gone.open_amount, gone.amount, gone.stated_open_amount) == (0, Decimal("10.00"), 0)
    buyer.standing.refresh_from_db()
    assert buyer.standing.refresh_due
    again = sync(api, [invoice(number) for number in range(99)], complete=True, count=99)
    assert (again["missing"], again["decision"]) == (0, "nothing_missing")


def test_exactly_two_percent_wait_for_a_person(api, buyer, credit_manager, admin, officer):
    hundred(api, 100)
    done = sync(api, [invoice(number) for number in range(98)], complete=True, count=98)
    assert (done["state"], done["missing"], done["closed"], done["agrees"]) == ("needs_review", 2, 0, False)
    assert not Invoice.objects.filter(open_amount=0).exists()
    told = Notice.objects.filter(kind="sync_needs_decision").values_list("recipient__username", flat=True)
    assert sorted(told) == ["admin", "credit"]


@pytest.mark.parametrize(("missing", "known", "closed"), [(0, 0, True), (1, 50, False), (1, 51, True), (2, 100, False)])
def test_the_border(missing, known, closed):
    assert rules.may_close(missing=missing, known=known, all_arrived=True) is closed
    assert rules.may_close(missing=missing, known=known, all_arrived=False) is (missing == 0)


def test_what_got_lost_on_the_way_is_not_gone(api, buyer):
    """Two calls of the run never came: one in a hundred is missing, but more were announced."""
    hundred(api)
    done = sync(api, [invoice(number) for number in range(100)], complete=True, count=101)
    assert (done["state"], done["missing"]) == ("needs_review", 1)


def test_a_row_that_failed_is_not_missing(api, buyer):
    hundred(api)
    items = [invoice(number) for number in range(100)] + [invoice(100, "ten"), invoice(200, "ten")]
    done = sync(api, items, complete=True, count=102)
    assert (done["state"], done["missing"], done["failed_rows"]) == ("finished", 0, 2)
    assert Invoice.objects.get(number="I-100").open_amount == Decimal("10.00")


def test_an_empty_complete_run_closes_nothing(api, buyer):
    hundred(api, 3)
    run = begin(api, complete=True, count=0)
    assert finish(api, run)["state"] == "needs_review"
    assert Invoice.objects.filter(open_amount=0).count() == 0


def test_a_run_that_is_not_complete_misses_nothing(api, buyer):
    hundred(api, 3)
    done = sync(api, [invoice(0)], count=1, totals={"CNY": "10.00"})
    assert (done["state"], done["missing"], done["agrees"], done["decision"]) == ("finished", 0, True, None)


def test_what_is_paid_is_not_missing(api, buyer):
    hundred(api, 3)
    PaymentFactory(customer=buyer, invoice=Invoice.objects.get(number="I-2"), amount="10.00")
    Invoice.objects.filter(number="I-2").update(open_amount=0)
    done = sync(api, [invoice(0), invoice(1)], complete=True, count=2, totals={"CNY": "20.00"})
    assert (done["state"], done["missing"], done["agrees"]) == ("finished", 0, True)


def test_orders_and_customers_are_closed_and_payments_are_not(api, buyer):
    sync(api, [order(number) for number in range(60)], noun="orders", complete=True)
    done = sync(api, [order(number) for number in range(59)], noun="orders", complete=True)
    gone = Order.objects.get(number="O-59")
    assert (done["closed"], gone.status, gone.open_amount, gone.delivered_uninvoiced) == (1, "closed", 0, 0)

    people = [{"number": f"K-{number}", "name": "K"} for number in range(60)]
    sync(api, people, noun="customers", complete=True)
    sync(api, people[:59], noun="customers", complete=True)
    assert Customer.objects.get(number="K-59").status == "closed"
    assert Customer.objects.get(number="C-1").status == "active", "the ERP never brought it"

    paid = [{"number": f"P-{n}", "customer": "C-1", "paid_on": "2026-10-09", "amount": "1.00"} for n in range(2)]
    sync(api, paid, noun="payments", complete=True)
    done = sync(api, paid[:1], noun="payments", complete=True, totals={"CNY": "1.00"})
    assert (done["state"], done["missing"], done["closed"], done["agrees"]) == ("finished", 1, 0, False)
    assert Payment.objects.count() == 2


def test_what_comes_again_is_open_again(api, buyer):
    hundred(api)
    sync(api, [invoice(number) for number in range(100)], complete=True)
    assert Invoice.objects.get(number="I-100").open_amount == 0
    sync(api, [invoice(number, open_amount="10.00") for number in range(101)], complete=True)
    assert Invoice.objects.get(number="I-100").open_amount == Decimal("10.00")


def test_a_later_complete_run_takes_the_place_of_a_decision(api, buyer):
    hundred(api, 3)
    first = sync(api, [invoice(0)], complete=True)
    assert first["state"] == "needs_review"
    sync(api, [invoice(number) for number in range(3)], complete=True)
    told = api.get(f"{RUNS}{first['id']}/").json()
    assert (told["state"], told["decision"]) == ("finished", "superseded")


# The course of a run --------------------------------------------------------------------------------------------------


def test_one_run_at_a_time_and_the_same_again_is_the_same(api, other_api, buyer):
    run = begin(api, count=2)
    again = api.post(RUNS, {"object": "invoices", "count": 2}, format="json")
    assert (again.status_code, again.json()["id"]) == (200, run["id"])
    other = api.post(RUNS, {"object": "invoices", "count": 3}, format="json")
    assert (other.status_code, other.json()["code"], other.json()["run"]) == (409, "run_open", run["id"])
    assert begin(api, "orders")["id"] != run["id"]
    assert begin(other_api)["id"] != run["id"]


def test_finishing_again_is_the_same(api, buyer):
    run = begin(api)
    first = finish(api, run)
    assert finish(api, run, customers={"C-1": {"CNY": "1.00"}}) == first
    assert AuditEntry.objects.filter(verb="sync_run.finished").count() == 1


def test_nothing_comes_after_the_end(api, buyer):
    run = begin(api)
    finish(api, run)
    late = bring(api, run, [invoice(1)])
    assert (late.status_code, late.json()["code"]) == (409, "run_ended")
    assert not Invoice.objects.exists()


def test_abandoned_it_compares_nothing(api, buyer):
    hundred(api, 3)
    run = begin(api, complete=True)
    address = f"{RUNS}{run['id']}/abandon/"
    assert api.post(address).json()["state"] == api.post(address).json()["state"] == "abandoned"
    refused = api.post(f"{RUNS}{run['id']}/finish/")
    assert (refused.status_code, refused.json()["code"]) == (409, "run_ended")
    assert not Invoice.objects.filter(open_amount=0).exists()


def test_open_for_a_day_it_is_abandoned(api, buyer):
    run = begin(api)
    SyncRun.objects.update(started_at=timezone.now() - timedelta(hours=25))
    assert bring(api, run, [invoice(1)]).json()["code"] == "run_ended"
    assert api.post(f"{RUNS}{run['id']}/finish/").json()["code"] == "run_ended"
    fresh = begin(api, count=5)
    assert api.get(f"{RUNS}{run['id']}/").json()["state"] == "abandoned"
    SyncRun.objects.update(started_at=timezone.now() - timedelta(hours=25))
    tidy_runs(timezone.now())
    assert api.get(f"{RUNS}{fresh['id']}/").json()["state"] == "abandoned"


def test_a_run_with_open_jobs_is_not_finished(api, buyer):
    run = begin(api)
    Job.objects.create(kind="x", key="y", params={"run": run["id"]})
    refused = api.post(f"{RUNS}{run['id']}/finish/")
    assert (refused.status_code, refused.json()["code"]) == (409, "jobs_open")


def test_a_call_of_another_object_is_refused_and_a_run_of_others_is_not_there(api, other_api, buyer):
    run = begin(api)
    wrong = bring(api, run, [order(1)], noun="orders")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "other_object")
    assert bring(other_api, run, [invoice(1)]).status_code == 404
    assert other_api.get(f"{RUNS}{run['id']}/").status_code == 404
    for deed in ("finish", "abandon"):
        assert other_api.post(f"{RUNS}{run['id']}/{deed}/").status_code == 404
    assert other_api.get(RUNS).json()["results"] == []


@pytest.mark.parametrize("run", ["0", "-1", "x", "99999999999999999999", "", "１"])
def test_a_run_that_is_none_is_not_there(api, buyer, run):
    assert api.post(f"/api/v1/invoices/bulk/?run={run}", {"items": []}, HTTP_IDEMPOTENCY_KEY="k").status_code == 404


def test_a_trial_and_a_call_that_failed_whole_leave_no_mark(api, buyer):
    run = begin(api)
    bring(api, run, [invoice(1)], dry_run=True)
    spoiled = bring(api, run, [invoice(2), invoice(3, "ten")], mode="atomic")
    assert spoiled.status_code == 422
    assert not SyncedRecord.objects.exists()
    assert list(SyncFailure.objects.values_list("key", flat=True)) == ["I-3"]


def test_a_call_sent_again_counts_once(api, buyer):
    run = begin(api)
    assert bring(api, run, [invoice(1)], key="k").json() == bring(api, run, [invoice(1)], key="k").json()
    assert (finish(api, run)["created"], SyncedRecord.objects.count()) == (1, 1)


def test_an_older_version_was_brought_too(api, buyer):
    sync(api, [invoice(1, source_version=5)], complete=True)
    done = sync(api, [invoice(1, source_version=4)], complete=True, count=1)
    assert (done["unchanged"], done["missing"], done["agrees"]) == (1, 0, True)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/object"),
        ({"object": "visits"}, "/object"),
        ({"object": "invoices", "count": -1}, "/count"),
        ({"object": "invoices", "count": "5"}, "/count"),
        ({"object": "invoices", "totals": {"CNY": 5}}, "/totals/CNY"),
        ({"object": "invoices", "totals": {"XXQ": "5.00"}}, "/totals"),
        ({"object": "invoices", "totals": []}, "/totals"),
        ({"object": "customers", "totals": {"CNY": "5.00"}}, "/totals"),
        ({"object": "invoices", "as_of": "yesterday"}, "/as_of"),
        ({"object": "invoices", "complete": "perhaps"}, "/complete"),
        ({"object": "invoices", "all": True}, "/all"),
    ],
)
def test_refuses_what_cannot_be_meant(api, body, pointer):
    refused = api.post(RUNS, body, format="json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert not SyncRun.objects.exists()


def test_bad_sums_by_customer_are_refused_and_the_run_stays_open(api, buyer):
    run = begin(api)
    for told in ({"customers": {"C-1": {"CNY": 5}}}, {"customers": []}, {"x": 1}):
        assert api.post(f"{RUNS}{run['id']}/finish/", told, format="json").status_code == 400
    assert SyncRun.objects.get().state == "open"


# Who may --------------------------------------------------------------------------------------------------------------


def test_the_write_scope_of_the_object_opens_its_runs(erp, buyer):
    def client(*scopes):
        made = APIClient()
        made.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(erp, *scopes)}")
        return made

    orders, reads = client("orders:write"), client("receivables:read")
    begin(orders, "orders")
    assert orders.post(RUNS, {"object": "invoices"}).status_code == 403
    assert reads.post(RUNS, {"object": "invoices"}).status_code == reads.get(RUNS).status_code == 403
    run = begin(client("receivables:write"), "payments")
    assert orders.get(f"{RUNS}{run['id']}/").status_code == 404
    assert [one["object"] for one in orders.get(RUNS).json()["results"]] == ["orders"]


def test_operators_read_and_sellers_do_not(api, api_as, admin, credit_manager, auditor, seller, officer, buyer):
    begin(api)
    for person in (admin, credit_manager, auditor):
        assert len(api_as(person).get(RUNS).json()["results"]) == 1
        assert api_as(person).post(RUNS, {"object": "orders"}).status_code == 403
    for person in (seller, officer):
        assert api_as(person).get(RUNS).status_code == 403


def test_the_list_is_narrowed_and_asks_as_often_for_three(api, buyer, django_assert_num_queries):
    sync(api, [invoice(1), invoice(2, "x")])
    begin(api, "orders")
    assert [run["object"] for run in api.get(f"{RUNS}?state=open").json()["results"]] == ["orders"]
    assert [run["object"] for run in api.get(f"{RUNS}?object=invoices").json()["results"]] == ["invoices"]
    assert api.get(f"{RUNS}?object=visits").status_code == api.get(f"{RUNS}?colour=red").status_code == 400
    with django_assert_num_queries(3):  # whose token, how many calls this minute, the runs
        assert len(api.get(f"{RUNS}?object=orders").json()["results"]) == 1
    begin(api, "sales"), begin(api, "payments")
    with django_assert_num_queries(3):
        assert len(api.get(f"{RUNS}?state=open").json()["results"]) == 3


# What failed ----------------------------------------------------------------------------------------------------------


def test_what_failed_is_kept_until_it_goes_through(api, buyer):
    run = begin(api)
    bring(api, run, [invoice(1, customer="C-404"), invoice(2)])
    told = api.get(f"{RUNS}{run['id']}/").json()
    assert [(row["key"], row["errors"][0]["code"]) for row in told["failures"]] == [("I-1", "unknown_reference")]
    assert "item" not in told["failures"][0]
    bring(api, run, [invoice(1, "ten")])
    assert SyncFailure.objects.get().errors[0]["pointer"] == "/amount"
    bring(api, run, [invoice(1)], key="mended")
    assert finish(api, run)["failed_rows"] == 0
    assert SyncFailure.objects.get().item is None, "what went through is not kept"


def test_no_more_than_a_thousand_failed_rows_and_no_large_ones_are_kept(api, buyer):
    run = begin(api)
    bring(api, run, [invoice(n, "ten") for n in range(KEPT_FAILURES + 5)])
    bring(api, run, [invoice("big", "ten")])
    assert SyncFailure.objects.count() == KEPT_FAILURES
    run = begin(api, "orders")
    bring(api, run, [order(1, status="x" * 70_000)], noun="orders")
    assert SyncFailure.objects.get(run=run["id"]).item is None


def test_failed_rows_are_forgotten_after_a_month(api, buyer):
    run = begin(api)
    bring(api, run, [invoice(1, "ten")])
    SyncFailure.objects.update(at=timezone.now() - timedelta(days=31))
    tidy_runs(timezone.now())
    assert not SyncFailure.objects.exists()
