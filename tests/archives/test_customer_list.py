"""The list of customers: what it finds, how it is narrowed and sorted, whose it is, and what it costs."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from archives.models import Customer
from archives.search import search_columns
from tests.factories import CustomerFactory, RegionFactory, UnitFactory

LIST = "/customers/"


def named(number: str, name: str, short_name: str = "", **fields) -> Customer:
    """A customer that can be found by its names."""
    found = search_columns(name=name, short_name=short_name)
    return CustomerFactory(number=number, name=name, short_name=short_name, **found, **fields)


def numbers(response) -> list[str]:
    return [row.number for row in response.context["page"].rows]


@pytest.fixture
def rows(region, seller, colleague):
    """Four customers of the team, each different from the others."""
    city = RegionFactory(code="HZ", name="Hangzhou", parent=region)
    return [
        named(
            "C-1",
            "杭州晨光轴承有限公司",
            "晨光轴承",
            owner=seller,
            region=city,
            size="medium",
            industry="Bearings",
            standing__segment="A",
            standing__grade="CA2",
            standing__core=True,
            standing__limit=Decimal("100.00"),
            standing__exposure=Decimal("90.00"),
            standing__available=Decimal("10.00"),
            standing__report_status="stale",
        ),
        named(
            "C-2",
            "Northern Gear Ltd",
            owner=seller,
            region=region,
            status="dormant",
            ownership="private",
            standing__segment="B",
            standing__exposure=Decimal("300.00"),
            standing__overdue=Decimal("7.00"),
            standing__report_status="missing",
        ),
        named("C-3", "華為技術有限公司", owner=colleague, region=region, unit=UnitFactory(code="east")),
        named("C-4", "Southern Pumps", owner=seller, standing__segment="C", standing__limit=Decimal("5.00")),
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["C-1", "C-2", "C-3", "C-4"]),
        ("search=轴承", ["C-1"]),
        ("search=軸承", ["C-1"]),
        ("search=华为", ["C-3"]),
        ("search=hw", ["C-3"]),
        ("search=c-2", ["C-2"]),
        ("region=ZJ", ["C-1", "C-2", "C-3"]),
        ("region=HZ", ["C-1"]),
        ("segment=A,B", ["C-1", "C-2"]),
        ("segment=A&segment=B", ["C-1", "C-2"]),
        ("segment=none", ["C-3"]),
        ("grade=CA2", ["C-1"]),
        ("status=dormant", ["C-2"]),
        ("size=medium", ["C-1"]),
        ("ownership=private", ["C-2"]),
        ("industry=bearings", ["C-1"]),
        ("report_status=stale,missing", ["C-1", "C-2"]),
        ("owner=colleague", ["C-3"]),
        ("unit=east", ["C-3"]),
        ("core=true", ["C-1"]),
        ("core=false", ["C-2", "C-3", "C-4"]),
        ("overdue=true", ["C-2"]),
        ("overdue=false", ["C-1", "C-3", "C-4"]),
        ("updated_since=2100-01-01T00:00:00Z", []),
        ("segment=A&overdue=true", []),
        ("ordering=-number", ["C-4", "C-3", "C-2", "C-1"]),
        ("ordering=-exposure", ["C-2", "C-1", "C-4", "C-3"]),
        ("ordering=-limit", ["C-1", "C-4", "C-3", "C-2"]),
        ("ordering=segment", ["C-1", "C-2", "C-4", "C-3"]),
    ],
)
def test_narrows_and_sorts(rows, page_as, officer, query, found):
    response = page_as(officer).get(f"{LIST}?{query}")
    assert response.status_code == 200
    assert numbers(response) == found
    assert response.context["count"] == len(found)


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "segment=D",
        "region=nowhere",
        "overdue=perhaps",
        "ordering=secret",
        "owner=nobody",
        "cursor=abc",
        "updated_since=soon",
        "grade=CA2,CA9",
    ],
)
def test_says_what_it_does_not_know_and_shows_what_it_does(rows, page_as, officer, query):
    response = page_as(officer).get(f"{LIST}?{query}&search=C-1")
    assert response.status_code == 400
    assert response.context["refusal"]
    assert numbers(response) == ["C-1"]
    assert query.split("=")[0] not in response.context["opened"].query


@pytest.mark.parametrize(
    "page", ["customers", "flags", "visit-plans", "follow-ups", "credit/applications", "credit/holds"]
)
def test_every_list_says_what_it_does_not_know(page_as, officer, page):
    response = page_as(officer).get(f"/{page}/?colour=red&form=round")
    text = response.content.decode()
    assert response.status_code == 400 and "colour" in text and "form" in text
    assert response.context["page"].rows == []


def test_a_page_that_is_no_longer_there_is_the_first(rows, page_as, officer, monkeypatch):
    monkeypatch.setattr("archives.views.customers.PAGE_SIZE", 3)
    client = page_as(officer)
    address = f"{LIST}?cursor={client.get(LIST).context['page'].next}"
    assert numbers(client.get(address)) == ["C-4"]
    Customer.objects.filter(number="C-4").update(number="C-0")
    assert numbers(client.get(address)) == ["C-0", "C-1", "C-2"]


def test_everybody_sees_their_own(rows, page_as, seller, colleague, manager, outsider, auditor):
    assert numbers(page_as(seller).get(LIST)) == ["C-1", "C-2", "C-4"]
    assert numbers(page_as(colleague).get(LIST)) == ["C-3"]
    assert numbers(page_as(manager).get(LIST)) == ["C-1", "C-2", "C-3", "C-4"]
    assert numbers(page_as(outsider).get(LIST)) == []
    assert numbers(page_as(auditor).get(LIST)) == ["C-1", "C-2", "C-3", "C-4"]


def test_a_seller_cannot_ask_for_others_by_name(rows, page_as, seller):
    assert page_as(seller).get(f"{LIST}?owner=colleague").status_code == 400


def test_administrators_have_no_customers(rows, page_as, admin):
    assert page_as(admin).get(LIST).status_code == 403


def test_says_why_it_is_empty(rows, page_as, seller, outsider):
    assert "matches" in page_as(seller).get(f"{LIST}?search=nobody").context["empty"]["title"]
    assert "yours to see" in page_as(outsider).get(LIST).context["empty"]["title"]


def test_says_when_there_are_none_at_all(page_as, seller):
    assert "no customers yet" in page_as(seller).get(LIST).context["empty"]["title"]


def test_an_address_holds_only_what_was_filled_in(rows, page_as, officer):
    response = page_as(officer).get(f"{LIST}?search=&region=ZJ&owner=&ordering=")
    assert response.status_code == 302
    assert response["Location"] == f"{LIST}?region=ZJ"


def test_htmx_gets_the_part_below_the_filters(rows, page_as, officer):
    response = page_as(officer).get(f"{LIST}?search=晨光&region=", headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert response["HX-Push-Url"].startswith(f"{LIST}?search=")
    assert "region" not in response["HX-Push-Url"]
    assert b"<html" not in response.content
    assert b'id="list"' in response.content
    assert "HX-Request" in response["Vary"]


def test_the_same_list_again_is_not_a_step_back(rows, page_as, officer):
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{LIST}?region=ZJ"}
    assert page_as(officer).get(f"{LIST}?region=ZJ&search=", headers=headers)["HX-Push-Url"] == "false"


def test_an_untouched_form_narrows_nothing(rows, page_as, officer):
    offered = dict(page_as(officer).get(LIST).context["yes_or_no"])
    assert [offered[name][0].value for name in ("core", "overdue")] == ["", ""]


def test_active_filters_can_be_taken_away_one_by_one(rows, region, page_as, officer):
    response = page_as(officer).get(f"{LIST}?segment=A,B&core=true&region=ZJ")
    urls = {chip.label: chip.url for chip in response.context["active"]}
    assert urls["Class: A"] == "?core=true&region=ZJ&segment=B"
    assert urls["Core: yes"] == "?segment=A,B&region=ZJ"
    assert urls[f"Region: {region.name}"] == "?segment=A,B&core=true"


def test_pages_go_on_and_back(officer, page_as, db):
    for number in range(120):
        CustomerFactory(number=f"C-{number:03d}")
    client = page_as(officer)
    first = client.get(LIST)
    second = client.get(LIST, {"cursor": first.context["page"].next})
    third = client.get(LIST, {"cursor": second.context["page"].next})
    assert numbers(first) + numbers(second) + numbers(third) == [f"C-{number:03d}" for number in range(120)]
    assert third.context["page"].next is None
    back = client.get(LIST, {"cursor": third.context["page"].previous})
    assert numbers(back) == numbers(second)


def test_counts_up_to_a_thousand(officer, page_as, monkeypatch):
    monkeypatch.setattr("crm.core.keyset.COUNT_CAP", 2)
    for _number in range(3):
        CustomerFactory()
    response = page_as(officer).get(LIST)
    assert response.context["capped"] is True
    assert b"More than 2 customers" in response.content


@pytest.mark.parametrize("who", ["seller", "manager", "officer"])
def test_costs_the_same_with_one_row_and_three(who, request, page_as, region, seller, django_assert_num_queries):
    client = page_as(request.getfixturevalue(who))
    CustomerFactory(owner=seller, region=region)
    client.get(LIST)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    for code in ("AA", "BB"):
        CustomerFactory(owner=seller, region=RegionFactory(code=code, parent=region))
    with django_assert_num_queries(len(one)):
        assert len(numbers(client.get(LIST))) == 3
    assert len(one) <= 16


def test_rows_lead_to_the_customer(rows, page_as, officer):
    assert reverse("customer", args=["C-1"]).encode() in page_as(officer).get(LIST).content


@pytest.mark.parametrize("column", ["exposure", "-overdue"])
def test_sorted_by_the_standing_the_statement_joins_so_that_its_indexes_answer(rows, officer, page_as, column):
    page, statements = page_as(officer), CaptureQueriesContext(connection)
    with statements:
        assert len(numbers(page.get(LIST, {"ordering": column}))) == 4
    listing = [statement["sql"] for statement in statements if "LIMIT 51" in statement["sql"]]
    assert len(listing) == 1 and 'INNER JOIN "archives_standing"' in listing[0]


def test_regions_are_offered_as_a_tree(rows, page_as, manager):
    offered = page_as(manager).get("/customers/").context["regions"]
    words = {choice.value: choice.words for choice in offered}
    assert words["HZ"].count("\u2003") == words["ZJ"].count("\u2003") + 1 and words["HZ"].strip() == "Hangzhou"
    assert [choice.value for choice in offered if choice.value in ("ZJ", "HZ")] == ["ZJ", "HZ"]


def test_the_chosen_region_and_owner_stay_chosen(rows, page_as, manager, seller):
    context = page_as(manager).get(f"/customers/?region=HZ&owner={seller.username}").context
    chosen = [choice.value for name in ("regions", "people") for choice in context[name] if choice.on]
    assert chosen == ["HZ", seller.username]
