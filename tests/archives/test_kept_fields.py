"""Fields that somebody keeps: locked for people where the ERP does, ignored from programs where Dossier does."""

import pytest

from archives.commands.editing import edit_layer
from archives.commands.handing_over import hand_over
from archives.layers import BASIC
from archives.models import CreditProfile, Customer, KeptField
from archives.queries.ownership import locked_fields
from crm.core.errors import Invalid, Refused
from crm.core.models import AuditEntry
from crm.core.roles import TOKEN_SCOPES
from tests.factories import CustomerFactory, UserFactory, token_for

pytestmark = pytest.mark.django_db
PAGE = "/kept-fields/"
BULK = "/api/v1/customers/bulk/"
WHY = "Kept by the ERP; change it there."


def keep(owner: str, *fields: str, layer: str = "basic", account=None) -> None:
    for field in fields:
        KeptField.objects.create(layer=layer, field=field, owner=owner, account=account)


@pytest.fixture
def address(customer) -> str:
    Customer.objects.filter(pk=customer.pk).update(phone="0571-1", fax="0571-2", tax_number="A1")
    customer.refresh_from_db()
    return f"/api/v1/customers/{customer.number}/"


def push(api, *items, **how):
    return api.post(BULK, {"items": list(items), **how}, format="json", headers={"Idempotency-Key": str(items)[:200]})


# Dossier keeps it -----------------------------------------------------------------------------------------------------


def test_what_dossier_keeps_is_ignored_from_programs_and_told(api, address, customer):
    keep("dossier", "phone")
    answer = push(api, {"number": "C-9", "name": "Nine"}, {"number": customer.number, "phone": "1", "fax": "2"})
    warned = answer.json().pop("warnings")
    assert (answer.status_code, answer.json()["updated"]) == (200, 1)
    assert [(one["index"], one["key"], one["pointer"], one["code"]) for one in warned] == [
        (1, customer.number, "/items/1/phone", "owned_by_dossier")
    ]
    assert "Dossier" in warned[0]["detail"]
    customer.refresh_from_db()
    assert (customer.phone, customer.fax) == ("0571-1", "2")


def test_the_same_value_gives_no_warning(api, address, customer):
    keep("dossier", "phone", "region", "website")
    given = {"number": customer.number, "phone": "0571-1", "region": "ZJ", "website": ""}
    assert push(api, given).json() == {"created": 0, "updated": 0, "unchanged": 1, "failed": 0, "errors": []}
    assert "warnings" not in api.patch(address, {"phone": "0571-1"}, format="json").json()


def test_replacing_does_not_empty_it(api, address, customer):
    keep("dossier", "phone")
    keep("dossier", "payment_terms", layer="credit")
    CreditProfile.objects.create(customer=customer, payment_terms="N60", settlement_day=25)
    body = api.put(address, {"name": "New name", "credit_profile": {"settlement_day": 5}}, format="json").json()
    assert (body["name"], body["phone"], body["fax"]) == ("New name", "0571-1", "")
    assert (body["credit_profile"]["payment_terms"], body["credit_profile"]["settlement_day"]) == ("N60", 5)
    assert "warnings" not in body
    emptied = api.put(address, {"name": "New name", "credit_profile": None}, format="json").json()
    assert (emptied["credit_profile"]["payment_terms"], emptied["credit_profile"]["settlement_day"]) == ("N60", None)
    assert [one["pointer"] for one in emptied["warnings"]] == ["/credit_profile/payment_terms"]


def test_single_changes_warn_too(api, address, customer):
    keep("dossier", "phone")
    keep("dossier", "payment_terms", layer="credit")
    given = {"phone": "9", "fax": "8", "credit_profile": {"payment_terms": "N90", "settlement_day": 3}}
    body = api.patch(address, given, format="json").json()
    assert [(one["pointer"], one["code"]) for one in body["warnings"]] == [
        ("/phone", "owned_by_dossier"),
        ("/credit_profile/payment_terms", "owned_by_dossier"),
    ]
    assert (body["phone"], body["fax"], body["credit_profile"]["payment_terms"]) == ("0571-1", "8", "")
    assert api.put(address, {"name": "A", "phone": "9"}, format="json").json()["warnings"][0]["pointer"] == "/phone"


