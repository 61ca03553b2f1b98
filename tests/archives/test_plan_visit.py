"""Planned visits: made, moved, called off, many at once, and closed by the note of the visit."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from archives.commands.plans import cancel_plan, change_plan, plan_visit, plan_visits
from archives.commands.visits import post_visit
from archives.models import Standing, Visit, VisitPlan
from crm.core.errors import Invalid, NotAllowed, Refused
from crm.core.models import AuditEntry
from tests.factories import CustomerFactory

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
NOTE = {"kind": "site", "happened_at": NOW, "content": "New grinding line runs.", "now": NOW}
LIST = "/visit-plans/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_day(today):
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def plan(customer, seller, today):
    return plan_visit(customer, day=today, by=seller, today=today, purpose="Quote the new series")


def new_page(customer) -> str:
    return f"/customers/{customer.number}/visit-plans/new/"


# --- The commands ----------------------------------------------------------------------------------------------------
def test_it_plans(customer, seller, today):
    plan = plan_visit(customer, day=today + timedelta(days=3), by=seller, today=today, purpose=" Look at the stock ")
    assert (plan.person, plan.purpose, plan.kind, plan.state_choice) == (seller, "Look at the stock", "site", "open")
    entry = AuditEntry.objects.get(verb="visit_plan.made")
    assert (entry.actor, entry.customer_id, entry.changes["day"]) == (seller, customer.pk, "2026-11-24")


@pytest.mark.parametrize(
    ("days", "fields", "wrong"),
    [(-1, {}, "day"), (367, {}, "day"), (1, {"kind": "dance"}, "kind"), (1, {"purpose": "x" * 201}, "purpose")],
)
def test_it_refuses_what_cannot_be_meant(customer, seller, today, days, fields, wrong):
    with pytest.raises(Invalid) as refused:
        plan_visit(customer, day=today + timedelta(days=days), by=seller, today=today, **fields)
    assert list(refused.value.errors) == [wrong]
    assert not VisitPlan.objects.exists()


@pytest.mark.parametrize("status", ["closed", "blacklisted"])
def test_it_refuses_customers_that_are_closed(seller, today, status):
    with pytest.raises(Refused) as refused:
        plan_visit(CustomerFactory(owner=seller, status=status), day=today, by=seller, today=today)
    assert refused.value.code == "closed"


def test_it_refuses_the_same_visit_twice(plan, seller, manager, today):
    again = {"day": plan.day, "today": today}
    with pytest.raises(Refused) as refused:
        plan_visit(plan.customer, by=seller, **again)
    assert refused.value.code == "planned_already"
    assert plan_visit(plan.customer, by=manager, **again).person == manager
    cancel_plan(plan.pk, by=seller, today=today)
    assert plan_visit(plan.customer, by=seller, **again).state_choice == "open"


def test_only_managers_plan_for_others_who_see_the_customer(customer, seller, colleague, manager, outsider, today):
    given = {"day": today, "today": today}
    with pytest.raises(NotAllowed):
        plan_visit(customer, by=colleague, person=seller, **given)
    with pytest.raises(Refused) as refused:
        plan_visit(customer, by=manager, person=outsider, **given)
    assert refused.value.code == "not_theirs"
    assert plan_visit(customer, by=manager, person=seller, **given).planned_by == manager


def test_many_at_once_tell_who_was_skipped_and_why(seller, outsider, today):
    free, taken = CustomerFactory(owner=seller), CustomerFactory(owner=seller)
    closed, foreign = CustomerFactory(owner=seller, status="closed"), CustomerFactory(owner=outsider)
    plan_visit(taken, day=today, by=seller, today=today)
    ids = [row.pk for row in (free, taken, closed, foreign)]
    done = plan_visits(ids, day=today, purpose="Tour of the north", by=seller, today=today)
    assert [plan.customer for plan in done.plans] == [free]
    assert {skipped.customer: skipped.why for skipped in done.skipped} == {
        taken: "This visit is planned already.",
        closed: "This customer is closed: no visits are planned.",
    }
    entry = AuditEntry.objects.get(verb="visits.planned")
    assert (entry.changes["planned"], entry.changes["skipped"]) == (1, 2)


def test_many_cost_no_more_than_few(seller, today, django_assert_num_queries):
    few, many = [[CustomerFactory(owner=seller).pk for _ in range(count)] for count in (1, 5)]
    with CaptureQueriesContext(connection) as asked:
        plan_visits(few, day=today, purpose="", by=seller, today=today)
    with django_assert_num_queries(len(asked)):
        assert len(plan_visits(many, day=today, purpose="", by=seller, today=today).plans) == 5


def test_it_moves(plan, seller, today):
    later = today + timedelta(days=7)
    moved = change_plan(plan.pk, day=later, kind="call", purpose="Reconcile", by=seller, today=today)
    assert (moved.day, moved.kind, moved.purpose) == (later, "call", "Reconcile")
    assert AuditEntry.objects.get(verb="visit_plan.changed").changes == {"day": ["2026-11-21", "2026-11-28"]}
    other = plan_visit(plan.customer, day=today, by=seller, today=today)
    with pytest.raises(Refused) as refused:
        change_plan(other.pk, day=later, kind="site", purpose="", by=seller, today=today)
    assert refused.value.code == "planned_already"


def test_what_is_over_is_neither_moved_nor_called_off(plan, seller, today):
    cancel_plan(plan.pk, by=seller, today=today)
    for deed in (
        lambda: cancel_plan(plan.pk, by=seller, today=today),
        lambda: change_plan(plan.pk, day=today, kind="site", purpose="", by=seller, today=today),
    ):
        with pytest.raises(Refused) as refused:
            deed()
        assert refused.value.code == "cancelled_already"


# --- The visit closes the plan, and the standing knows when somebody came ---------------------------------------------
def test_the_note_of_the_day_closes_the_plan(plan, customer, seller):
    visit, _created = post_visit(customer, by=seller, **NOTE)
    plan.refresh_from_db()
    assert (plan.visit, plan.state_choice) == (visit, "done")


def test_the_note_closes_the_plan_it_was_begun_from(customer, seller, manager, today):
    day = today + timedelta(days=5)
    mine, other = (plan_visit(customer, day=day, by=who, today=today) for who in (seller, manager))
    visit, _created = post_visit(customer, by=seller, plan=mine.pk, **NOTE)
    assert list(VisitPlan.objects.filter(visit=visit)) == [mine]
    other.refresh_from_db()
    assert other.state_choice == "open"


def test_notes_leave_other_plans_open(customer, seller, colleague, today):
    elsewhere = plan_visit(CustomerFactory(owner=seller), day=today, by=seller, today=today)
    later = plan_visit(customer, day=today + timedelta(days=1), by=seller, today=today)
    of_colleague = VisitPlan.objects.create(customer=customer, person=colleague, day=today, planned_by=colleague)
    post_visit(customer, by=seller, plan=elsewhere.pk, **NOTE)
    assert set(VisitPlan.objects.open()) == {elsewhere, later, of_colleague}


def test_the_standing_knows_who_was_last_there(customer, seller, manager, today):
    post_visit(customer, by=seller, **NOTE)
    post_visit(customer, by=manager, **NOTE | {"happened_at": NOW - timedelta(days=40)})
    post_visit(customer, by=manager, **NOTE | {"kind": "call"})
    standing = Standing.objects.get(pk=customer.pk)
    assert (standing.last_met_on, standing.manager_met_on) == (today, today - timedelta(days=40))


# --- The pages -------------------------------------------------------------------------------------------------------
def test_the_page_plans_and_says_so(page_as, seller, customer, today):
    client = page_as(seller)
    page = client.get(f"/customers/{customer.number}/")
    assert new_page(customer) in page.content.decode()
    answer = client.post(new_page(customer), {"day": "2026-11-28", "kind": "site", "purpose": "Stock"}, follow=True)
    assert "Planned for" in answer.content.decode()
    assert [plan.purpose for plan in answer.context["timeline"].plans] == ["Stock"]


def test_the_page_keeps_what_was_typed(page_as, seller, customer):
    answer = page_as(seller).post(new_page(customer), {"day": "2026-11-01", "kind": "call", "purpose": "Stock"})
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "This day has passed. Choose today or a later one." in text
    assert 'value="Stock"' in text and 'value="2026-11-01"' in text


def test_a_manager_chooses_who_goes(page_as, manager, seller, outsider, customer):
    client = page_as(manager)
    offered = set(client.get(new_page(customer)).context["form"].fields["person"].queryset)
    assert {manager, seller} <= offered and outsider not in offered
    client.post(new_page(customer), {"day": "2026-11-28", "kind": "site", "person": "seller"})
    assert VisitPlan.objects.get().person == seller


def test_a_plan_leads_to_its_note_in_one_tap(page_as, seller, plan):
    client = page_as(seller)
    address = f"/customers/{plan.customer.number}/visits/new/?plan={plan.pk}&amp;kind=site"
    assert address in client.get(LIST).content.decode()
    page = client.get(address.replace("&amp;", "&"))
    assert f'name="plan" value="{plan.pk}"' in page.content.decode()
    assert "Quote the new series" in page.content.decode()
    client.post(f"/customers/{plan.customer.number}/visits/new/", {"kind": "call", "content": "…", "plan": plan.pk})
    plan.refresh_from_db()
    assert plan.visit == Visit.objects.get()


@pytest.mark.parametrize("wrong", ["x", "999999999999999999999", "-1"])
def test_a_note_begun_from_no_plan_is_a_note(page_as, seller, customer, wrong):
    assert page_as(seller).get(f"/customers/{customer.number}/visits/new/?plan={wrong}").status_code == 200


def test_moving_and_calling_off_come_back_to_where_one_was(page_as, seller, plan):
    client = page_as(seller)
    moved = client.post(f"/visit-plans/{plan.pk}/", {"day": "2026-12-01", "kind": "site", "next": LIST})
    assert moved["Location"] == LIST
    called_off = client.post(f"/visit-plans/{plan.pk}/cancel/", {"next": "https://elsewhere.example/"})
    assert called_off["Location"] == f"/customers/{plan.customer.number}/"
    plan.refresh_from_db()
    assert plan.state_choice == "cancelled"
    again = client.post(f"/visit-plans/{plan.pk}/cancel/", follow=True)
    assert "called off already" in again.content.decode()


def test_others_find_nothing(page_as, outsider, colleague, plan):
    for who in (outsider, colleague):
        client = page_as(who)
        assert client.get(LIST).context["count"] == 0
        assert client.get(f"/visit-plans/{plan.pk}/").status_code == 404
        assert client.post(f"/visit-plans/{plan.pk}/cancel/").status_code == 404
        assert client.get(new_page(plan.customer)).status_code == 404


def test_the_list_is_narrowed(page_as, manager, seller, customer, today):
    days = {"missed": -2, "today": 0, "soon": 7, "later": 8}
    plans = {
        word: VisitPlan.objects.create(
            customer=customer, person=seller, day=today + timedelta(days=by), planned_by=seller
        )
        for word, by in days.items()
    }
    of_manager = VisitPlan.objects.create(customer=customer, person=manager, day=today, planned_by=manager)
    over = VisitPlan.objects.create(customer=customer, person=seller, day=today, planned_by=seller, cancelled_on=today)
    client = page_as(manager)

    def found(query: str) -> list:
        return client.get(f"{LIST}?{query}").context["page"].rows

    for word, plan in plans.items():
        assert found(f"when={word}&person=seller") == [plan]
    assert found("when=missed,today") == [plans["missed"], plans["today"], of_manager]
    assert found("person=manager") == [of_manager]
    assert found("state=cancelled") == [over]
    assert found(f"since={today}&until={today}&state=open,cancelled") == [plans["today"], of_manager, over]
    assert client.get(f"{LIST}?when=never").status_code == 400
    assert client.get(f"{LIST}?colour=red").status_code == 400


def test_the_list_costs_the_same_with_one_and_three(page_as, seller, today, django_assert_num_queries):
    client = page_as(seller)

    def one_more():
        plan_visit(CustomerFactory(owner=seller), day=today, by=seller, today=today)

    one_more()
    client.get(LIST)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    one_more()
    one_more()
    with django_assert_num_queries(len(one)):
        assert len(client.get(LIST).context["page"].rows) == 3


def test_pages_follow_one_another(page_as, seller, customer, today):
    VisitPlan.objects.bulk_create(
        VisitPlan(customer=customer, person=seller, day=today + timedelta(days=by), planned_by=seller)
        for by in range(60)
    )
    client = page_as(seller)
    first = client.get(LIST).context["page"]
    second = client.get(f"{LIST}?cursor={first.next}").context["page"]
    assert [len(first.rows), len(second.rows)] == [50, 10]
    assert first.rows[-1].day < second.rows[0].day
