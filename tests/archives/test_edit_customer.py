"""Editing the archive on a page: who may, what is kept, what happens when two people write at once."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pghistory.models import Context

from archives.commands.confirmations import confirm_fact
from archives.models import Confirmation, Contact, CreditProfile, CreditReport, Customer, Flag, Standing
from archives.queries.facts import archive_of
from crm.core.models import AuditEntry
from tests.factories import CustomerFactory, UnitFactory

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def opened(client, path):
    """What the form holds when it is opened, ready to be sent."""
    form = client.get(path).context["form"]
    return {name: "" if form[name].value() is None else form[name].value() for name in form.fields}


@pytest.fixture
def edit(page_as, seller, customer):
    """`edit(phone="…")` opens the seller's form of the basic layer, changes these fields and saves."""
    path = f"/customers/{customer.number}/edit/basic/"

    def save(by=seller, **changes):
        client = page_as(by)
        return client.post(path, opened(client, path) | changes)

    return save


def test_a_field_is_changed_and_everything_else_stays(edit, customer, seller):
    Customer.objects.filter(pk=customer.pk).update(fax="0571-1")
    assert edit(phone="0571-2").status_code == 302
    customer.refresh_from_db()
    assert (customer.phone, customer.fax, customer.owner) == ("0571-2", "0571-1", seller)


def test_what_a_person_writes_counts_as_confirmed(edit, customer, seller):
    edit(phone="0571-2")
    said = Confirmation.objects.get(customer=customer)
    assert (said.layer, said.field, said.by) == ("basic", "phone", seller)


def test_the_reason_is_in_the_history(edit, page_as, seller, customer):
    Customer.objects.update(legal_representative="王志强")
    edit(legal_representative="陈建国", reason="New licence shown on the visit")
    change = page_as(seller).get(f"/customers/{customer.number}/history/").context["changes"][0]
    assert (change.by, change.reason) == (seller, "New licence shown on the visit")
    assert Flag.objects.get(customer=customer).data["causes"] == ["legal_representative"]


def test_saving_nothing_new_writes_nothing(edit, customer):
    before = (AuditEntry.objects.count(), Context.objects.count(), customer.updated_at)
    assert edit().status_code == 302
    customer.refresh_from_db()
    assert (AuditEntry.objects.count(), Context.objects.count(), customer.updated_at) == before


def test_bad_input_stays_and_says_why(edit, customer):
    response = edit(email="not an address", phone="0571-2")
    page = response.content.decode()
    assert response.status_code == 400
    assert "not an address" in page and "0571-2" in page
    customer.refresh_from_db()
    assert customer.phone == ""


def test_full_width_digits_are_refused_as_over_rest(edit):
    assert "full-width" in edit(phone="１２３").content.decode()


def test_two_people_change_different_fields(edit, page_as, seller, customer):
    path, client = f"/customers/{customer.number}/edit/basic/", page_as(seller)
    form = opened(client, path)
    Customer.objects.filter(pk=customer.pk).update(fax="0571-9")
    client.post(path, form | {"phone": "0571-2"})
    customer.refresh_from_db()
    assert (customer.phone, customer.fax) == ("0571-2", "0571-9")


def test_two_people_change_the_same_field(page_as, seller, customer):
    """The second is told both values, keeps what was typed, and may save again."""
    path, client = f"/customers/{customer.number}/edit/basic/", page_as(seller)
    form = opened(client, path)
    Customer.objects.filter(pk=customer.pk).update(phone="0571-theirs")
    refused = client.post(path, form | {"phone": "0571-mine"})
    page = refused.content.decode()
    assert refused.status_code == 400
    assert "“0571-theirs”" in page and "“0571-mine”" in page
    customer.refresh_from_db()
    assert customer.phone == "0571-theirs"
    again = {name: refused.context["form"][name].value() or "" for name in form}
    assert client.post(path, again).status_code == 302
    customer.refresh_from_db()
    assert customer.phone == "0571-mine"


def test_a_forged_original_changes_nothing_unseen(edit, customer):
    assert edit(opened="forged", phone="0571-2").status_code == 302


@pytest.mark.parametrize(
    ("layer", "field", "value"),
    [
        ("credit", "credit_period_days", "60"),
        ("operating", "sales_staff", "24"),
        ("expected_value", "expected_share", "0.3"),
    ],
)
def test_every_layer_has_its_form(page_as, seller, customer, layer, field, value):
    path, client = f"/customers/{customer.number}/edit/{layer}/", page_as(seller)
    assert client.post(path, opened(client, path) | {field: value}).status_code == 302
    page = client.get(f"/customers/{customer.number}/archive/").content.decode()
    assert client.get(path).context["form"][field].value() in (int(value) if value.isdigit() else "0.3000",)
    assert "confirmed today" in page


def test_money_is_exact(page_as, seller, customer):
    path, client = f"/customers/{customer.number}/edit/credit/", page_as(seller)
    client.post(path, opened(client, path) | {"registered_capital": "20000000.10"})
    assert str(CreditProfile.objects.get().registered_capital) == "20000000.10"
    assert client.post(path, opened(client, path) | {"registered_capital": "-1"}).status_code == 400


