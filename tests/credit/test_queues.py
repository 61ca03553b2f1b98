"""The lists of held orders and of applications: narrowed, sorted, kept as views, asked by key."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from credit.commands.applications import return_application
from credit.commands.checks import refuse_order, release_order
from crm.core.models import SavedView
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db


def orders(client, **params) -> list[str]:
    answer = client.get(reverse("holds"), params)
    assert answer.status_code == 200, answer.context["refusal"]
    return [row.order for row in answer.context["page"].rows]


def asked_for(client, **params) -> list[D]:
    answer = client.get(reverse("applications"), params)
    assert answer.status_code == 200, answer.context["refusal"]
    return [row.amount for row in answer.context["page"].rows]


@pytest.fixture
def held(check, limit, colleague, region, today):
    """Two orders of one customer over its limit, and one of a customer without any; the newest last."""
    check("5000.00", "SO-1")
    check("9000.00", "SO-2")
    other = CustomerFactory(owner=colleague, region=region)
    return [*("SO-1", "SO-2"), check("700.00", "XO-3", customer=other).order]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["XO-3", "SO-2", "SO-1"]),
        ({"reason": "over_limit"}, ["SO-2", "SO-1"]),
        ({"reason": "no_limit"}, ["XO-3"]),
        ({"reason": "overdue"}, []),
        ({"at_least": "1000"}, ["SO-2", "SO-1"]),
        ({"at_most": "5000"}, ["XO-3", "SO-1"]),
        ({"order": "xo"}, ["XO-3"]),
        ({"ordering": "-amount"}, ["SO-2", "SO-1", "XO-3"]),
        ({"ordering": "id"}, ["SO-1", "SO-2", "XO-3"]),
        ({"waiting": "mine"}, ["XO-3", "SO-2", "SO-1"]),
        ({"waiting": "others"}, []),
    ],
)
def test_held_orders_are_narrowed_and_sorted(page_as, officer, held, asked, found):
    assert orders(page_as(officer), **asked) == found


def test_held_orders_by_owner_of_the_customer(page_as, officer, held, colleague):
    assert orders(page_as(officer), owner=colleague.username) == ["XO-3"]


def test_what_i_asked_for_waits_for_others(page_as, officer, held, check):
    check("6000.00", "SO-9", by=officer)
    assert orders(page_as(officer), waiting="others") == ["SO-9"]
    assert "SO-9" not in orders(page_as(officer), waiting="mine")


def test_decided_orders_say_who_and_why(page_as, officer, held, today):
    release_order("SO-1", by=officer, reason="paid in advance", today=today)
    refuse_order("SO-2", by=officer, reason="too much", today=today)
    client = page_as(officer)
    assert orders(client) == ["XO-3"]
    assert orders(client, state="released,refused") == ["SO-2", "SO-1"]
    text = client.get(reverse("holds"), {"state": "released"}).content.decode()
    assert "paid in advance" in text and officer.name in text and reverse("hold_release", args=["SO-1"]) not in text


def test_a_word_the_list_does_not_know_is_refused(page_as, officer, held):
    for name in ("holds", "applications"):
        answer = page_as(officer).get(reverse(name), {"colour": "red"})
        assert answer.status_code == 400 and "colour" in answer.context["refusal"]


def test_a_view_of_held_orders_is_kept_and_opened(page_as, officer, held):
    client = page_as(officer)
    client.post(reverse("view_keep", args=["holds"]), {"name": "Big", "query": "at_least=1000"})
    view = SavedView.objects.get(page="holds")
    answer = client.get(reverse("holds") + view.address)
    assert [row.order for row in answer.context["page"].rows] == ["SO-2", "SO-1"]
    assert answer.context["opened"].view == view and not answer.context["opened"].changed


def test_held_orders_cost_the_same_for_three_as_for_one(
    page_as, officer, held, django_assert_max_num_queries, django_assert_num_queries
):
    client = page_as(officer)
    orders(client)
    with django_assert_max_num_queries(100) as one:
        assert len(orders(client, order="XO")) == 1
    with django_assert_num_queries(len(one)):
        assert len(orders(client)) == 3


@pytest.fixture
def applications(ask, customer, seller, colleague, region):
    """One of 9,000.00 for the seller's customer, one of 2,000.00 for a colleague's."""
    other = CustomerFactory(owner=colleague, region=region)
    return ask("9000.00"), ask("2000.00", customer=other, by=colleague)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [9000, 2000]),
        ({"at_least": "5000"}, [9000]),
        ({"at_most": "5000"}, [2000]),
        ({"ordering": "amount"}, [2000, 9000]),
        ({"tab": "all", "ordering": "-amount"}, [9000, 2000]),
        ({"tab": "others"}, []),
        ({"tab": "all", "state": "approved"}, []),
        ({"tab": "all", "state": "submitted,approved"}, [2000, 9000]),
    ],
)
def test_applications_are_narrowed_and_sorted(page_as, officer, applications, asked, found):
    assert asked_for(page_as(officer), **asked) == [D(amount) for amount in found]


def test_applications_by_owner_and_the_tab_stays(page_as, officer, applications, colleague):
    client = page_as(officer)
    assert asked_for(client, owner=colleague.username) == [D(2000)]
    answer = client.get(reverse("applications"), {"tab": "all", "owner": colleague.username})
    links = {code: link.url for code, link, _count in answer.context["tabs"]}
    assert links["to_decide"] == f"?owner={colleague.username}&tab=to_decide"
    assert [chip.label for chip in answer.context["active"]] == [f"Owner: {colleague}"]


def test_what_waits_for_a_higher_level_waits_for_others(page_as, officer, credit_manager, ask):
    application = ask("1500.00", by=officer)
    assert asked_for(page_as(officer), tab="others") == [application.amount]
    assert asked_for(page_as(credit_manager), tab="others") == []


def test_an_application_opens_beside_the_narrowed_list(page_as, officer, applications):
    answer = page_as(officer).get(reverse("application", args=[applications[0].pk]), {"at_least": "5000", "tab": "all"})
    assert [row.pk for row in answer.context["page"].rows] == [applications[0].pk]


def test_returned_applications_are_found_by_their_state(page_as, officer, applications, today):
    return_application(applications[1].pk, by=officer, comment="Why so much?", today=today)
    assert asked_for(page_as(officer), tab="all", state="returned") == [D(2000)]
