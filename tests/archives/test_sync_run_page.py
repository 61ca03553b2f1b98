"""The operators' pages of sync runs: both sides, what failed, what waits for a decision; and runs that end at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from archives.commands.bulk import Batch
from archives.commands.sync_runs import begin_run, decide_run, finish_run, join_run, note_call
from archives.commands.trade import upsert_invoices
from archives.models import Invoice, SyncedRecord, SyncFailure, SyncRun
from archives.parsing import parse_invoice
from crm.core.errors import Refused
from crm.core.models import AuditEntry
from tests.archives.test_sync_runs import begin, bring, invoice, sync
from tests.factories import CustomerFactory

PAGE = "/sync-runs/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(db):
    return CustomerFactory(number="C-1", name="Chenguang")


@pytest.fixture
def waiting(api, buyer):
    """A run that left out two of three."""
    sync(api, [invoice(number) for number in range(3)], complete=True)
    return sync(api, [invoice(0)], complete=True, count=1, totals={"CNY": "10.00"})


def text_of(response) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_nothing_yet_says_how_to_begin(page_as, admin):
    page = text_of(page_as(admin).get(PAGE))
    assert "No program has begun a sync run yet" in page and "/api/v1/docs/" in page


def test_the_last_run_of_each_source_and_since_when_it_was_good(api, page_as, admin, buyer):
    sync(api, [invoice(1)], count=1)
    SyncRun.objects.update(finished_at=timezone.now() - timedelta(hours=3))
    sync(api, [invoice(1), invoice(2, "ten")], count=5)
    begin(api, "orders")
    page = page_as(admin).get(PAGE)
    found = {source.last.object: source for source in page.context["sources"]}
    assert [source.last.object for source in page.context["sources"]] == ["orders", "invoices"]
    assert (found["orders"].good_at, found["invoices"].last.failed_rows) == (None, 1)
    assert "3\xa0hours ago" in page.content.decode()


def test_both_sides_stand_beside_each_other(api, page_as, credit_manager, buyer):
    told = {"customers": {"C-1": {"CNY": "25.00"}}}
    run = sync(api, [invoice(1)], told=told, count=2, totals={"CNY": "25.00", "USD": "1.00"})
    page = page_as(credit_manager).get(f"{PAGE}{run['id']}/")
    sides = {side.currency: (side.announced, side.held, side.by) for side in page.context["sides"]}
    assert sides == {"": (2, 1, -1), "CNY": (25, 10, -15), "USD": (1, 0, -1)}
    assert "−¥15" in text_of(page) and 'href="/customers/C-1/"' in text_of(page)


def test_administrators_see_numbers_and_no_way_into_the_archive(page_as, admin, waiting):
    page = text_of(page_as(admin).get(f"{PAGE}{waiting['id']}/"))
    assert "I-2" in page and "Chenguang" not in page and 'href="/customers/C-1/"' not in page


def test_a_person_closes_what_is_missing(page_as, admin, waiting):
    page = page_as(admin).get(f"{PAGE}{waiting['id']}/")
    assert [row.number for row in page.context["missing"]] == ["I-1", "I-2"]
    done = page_as(admin).post(f"{PAGE}{waiting['id']}/close/", follow=True)
    assert "2 records are closed." in text_of(done)
    assert list(Invoice.objects.order_by("number").values_list("open_amount", flat=True)) == [10, 0, 0]
    run = SyncRun.objects.get(pk=waiting["id"])
    assert (run.state, run.decision, run.decided_by, run.closed, run.agrees) == ("finished", "closed", admin, 2, True)
    assert AuditEntry.objects.get(verb="sync_run.decided").actor == admin
    again = page_as(admin).post(f"{PAGE}{waiting['id']}/close/", follow=True)
    assert "needs no decision any more" in text_of(again)


def test_or_keeps_it_and_is_not_asked_again(api, page_as, credit_manager, waiting):
    page_as(credit_manager).post(f"{PAGE}{waiting['id']}/keep/")
    assert not Invoice.objects.filter(open_amount=0).exists()
    again = sync(api, [invoice(0)], complete=True, count=1)
    assert (again["missing"], again["agrees"]) == (0, True)


def test_what_came_again_meanwhile_is_not_closed(api, page_as, admin, waiting):
    run = begin(api)
    bring(api, run, [invoice(2)])
    page_as(admin).post(f"{PAGE}{waiting['id']}/close/")
    assert list(Invoice.objects.filter(open_amount=0).values_list("number", flat=True)) == ["I-1"]


def test_no_more_than_two_hundred_are_listed(api, page_as, admin, buyer):
    sync(api, [invoice(f"{number:03}") for number in range(230)], complete=True)
    run = sync(api, [invoice("000")], complete=True)
    page = page_as(admin).get(f"{PAGE}{run['id']}/")
    assert len(page.context["missing"]) == 200
    assert "The first 200 of 229." in text_of(page)


def test_booked_rows_that_are_missing_are_named_and_not_closed(api, page_as, admin, buyer):
    paid = [{"number": f"P-{n}", "customer": "C-1", "paid_on": "2026-10-09", "amount": "1.00"} for n in range(2)]
    sync(api, paid, noun="payments", complete=True)
    run = sync(api, paid[:1], noun="payments", complete=True)
    page = page_as(admin).get(f"{PAGE}{run['id']}/")
    assert "P-1" in text_of(page) and "/close/" not in text_of(page)
    refused = page_as(admin).post(f"{PAGE}{run['id']}/close/", follow=True)
    assert "needs no decision" in text_of(refused)


# Failed rows ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def failed(api, buyer):
    """A run with two rows of a customer that is not there yet."""
    items = [invoice(1, customer="C-2"), invoice(2, customer="C-2"), invoice(3)]
    return sync(api, items, count=3, totals={"CNY": "30.00"})


def test_a_failed_row_is_tried_again_in_the_name_of_its_source(page_as, admin, erp, failed):
    row = SyncFailure.objects.get(key="I-1")
    address = f"{PAGE}{failed['id']}/rows/{row.pk}/retry/"
    refused = page_as(admin).post(address, follow=True)
    assert "1 row failed again." in text_of(refused)
    CustomerFactory(number="C-2")
    assert "1 row has gone through." in text_of(page_as(admin).post(address, follow=True))
    assert Invoice.objects.filter(number="I-1").exists()
    assert SyncedRecord.objects.filter(account=erp, object="invoices").count() == 2
    row.refresh_from_db()
    assert row.resolved_at is not None and row.item is None
    assert "gone through already" in text_of(page_as(admin).post(address, follow=True))
    assert [entry.actor for entry in AuditEntry.objects.filter(verb="sync_run.retried")] == [admin, admin]


def test_all_failed_rows_at_once_and_then_the_run_agrees(page_as, credit_manager, failed):
    assert failed["agrees"] is False
    CustomerFactory(number="C-2")
    done = page_as(credit_manager).post(f"{PAGE}{failed['id']}/retry/", follow=True)
    assert "2 rows have gone through." in text_of(done)
    assert SyncRun.objects.get(pk=failed["id"]).agrees is True
    assert done.context["failures"] == []


def test_rows_of_an_account_that_is_switched_off_stay(page_as, admin, erp, failed):
    erp.is_active = False
    erp.save()
    CustomerFactory(number="C-2")
    assert "switched off" in text_of(page_as(admin).post(f"{PAGE}{failed['id']}/retry/", follow=True))
    assert not Invoice.objects.filter(number="I-1").exists()


def test_a_row_of_another_run_is_not_there(api, page_as, admin, failed):
    other = begin(api, "orders")
    row = SyncFailure.objects.get(key="I-1")
    assert "nothing here" in text_of(page_as(admin).post(f"{PAGE}{other['id']}/rows/{row.pk}/retry/", follow=True))


def test_an_item_is_shown_to_nobody(api, page_as, admin, buyer):
    run = sync(api, [{"number": "C-9", "bank_account": "6222-0000-1111"}], noun="customers")
    assert run["failed_rows"] == 1
    assert "6222" not in text_of(page_as(admin).get(f"{PAGE}{run['id']}/"))


# Who may, and how often it asks ---------------------------------------------------------------------------------------


def test_auditors_look_and_change_nothing(page_as, auditor, waiting):
    page = text_of(page_as(auditor).get(f"{PAGE}{waiting['id']}/"))
    assert "I-1" in page and "/close/" not in page
    for deed in ("close", "keep", "abandon", "retry"):
        assert page_as(auditor).post(f"{PAGE}{waiting['id']}/{deed}/").status_code == 403


def test_others_do_not_open_it(page_as, seller, officer, director, waiting):
    for person in (seller, officer, director):
        assert page_as(person).get(PAGE).status_code == 403
        assert page_as(person).get(f"{PAGE}{waiting['id']}/").status_code == 403


def test_an_operator_abandons_a_run_that_hangs(api, page_as, admin, buyer):
    run = begin(api)
    page_as(admin).post(f"{PAGE}{run['id']}/abandon/")
    assert SyncRun.objects.get().state == "abandoned"
    assert page_as(admin).get(f"{PAGE}987654321/").status_code == 404


def test_asks_as_often_for_three_as_for_one(api, page_as, admin, buyer, django_assert_max_num_queries):
    def count(address):
        with django_assert_max_num_queries(100) as asked:
            assert page_as(admin).get(address).status_code == 200
        return len(asked)

    run = sync(api, [invoice(1), invoice(2, "x")])
    pages = (PAGE, f"{PAGE}{run['id']}/")
    for page in pages:
        count(page)
    one = [count(page) for page in pages]
    sync(api, [invoice(3), invoice(4, "x")], noun="orders")
    begin(api, "sales")
    SyncFailure.objects.bulk_create([SyncFailure(run_id=run["id"], key=f"I-{n}", errors=[]) for n in (7, 8)])
    assert [count(page) for page in pages] == one


def test_the_missing_are_asked_for_at_once(api, page_as, admin, waiting, django_assert_max_num_queries):
    def count():
        with django_assert_max_num_queries(100) as asked:
            page = page_as(admin).get(f"{PAGE}{waiting['id']}/")
        return len(page.context["missing"]), len(asked)

    count()
    two, asked = count()
    SyncedRecord.objects.filter(record=Invoice.objects.get(number="I-2").pk).delete()
    assert (two, count()) == (2, (1, asked))


# At once --------------------------------------------------------------------------------------------------------------


def at_once(*works):
    """Run them beside each other, each on a connection of its own."""

    def alone(work):
        try:
            return work()
        except Refused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result(timeout=120) for done in [pool.submit(alone, work) for work in works]]


def brought(run, erp, today, *items):
    """A call of the run, as the door makes it."""
    with transaction.atomic():
        joined = join_run(run.pk, object="invoices", by=erp, now=timezone.now())
        batch = Batch.read(items, parse_invoice)
        upsert_invoices(batch, by=erp, today=today)
        note_call(joined, batch, items, now=timezone.now())


@pytest.fixture
def two_runs(transactional_db, erp, today):
    """A complete run of 101 invoices, and an open one that has brought all but the last."""
    CustomerFactory(number="C-1")
    items = [invoice(number) for number in range(101)]
    for taken in (items, items[:-1]):
        run, _fresh = begin_run(object="invoices", by=erp, now=timezone.now(), complete=True)
        brought(run, erp, today, *taken)
        if len(taken) == 101:
            finish_run(run.pk, by=erp, today=today, now=timezone.now())
    return run


@pytest.mark.django_db(transaction=True)
def test_two_finishes_at_once_are_one(two_runs, erp, today):
    def finish():
        return finish_run(two_runs.pk, by=erp, today=today, now=timezone.now())

    found = at_once(finish, finish, finish, finish)
    assert {(run.state, run.missing, run.closed) for run in found} == {("finished", 1, 1)}
    assert AuditEntry.objects.filter(verb="sync_run.finished", subject_id=str(two_runs.pk)).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_call_at_the_end_counts_or_is_refused(two_runs, erp, today):
    """Whichever comes first: what was brought is never closed."""

    def finish():
        return finish_run(two_runs.pk, by=erp, today=today, now=timezone.now())

    ended, call = at_once(finish, lambda: brought(two_runs, erp, today, invoice(100)))
    closed = Invoice.objects.filter(open_amount=0).count()
    assert (ended.missing, closed) == ((1, 1) if isinstance(call, Refused) else (0, 0))


@pytest.mark.django_db(transaction=True)
def test_four_begin_at_once_and_get_one_run(transactional_db, erp):
    def begun():
        return begin_run(object="orders", by=erp, now=timezone.now())

    found = at_once(begun, begun, begun, begun)
    assert len({run.pk for run, _fresh in found}) == 1
    assert sorted(fresh for _run, fresh in found) == [False, False, False, True]


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_once_are_one(transactional_db, erp, admin, today):
    CustomerFactory(number="C-1")
    for taken in ([invoice(0), invoice(1)], [invoice(0)]):
        run, _fresh = begin_run(object="invoices", by=erp, now=timezone.now(), complete=True)
        brought(run, erp, today, *taken)
        finish_run(run.pk, by=erp, today=today, now=timezone.now())

    def decide(close):
        return lambda: decide_run(run.pk, close=close, by=admin, today=today)

    found = at_once(decide(True), decide(False))
    assert sorted(isinstance(one, Refused) for one in found) == [False, True]
    kept = next(one for one in found if isinstance(one, SyncRun)).decision == "kept"
    assert Invoice.objects.filter(open_amount=0).count() == (0 if kept else 1)