def test_a_new_customer_begins_with_its_name_and_without_the_rest(api, db):
    keep("dossier", "name", "phone")
    answer = push(api, {"number": "C-9", "name": "Nine", "phone": "9"})
    assert [one["pointer"] for one in answer.json()["warnings"]] == ["/items/0/phone"]
    assert Customer.objects.values_list("name", "phone").get(number="C-9") == ("Nine", "")


def test_people_write_what_dossier_keeps(api_as, seller, address):
    keep("dossier", "phone")
    answer = api_as(seller).patch(address, {"phone": "9"}, format="json")
    assert (answer.status_code, answer.json()["phone"]) == (200, "9")


# The ERP keeps it -----------------------------------------------------------------------------------------------------


def test_people_are_refused_what_the_erp_keeps(api_as, seller, address, customer):
    keep("erp", "phone")
    refused = api_as(seller).patch(address, {"phone": "9"}, format="json")
    assert refused.status_code == 400
    assert [(one["pointer"], one["code"], one["detail"]) for one in refused.json()["errors"]] == [
        ("/phone", "owned_by_erp", WHY)
    ]
    assert api_as(seller).patch(address, {"phone": "0571-1", "fax": "9"}, format="json").status_code == 200
    replaced = api_as(seller).put(address, {"name": "A", "fax": "9"}, format="json")
    assert (replaced.status_code, replaced.json()["phone"]) == (200, "0571-1")


def test_people_are_refused_in_bulk_and_learn_nothing_of_others(api_as, seller, outsider, customer):
    keep("erp", "phone")
    told = push(api_as(seller), {"number": customer.number, "phone": "9"}).json()["errors"][0]["errors"][0]
    assert (told["pointer"], told["code"]) == ("/items/0/phone", "owned_by_erp")
    hidden = push(api_as(outsider), {"number": customer.number, "phone": "9"}).json()["errors"][0]["errors"]
    assert [one["code"] for one in hidden] == ["not_found"]


def test_another_program_is_ignored_where_one_keeps_it(api, address, customer):
    u8 = UserFactory(username="u8", name="U8", role="connector")
    keep("erp", "phone", account=u8)
    body = api.patch(address, {"phone": "9"}, format="json").json()
    assert (body["phone"], body["warnings"][0]["code"]) == ("0571-1", "owned_by_erp")
    assert "U8" in body["warnings"][0]["detail"]
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(u8, *TOKEN_SCOPES)}")
    assert api.patch(address, {"phone": "9"}, format="json").json()["phone"] == "9"


def test_the_form_shows_it_locked_and_saves_the_rest(page_as, seller, address, customer):
    keep("erp", "phone", account=UserFactory(username="u8", name="U8", role="connector"))
    edit = f"/customers/{customer.number}/edit/basic/"
    form = page_as(seller).get(edit).context["form"]
    assert form.fields["phone"].disabled and form.fields["phone"].help_text == "Kept by U8; change it there."
    typed = {name: form[name].value() or "" for name in form.fields} | {"phone": "9", "fax": "9"}
    assert page_as(seller).post(edit, typed).status_code == 302
    customer.refresh_from_db()
    assert (customer.phone, customer.fax) == ("0571-1", "9")


def test_a_form_that_was_open_before_is_refused_in_words(seller, customer, address, today):
    """The lock came while the form was open: the command says the same sentence."""
    keep("erp", "phone")
    with pytest.raises(Invalid) as refusal:
        edit_layer(customer, BASIC, original={"phone": "0571-1"}, typed={"phone": "9"}, by=seller, today=today)
    assert refusal.value.errors == {"phone": WHY}


def test_the_fact_has_no_pencil_and_says_why(page_as, seller, address, customer):
    keep("erp", "phone")
    page = page_as(seller).get(f"/customers/{customer.number}/archive/").content.decode()
    assert f"/customers/{customer.number}/facts/basic/phone/edit/" not in page
    assert f"/customers/{customer.number}/facts/basic/fax/edit/" in page
    assert page.count(WHY) == 1
    fact = f"/customers/{customer.number}/facts/basic/phone/edit/"
    assert page_as(seller).get(fact, headers={"HX-Request": "true"}).status_code == 404
    one = page_as(seller).get(f"/customers/{customer.number}/facts/basic/phone/", headers={"HX-Request": "true"})
    assert WHY in one.content.decode()