def test_references_are_chosen(edit, customer):
    unit = UnitFactory(code="west")
    assert edit(unit="west").status_code == 302
    customer.refresh_from_db()
    assert customer.unit == unit


def test_credit_people_say_to_which_group_it_belongs(edit, customer, officer):
    group = CustomerFactory()
    assert edit(by=officer, parent="C-NOBODY").status_code == 400
    assert edit(by=officer, parent=group.number).status_code == 302
    customer.refresh_from_db()
    group.standing.refresh_from_db()
    assert customer.parent == group and group.standing.refresh_due


def test_sellers_hang_no_customer_under_another_limit(edit, customer, seller, manager, api_as):
    """A customer draws on its group's limit: who sells would grant it themselves."""
    group = CustomerFactory(owner=seller)
    edit(parent=group.number)
    for person in (seller, manager):
        answer = api_as(person).patch(f"/api/v1/customers/{customer.number}/", {"parent": group.number}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    born = api_as(seller).put("/api/v1/customers/C-2/", {"name": "New", "parent": group.number}, format="json")
    assert born.status_code == 403
    assert not Customer.objects.exclude(parent=None).exists()


def test_a_seller_who_replaces_a_customer_leaves_its_group(customer, seller, api_as):
    Customer.objects.filter(pk=customer.pk).update(parent=CustomerFactory(owner=seller))
    assert (
        api_as(seller).put(f"/api/v1/customers/{customer.number}/", {"name": "New"}, format="json").status_code == 200
    )
    customer.refresh_from_db()
    assert customer.name == "New" and customer.parent


def test_who_hands_a_customer_over_hears_that_it_is_done(edit, customer, manager, outsider, api_as):
    """The change takes it out of the manager's sight: the answer is still theirs, the next look is not."""
    elsewhere, path = outsider.team.region.code, f"/api/v1/customers/{customer.number}/"
    change = {"owner": "outsider", "region": elsewhere}
    answer = api_as(manager).patch(path, change, format="json")
    assert (answer.status_code, answer.json()["owner"]) == (200, "outsider")
    assert api_as(manager).get(path).status_code == 404
    Customer.objects.update(owner=manager)
    answer = edit(by=manager, **change)
    assert (answer.status_code, answer["Location"]) == (302, "/customers/")


def test_a_seller_cannot_give_a_customer_away(edit, page_as, seller, colleague, customer):
    assert "owner" not in page_as(seller).get(f"/customers/{customer.number}/edit/basic/").context["form"].fields
    edit(owner=colleague.username)
    customer.refresh_from_db()
    assert customer.owner == seller


def test_a_manager_assigns(page_as, manager, colleague, customer):
    path, client = f"/customers/{customer.number}/edit/basic/", page_as(manager)
    client.post(path, opened(client, path) | {"owner": colleague.username})
    customer.refresh_from_db()
    assert customer.owner == colleague


@pytest.mark.parametrize(("role", "status"), [("auditor", 403), ("admin", 403), ("outsider", 404), ("colleague", 404)])
@pytest.mark.parametrize("path", ["edit/basic/", "contacts/new/", "visits/new/", "reports/new/"])
def test_others_edit_nothing(page_as, role, status, path, customer, request):
    client = page_as(request.getfixturevalue(role))
    for method in (client.get, client.post):
        assert method(f"/customers/{customer.number}/{path}").status_code == status


def test_a_seller_opens_an_archive(page_as, seller, region):
    client = page_as(seller)
    form = opened(client, "/new-customer/")
    given = {"number": "C-9", "name": "宁波晨光传动有限公司", "region": region.code}
    assert client.post("/new-customer/", form | given).status_code == 302
    customer = Customer.objects.get(number="C-9")
    assert (customer.owner, customer.region, customer.currency) == (seller, region, "CNY")
    assert customer.standing is not None


def test_a_taken_number_is_said_and_nothing_typed_is_lost(page_as, seller, customer):
    client = page_as(seller)
    form = opened(client, "/new-customer/")
    response = client.post("/new-customer/", form | {"number": customer.number, "name": "Another Ltd"})
    assert response.status_code == 400
    assert "taken" in response.content.decode() and "Another Ltd" in response.content.decode()


def test_a_name_is_needed(page_as, seller):
    client = page_as(seller)
    assert client.post("/new-customer/", opened(client, "/new-customer/") | {"number": "C-9"}).status_code == 400
    assert not Customer.objects.exists()


def test_contacts_are_added_and_edited(page_as, seller, customer):
    client, people = page_as(seller), f"/customers/{customer.number}/contacts/"
    client.post(f"{people}new/", {"name": "陈建国", "title": "GM"})
    boss = Contact.objects.get()
    client.post(f"{people}new/", {"name": "王丽", "reports_to": boss.pk})
    assert client.get(f"/customers/{customer.number}/people/").context["people"][1].depth == 1
    client.post(f"{people}{boss.pk}/", {"name": "陈建国", "title": "Chairman"})
    boss.refresh_from_db()
    assert boss.title == "Chairman"


def test_nobody_reports_to_themselves(page_as, seller, customer):
    boss = Contact.objects.create(customer=customer, name="陈建国")
    worker = Contact.objects.create(customer=customer, name="王丽", reports_to=boss)
    path = f"/customers/{customer.number}/contacts/{boss.pk}/"
    response = page_as(seller).post(path, {"name": "陈建国", "reports_to": worker.pk})
    assert response.status_code == 400
    assert "report to themselves" in response.content.decode()


def test_another_customers_contact_is_not_there(page_as, seller, customer):
    stranger = Contact.objects.create(customer=CustomerFactory(), name="Stranger")
    client, path = page_as(seller), f"/customers/{customer.number}/contacts/"
    assert client.get(f"{path}{stranger.pk}/").status_code == 404
    assert client.post(f"{path}new/", {"name": "王丽", "reports_to": stranger.pk}).status_code == 400


def test_a_credit_report_is_taken_in(page_as, seller, customer):
    """Without a validity the class decides: none is 12 months."""
    given = {"kind": "agency", "source": "Bureau", "issued_on": "2026-08-30", "grade": "B+"}
    assert page_as(seller).post(f"/customers/{customer.number}/reports/new/", given).status_code == 302
    assert str(CreditReport.objects.get().valid_until) == "2027-08-30"
    assert str(Standing.objects.get(customer=customer).report_valid_until) == "2027-08-30"


@pytest.mark.parametrize(
    "bad", [{"validity_months": "2"}, {"issued_on": "2999-01-01"}, {"source": ""}, {"kind": "gossip"}]
)
def test_a_report_that_cannot_be_is_refused_in_its_place(page_as, seller, customer, bad):
    given = {"kind": "agency", "source": "Bureau", "issued_on": "2026-08-30"} | bad
    response = page_as(seller).post(f"/customers/{customer.number}/reports/new/", given)
    assert response.status_code == 400
    assert list(response.context["form"].errors) == list(bad)
    assert not CreditReport.objects.exists()


def test_a_paper_is_added(page_as, seller, customer):
    page_as(seller).post(
        f"/customers/{customer.number}/documents/add/",
        {"file": SimpleUploadedFile("frame.pdf", PDF), "kind": "contract", "title": "Frame"},
    )
    page = page_as(seller).get(f"/customers/{customer.number}/documents/").content.decode()
    assert "Frame" in page and "Contract" in page


def test_a_program_is_no_paper(page_as, seller, customer):
    file = SimpleUploadedFile("x.exe", b"MZ\x90\x00")
    page_as(seller).post(f"/customers/{customer.number}/documents/add/", {"file": file, "kind": "other"})
    assert not customer.documents.exists()


@pytest.fixture
def shown(page_as, customer, officer):
    """`shown("address")` is the fact as the archive tab has it."""

    def fact(name):
        layer = archive_of(Customer.objects.get(pk=customer.pk), reader=officer)[0]
        return next(fact for _title, facts in layer.groups for fact in facts if fact.field == name)

    return fact


@pytest.mark.parametrize("field", ["", "address"])
def test_still_right_takes_no_verified_mark_away(field, edit, shown, customer, officer, seller, today):
    edit(address="Hangzhou, Binjiang 1")
    customer.refresh_from_db()
    mark = confirm_fact(customer, "basic", field, by=officer, today=today, verified=True)
    confirm_fact(customer, "basic", by=seller, today=today + timedelta(days=90))
    fact = shown("address")
    assert (fact.verified, fact.confirmed_by, fact.confirmed_on) == (mark, "Li Wei", today + timedelta(days=90))
    assert archive_of(customer, reader=seller)[0].verified == (mark if not field else None)


def test_what_is_changed_is_verified_no_longer(edit, shown, customer, officer, erp, api_as, page_as, seller, today):
    """Whoever changes it, a page or a program."""
    edit(address="Hangzhou, Binjiang 1", tax_number="91330100")
    customer.refresh_from_db()
    confirm_fact(customer, "basic", by=officer, today=today, verified=True)
    path = f"/api/v1/customers/{customer.number}/"
    assert api_as(officer).patch(path, {"address": "Ningbo, Beilun 2"}, format="json").status_code == 200
    assert (shown("address").verified, shown("address").changed) == (None, True)
    assert shown("tax_number").verified and not shown("tax_number").changed
    assert (
        "changed since it was verified"
        in page_as(seller).get(f"/customers/{customer.number}/archive/").content.decode()
    )
    edit(address="Hangzhou, Binjiang 1")
    assert shown("address").verified


@pytest.mark.parametrize("number", ["new", "export"])
def test_no_customer_number_is_hidden_by_a_page(client, seller, number):
    client.force_login(seller)
    CustomerFactory(number=number, owner=seller, name="Hidden Ltd")
    assert "Hidden Ltd" in client.get(f"/customers/{number}/").content.decode()
