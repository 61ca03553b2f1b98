"""One fact where it stands: edited in place, given up, in conflict, and where it comes from."""

import re

import pytest
from django.test import Client

from archives.models import Confirmation, Customer, OperatingProfile
from tests.factories import CustomerFactory

HTMX = {"HX-Request": "true"}


def door(customer, field="phone", layer="basic", end=""):
    return f"/customers/{customer.number}/facts/{layer}/{field}/{end}"


def opened(client, customer, field="phone", layer="basic"):
    """What the form was opened with, signed."""
    page = client.get(door(customer, field, layer, "edit/"), headers=HTMX).content.decode()
    return re.search(r'name="opened" value="([^"]+)"', page)[1]


def save(client, customer, value, *, field="phone", layer="basic", signed=None):
    told = {"opened": signed or opened(client, customer, field, layer), field: value}
    return client.post(door(customer, field, layer, "edit/"), told, headers=HTMX)


def test_a_fact_is_edited_where_it_stands(page_as, seller, customer):
    answer = save(page_as(seller), customer, "0571-8888").content.decode()
    customer.refresh_from_db()
    assert customer.phone == "0571-8888" and "0571-8888" in answer and "<form" not in answer
    assert "autofocus" in answer  # the pencil, for who goes on by keyboard
    assert Confirmation.objects.get(customer=customer).field == "phone"


def test_a_layer_that_was_never_filled(page_as, seller, customer):
    save(page_as(seller), customer, "12", field="sales_staff", layer="operating")
    assert OperatingProfile.objects.get(customer=customer).sales_staff == 12


def test_only_this_field_is_written(page_as, seller, customer):
    client = page_as(seller)
    signed = opened(client, customer)
    told = {"opened": signed, "phone": "0571-1", "address": "elsewhere", "owner": "outsider"}
    client.post(door(customer, end="edit/"), told, headers=HTMX)
    customer.refresh_from_db()
    assert (customer.phone, customer.address, customer.owner) == ("0571-1", "", seller)


def test_what_cannot_be_is_refused_and_kept(page_as, seller, customer):
    answer = save(page_as(seller), customer, "many", field="sales_staff", layer="operating").content.decode()
    assert 'role="alert"' in answer and 'value="many"' in answer
    assert not OperatingProfile.objects.filter(customer=customer).exists()


def test_somebody_elses_change_is_shown_before_it_is_written_over(page_as, seller, customer):
    client = page_as(seller)
    signed = opened(client, customer)
    Customer.objects.filter(pk=customer.pk).update(phone="0571-theirs")
    answer = save(client, customer, "0571-mine", signed=signed).content.decode()
    assert "0571-theirs" in answer and 'value="0571-mine"' in answer
    customer.refresh_from_db()
    assert customer.phone == "0571-theirs"
    again = re.search(r'name="opened" value="([^"]+)"', answer)[1]
    save(client, customer, "0571-mine", signed=again)
    customer.refresh_from_db()
    assert customer.phone == "0571-mine"


def test_a_new_name_brings_the_whole_page(page_as, seller, customer):
    assert save(page_as(seller), customer, "New Name Ltd", field="name").headers["HX-Refresh"] == "true"


def test_given_up_nothing_is_written(page_as, seller, customer):
    page = page_as(seller).get(door(customer), headers=HTMX).content.decode()
    assert "<form" not in page and "autofocus" in page


def test_where_a_fact_comes_from(page_as, seller, customer):
    client = page_as(seller)
    save(client, customer, "0571-1")
    save(client, customer, "0571-2")
    page = client.get(door(customer, end="about/"), headers=HTMX).content.decode()
    assert "<del>0571-1</del> → <ins>0571-2</ins>" in page and "Li Wei" in page
    entered = client.get(door(customer, "name", end="about/"), headers=HTMX).content.decode()
    assert "Entered" in entered and "never confirmed" in entered


def test_a_sellers_owner_and_group_have_no_pencil(page_as, seller, customer):
    client = page_as(seller)
    for field in ("owner", "parent"):
        assert client.get(door(customer, field, end="edit/"), headers=HTMX).status_code == 404, field
    assert "/facts/basic/owner/edit/" not in client.get(f"/customers/{customer.number}/archive/").content.decode()


def test_who_gives_the_customer_away_goes_back_to_the_list(page_as, manager, seller, outsider):
    lent = CustomerFactory(owner=seller)
    answer = save(page_as(manager), lent, outsider.username, field="owner")
    assert answer.headers["HX-Redirect"] == "/customers/"
    lent.refresh_from_db()
    assert lent.owner == outsider


@pytest.mark.parametrize(
    ("role", "read", "write"), [("auditor", 200, 403), ("outsider", 404, 404), ("admin", 403, 403)]
)
def test_others(role, read, write, customer, request):
    client = Client()
    client.force_login(request.getfixturevalue(role))
    assert client.get(door(customer, end="about/"), headers=HTMX).status_code == read
    for call in (client.get, client.post):
        assert call(door(customer, end="edit/"), headers=HTMX).status_code == write


@pytest.mark.parametrize("field", ["number", "search_name", "nothing"])
def test_what_is_no_fact_is_not_there(page_as, seller, customer, field):
    assert page_as(seller).get(door(customer, field), headers=HTMX).status_code == 404


def test_without_scripts_the_page_of_the_layer_opens(page_as, seller, customer):
    client = page_as(seller)
    assert client.get(door(customer, end="edit/")).headers["Location"] == f"/customers/{customer.number}/edit/basic/"
    assert client.get(door(customer)).headers["Location"].endswith("/archive/#layer-basic")


def test_another_customers_facts_stay_theirs(page_as, seller, outsider, customer):
    theirs = CustomerFactory(owner=outsider)
    assert save(page_as(seller), theirs, "1", signed=opened(page_as(seller), customer)).status_code == 404
