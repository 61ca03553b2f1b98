"""People, preferences and policy: who may change them, what is refused, what the trail keeps."""

from decimal import Decimal

import pytest
from django.test import Client

from crm.core.forms import POLICY_GROUPS
from crm.core.models import AuditEntry, Policy, User
from crm.core.roles import Role

PASSWORD = "a long and quiet river"


def filled(**changes) -> dict:
    fields = {"username": "newcomer", "name": "Lin Yue", "email": "", "role": "salesperson", "is_active": "on"}
    return fields | {"team": "", "password": PASSWORD} | changes


def of(person: User, **changes) -> dict:
    return filled(username=person.username, name=person.name, role=person.role, password="", **changes)


def test_adds_a_person_who_can_sign_in(page_as, client, admin, team):
    page_as(admin).post("/people/new/", filled(team=team.pk))
    newcomer = User.objects.get(username="newcomer")
    assert (newcomer.role, newcomer.team) == (Role.SALESPERSON, team)
    assert client.login(username="newcomer", password=PASSWORD)
    entry = AuditEntry.objects.get(verb="person.added")
    assert PASSWORD not in str(entry.changes)


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "short"},
        {"password": ""},
        {"role": "connector"},
        {"role": "king"},
        {"username": "seller"},
        {"name": ""},
    ],
)
def test_refuses_what_cannot_be(page_as, admin, seller, wrong):
    response = page_as(admin).post("/people/new/", filled(**wrong))
    assert response.context["form"].errors
    assert not User.objects.filter(username="newcomer").exists()


def test_changes_role_and_keeps_the_old_one_in_the_trail(page_as, admin, seller):
    page_as(admin).post(f"/people/{seller.pk}/", of(seller, team=seller.team_id) | {"role": "sales_manager"})
    seller.refresh_from_db()
    assert seller.role == Role.SALES_MANAGER
    changes = AuditEntry.objects.get(verb="person.changed").changes
    assert changes["role"] == ["salesperson", "sales_manager"]
    assert "name" not in changes


def test_whoever_may_not_sign_in_is_out_at_once(client, page_as, admin, seller):
    client.force_login(seller)
    assert client.get("/settings/").status_code == 200
    User.objects.filter(pk=seller.pk).update(is_active=False)
    assert client.get("/settings/").status_code == 302


def test_a_new_password_ends_old_sessions(client, admin, seller):
    client.force_login(seller)
    office = Client()
    office.force_login(admin)
    office.post(f"/people/{seller.pk}/", of(seller, team=seller.team_id) | {"password": PASSWORD})
    assert client.get("/settings/").status_code == 302


@pytest.mark.parametrize("change", [{"role": "auditor"}, {"is_active": ""}])
def test_nobody_changes_their_own_access(page_as, admin, change):
    response = page_as(admin).post(f"/people/{admin.pk}/", of(admin) | change)
    assert "another administrator" in str(response.context["form"].errors)
    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == (Role.ADMINISTRATOR, True)


def test_service_accounts_are_not_people(page_as, admin, erp):
    assert page_as(admin).get(f"/people/{erp.pk}/").status_code == 404
    assert erp not in page_as(admin).get("/people/").context["page"].rows


@pytest.mark.parametrize("who", ["seller", "manager", "officer", "credit_manager", "director", "auditor"])
def test_nobody_else_manages_people(page_as, request, seller, who):
    client = page_as(request.getfixturevalue(who))
    for path in ("/people/", "/people/new/", f"/people/{seller.pk}/"):
        assert client.get(path).status_code == 403
        assert client.post(path, filled()).status_code in (403, 405)
    assert not User.objects.filter(username="newcomer").exists()


def test_everybody_chooses_language_and_theme(page_as, seller):
    client = page_as(seller)
    response = client.post("/settings/", {"language": "zh-hans", "theme": "dark", "density": "compact"}, follow=True)
    seller.refresh_from_db()
    assert (seller.language, seller.theme, seller.density) == ("zh-hans", "dark", "compact")
    assert b'lang="zh-hans"' in response.content
    assert b'data-bs-theme="dark"' in response.content


def test_refuses_a_language_nobody_speaks(page_as, seller):
    response = page_as(seller).post("/settings/", {"language": "tlh", "theme": "dark", "density": "compact"})
    assert response.context["form"].errors


def policy_fields(**changes) -> dict:
    policy = Policy()
    names = [name for _head, _terms, group in POLICY_GROUPS for name in group]
    values = {name: getattr(policy, name) for name in names}
    return {name: "on" if value is True else value for name, value in (values | changes).items() if value is not False}


def test_the_form_holds_every_number_of_the_policy():
    names = {name for _head, _terms, group in POLICY_GROUPS for name in group}
    assert names == {field.name for field in Policy._meta.fields} - {"id"}


def test_the_heads_of_the_policy_are_explained_by_the_glossary(page_as, credit_manager):
    page = page_as(credit_manager).get("/policy/").content.decode()
    for key in ("freshness", "authority", "hold", "class", "grade"):
        assert f'href="/glossary/#{key}"' in page


def test_policy_changes_with_old_and_new_in_the_trail(page_as, credit_manager):
    fields = policy_fields(authority_officer="300000.00", check_report=False)
    response = page_as(credit_manager).post("/policy/", fields)
    assert response.status_code == 302
    policy = Policy.current()
    assert (policy.authority_officer, policy.check_report) == (Decimal("300000.00"), False)
    changes = AuditEntry.objects.get(verb="policy.changed").changes
    assert changes == {"authority_officer": ["200000.00", "300000.00"], "check_report": [True, False]}


def test_an_unchanged_policy_leaves_no_trace(page_as, credit_manager):
    page_as(credit_manager).post("/policy/", policy_fields())
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"share_a": "50"},
        {"authority_officer": "3000000"},
        {"report_months_b": 13},
        {"probability_low": "90"},
        {"coverage_needed": "101"},
        {"release_tolerance": "-1"},
        {"grading_scorecard": "tarot"},
    ],
)
def test_refuses_numbers_that_contradict_each_other(page_as, credit_manager, wrong):
    response = page_as(credit_manager).post("/policy/", policy_fields(**wrong))
    assert response.context["form"].errors
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("who", ["seller", "manager", "officer", "director", "auditor", "admin"])
def test_nobody_else_changes_the_policy(page_as, request, who):
    assert page_as(request.getfixturevalue(who)).post("/policy/", policy_fields()).status_code == 403


def test_strangers_choose_the_language_they_sign_in_with(client, db):
    assert b'lang="en"' in client.get("/account/login/").content
    client.post("/language/", {"language": "zh-hant", "next": "/account/login/"})
    assert b'<html lang="zh-hant"' in client.get("/account/login/").content
    assert client.post("/language/", {"language": "zh-hant", "next": "https://elsewhere.example/"})["Location"] == "/"