def test_the_same_name_in_two_layers_is_two_fields(page_as, seller, customer):
    keep("erp", "delivery_address", layer="operating")
    assert (
        not page_as(seller)
        .get(f"/customers/{customer.number}/edit/basic/")
        .context["form"]
        .fields["delivery_address"]
        .disabled
    )
    assert (
        page_as(seller)
        .get(f"/customers/{customer.number}/edit/operating/")
        .context["form"]
        .fields["delivery_address"]
        .disabled
    )


def test_potential_and_new_customers_stay_open(api_as, seller, customer, address):
    keep("erp", "phone", "name", "status")
    Customer.objects.filter(pk=customer.pk).update(status="potential")
    assert locked_fields(Customer.objects.get(pk=customer.pk), seller) == {}
    assert api_as(seller).patch(address, {"phone": "9"}, format="json").status_code == 200
    fresh = api_as(seller).put("/api/v1/customers/C-9/", {"name": "Nine", "phone": "9"}, format="json")
    assert (fresh.status_code, fresh.json()["phone"]) == (201, "9")


def test_the_owner_is_not_handed_over_where_the_erp_keeps_it(api_as, page_as, manager, colleague, customer, address):
    keep("erp", "owner")
    with pytest.raises(Refused, match="Kept by the ERP"):
        hand_over([customer.pk], to=colleague, by=manager)
    assert api_as(manager).patch(address, {"owner": "colleague"}, format="json").status_code == 400


# The page -------------------------------------------------------------------------------------------------------------


def test_an_administrator_says_who_keeps_what(page_as, admin, erp):
    form = page_as(admin).get(PAGE).context["form"]
    said = dict.fromkeys(form.fields, "shared")
    said |= {"basic.phone": f"erp:{erp.pk}", "basic.owner": "dossier", "credit.payment_terms": "erp"}
    assert page_as(admin).post(PAGE, said).status_code == 302
    assert set(KeptField.objects.values_list("layer", "field", "owner", "account")) == {
        ("basic", "phone", "erp", erp.pk),
        ("basic", "owner", "dossier", None),
        ("credit", "payment_terms", "erp", None),
    }
    entry = AuditEntry.objects.get(verb="fields.kept")
    assert entry.changes["basic.phone"] == ["shared", "erp: erp"]
    assert page_as(admin).get(PAGE).context["form"]["basic.phone"].value() == f"erp:{erp.pk}"
    page_as(admin).post(PAGE, said)
    assert AuditEntry.objects.filter(verb="fields.kept").count() == 1, "nothing was changed"
    page_as(admin).post(PAGE, said | {"basic.phone": "shared"})
    assert not KeptField.objects.filter(field="phone").exists()


def test_what_cannot_be_chosen_is_refused(page_as, admin, seller):
    form = page_as(admin).get(PAGE).context["form"]
    said = dict.fromkeys(form.fields, "shared")
    for word in (f"erp:{seller.pk}", "erp:x", "nobody", ""):
        assert page_as(admin).post(PAGE, said | {"basic.phone": word}).status_code == 400
    assert not KeptField.objects.exists()


def test_only_administrators_open_it(page_as, seller, credit_manager, auditor):
    for person in (seller, credit_manager, auditor):
        assert page_as(person).get(PAGE).status_code == page_as(person).post(PAGE).status_code == 403


def test_asks_once_however_much_is_kept(api, django_assert_max_num_queries):
    def count(n):
        with django_assert_max_num_queries(100) as asked:
            push(api, *[{"number": f"C-{n}-{one}", "name": "N", "phone": "1"} for one in range(n)])
        return len(asked)

    keep("dossier", "fax")
    count(2)  # the first call of a token notes its use, too
    one = count(1)
    keep("dossier", "website")
    keep("dossier", "payment_terms", layer="credit")
    assert count(3) == one


def test_asks_no_more_of_many_rows(api, django_assert_max_num_queries):
    keep("dossier", "fax")
    for number in range(5):
        CustomerFactory(number=f"C-{number}")

    def count(*numbers):
        with django_assert_max_num_queries(100) as asked:
            push(api, *[{"number": f"C-{number}", "fax": "1", "phone": "1"} for number in numbers])
        return len(asked)

    count(0)  # the first call of a token notes its use, too
    assert count(1) == count(2, 3, 4)
