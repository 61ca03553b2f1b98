"""Views of lists: kept, opened, changed, shared, thrown away; and what of them no longer exists."""

import pytest

from crm.core.models import SavedView
from tests.factories import CustomerFactory

LIST = "/customers/"


@pytest.fixture
def rows(seller, region):
    """Two customers of the seller, of class A and B."""
    return [
        CustomerFactory(number=f"C-{segment}", owner=seller, region=region, standing__segment=segment)
        for segment in "AB"
    ]


def numbers(response) -> list[str]:
    return [row.number for row in response.context["page"].rows]


def view_of(user, **fields) -> SavedView:
    return SavedView.objects.create(
        **{"owner": user, "page": "customers", "name": "Best", "query": "segment=A"} | fields
    )


def keep(client, **sent):
    return client.post("/lists/customers/views/", {"name": "Best", "query": "segment=A"} | sent, follow=True)


def test_keeps_what_the_list_shows_and_opens_it(rows, page_as, seller):
    response = keep(page_as(seller), columns="name,grade", query="ordering=-limit&segment=A&cursor=x")
    view = SavedView.objects.get(owner=seller)
    assert (view.name, view.query, view.columns) == ("Best", "ordering=-limit&segment=A", ["name", "grade"])
    assert response.redirect_chain[-1][0] == LIST + view.address
    assert numbers(response) == ["C-A"]
    assert response.context["opened"].changed is False
    assert response.context["table"].names == ["name", "grade"]


def test_refuses_a_name_twice_and_none(rows, page_as, seller):
    client = page_as(seller)
    keep(client)
    assert "You have a view of this name already." in keep(client).content.decode()
    keep(client, name="  ")
    assert SavedView.objects.count() == 1


def test_a_view_with_something_else_in_it_is_changed_until_saved(rows, page_as, seller):
    view, client = view_of(seller), page_as(seller)
    changed = client.get(f"{LIST}?view={view.pk}&segment=B")
    assert changed.context["opened"].changed and numbers(changed) == ["C-B"]
    sent = {"deed": "save", "query": changed.context["opened"].query}
    saved = client.post(f"/views/{view.pk}/", sent, follow=True)
    assert numbers(saved) == ["C-B"] and not saved.context["opened"].changed


def test_the_order_of_an_address_does_not_change_a_view(rows, page_as, seller):
    view = view_of(seller, query="core=false&segment=A,B")
    response = page_as(seller).get(f"{LIST}?segment=A&segment=B&view={view.pk}&core=false")
    assert response.context["opened"].changed is False


@pytest.mark.parametrize("gone", ["colour=red", "segment=Z", "owner=nobody"])
def test_a_filter_that_no_longer_exists_warns_and_the_list_stays(rows, page_as, seller, gone):
    view = view_of(seller, query=gone)
    response = page_as(seller).get(f"{LIST}{view.address}")
    assert response.status_code == 200
    assert numbers(response) == ["C-A", "C-B"]
    assert gone.split("=")[1] in response.context["opened"].warnings[0]
    assert response.context["opened"].changed


def test_what_somebody_wrote_beside_a_view_is_still_refused(rows, page_as, seller):
    assert page_as(seller).get(f"{LIST}{view_of(seller).address}&colour=red").status_code == 400


def test_the_team_sees_a_shared_view_and_cannot_change_it(rows, page_as, seller, colleague, outsider):
    view = view_of(seller)
    client = page_as(colleague)
    assert client.get(LIST).context["opened"].views == []
    assert client.post(f"/views/{view.pk}/", {"deed": "forget"}).status_code == 404
    SavedView.objects.update(shared=True)
    assert client.get(LIST).context["opened"].views == [view]
    assert client.post(f"/views/{view.pk}/", {"deed": "forget"}).status_code == 403
    assert page_as(outsider).get(LIST).context["opened"].views == []
    assert SavedView.objects.count() == 1


def test_a_view_that_is_not_shared_with_me_says_so_and_the_filters_hold(rows, page_as, seller, manager):
    response = page_as(manager).get(f"{LIST}{view_of(seller).address}")
    assert "not shared with you" in response.context["opened"].warnings[0]
    assert numbers(response) == ["C-A"]


def test_is_renamed_shared_and_thrown_away_by_its_keeper(rows, page_as, seller):
    view, client = view_of(seller), page_as(seller)
    client.post(f"/views/{view.pk}/", {"deed": "settle", "name": "Mine", "shared": "on"})
    view.refresh_from_db()
    assert (view.name, view.shared, view.query) == ("Mine", True, "segment=A")
    client.post(f"/views/{view.pk}/", {"deed": "forget"})
    assert not SavedView.objects.exists()


def test_columns_are_remembered_in_their_order(rows, page_as, seller):
    client = page_as(seller)
    response = client.post("/lists/customers/columns/", {"column": ["grade", "owner", "nonsense"]}, follow=True)
    assert response.context["table"].names == ["name", "grade", "owner"]
    assert [head.label for head, _key, _word in client.get(LIST).context["heads"]] == ["Customer", "Grade", "Owner"]
    client.post("/lists/customers/columns/", {"usual": "1"})
    assert "region" in client.get(LIST).context["table"].names


def test_columns_of_an_open_view_are_a_change_of_the_view(rows, page_as, seller):
    view, client = view_of(seller), page_as(seller)
    sent = {"column": ["grade"], "address": f"view={view.pk}&segment=A"}
    response = client.post("/lists/customers/columns/", sent, follow=True)
    assert response.context["table"].names == ["name", "grade"]
    assert response.context["opened"].changed
    seller.refresh_from_db()
    assert seller.columns == {}


def test_rows_come_closer_in_every_list(rows, page_as, seller):
    client = page_as(seller)
    response = client.post(
        "/density/", {"page": "customers", "density": "compact", "address": "segment=A"}, follow=True
    )
    assert numbers(response) == ["C-A"]
    assert 'data-density="compact"' in response.content.decode()
    assert client.post("/density/", {"page": "customers", "density": "huge"}).status_code == 404


def test_flags_keep_views_too(page_as, seller):
    view = view_of(seller, page="flags", query="reason=report_stale")
    response = page_as(seller).get(f"/flags/{view.address}")
    assert response.status_code == 200 and response.context["opened"].view == view


def test_no_views_of_a_list_that_keeps_none(page_as, seller):
    assert page_as(seller).post("/lists/tokens/views/", {"name": "x"}).status_code == 404
