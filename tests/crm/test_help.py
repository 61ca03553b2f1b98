"""Help in place: words that explain themselves, and first steps that can be put away and called back."""

import re

import pytest
from django.template import engines
from django.urls import reverse
from django.utils import translation

from crm.core.glossary import TERMS, in_order
from crm.core.hints import HINTS
from crm.core.models import User
from crm.core.roles import Role

HX = {"HX-Request": "true"}


def test_the_glossary_has_every_term_in_the_order_of_a_dictionary(page_as, seller):
    terms = page_as(seller).get("/glossary/").context["terms"]
    names = [str(term.name).casefold() for _key, term in terms]
    assert len(terms) == len(TERMS) and names == sorted(names)


def test_chinese_terms_stand_by_their_sound():
    with translation.override("zh-hans"):
        names = [str(term.name) for _key, term in in_order()]
    assert names.index("特征分析法") < names.index("信用敞口") < names.index("逾期"), "tè, xìn, yú"


def test_a_term_is_found_by_its_name_or_by_its_meaning(page_as, seller):
    page = page_as(seller)
    assert [key for key, _term in page.get("/glossary/?q=OVERD").context["terms"]] == ["overdue"]
    part = page.get("/glossary/?q=sub-limit", headers=HX)
    assert b"Selling unit" in part.content and b"<html" not in part.content
    assert b"No term matches" in page.get("/glossary/?q=zzz").content


def test_a_word_carries_its_meaning_and_leads_to_the_glossary_without_scripts():
    words = engines["django"].from_string('{% term "available" %}').render()
    assert 'href="/glossary/#available"' in words
    assert "limit − exposure" in words and ">Available</a>" in words


def test_every_word_that_a_page_explains_is_in_the_glossary(settings):
    used = set()
    for template in (settings.BASE_DIR / "templates").rglob("*.html"):
        used |= set(re.findall(r'{% term "(\w+)"', template.read_text(encoding="utf-8")))
    assert used, "pages explain words"
    assert used <= TERMS.keys()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CONNECTOR])
def test_every_role_has_two_to_four_first_steps_that_it_may_take(role):
    assert 2 <= len(HINTS[role]) <= 4
    for hint in HINTS[role]:
        assert reverse(hint.page)


@pytest.mark.parametrize("who", ["seller", "manager", "officer", "credit_manager", "director", "auditor", "admin"])
def test_first_steps_lead_to_pages_that_open(page_as, request, who):
    user = request.getfixturevalue(who)
    page = page_as(user)
    for hint in HINTS[user.role]:
        assert page.get(f"{reverse(hint.page)}?{hint.query}").status_code == 200, hint.key


def test_a_first_step_is_put_away_for_good_and_all_come_back(page_as, seller, colleague):
    page = page_as(seller)
    assert b"Log your first visit" in page.get("/").content
    left = page.post("/hints/visit/close/", headers=HX)
    assert b"Log your first visit" not in left.content and b"Find anything" in left.content
    page.post("/hints/visit/close/")
    assert User.objects.get(pk=seller.pk).hints_closed == ["visit"], "a second click changes nothing"
    assert b"Log your first visit" not in page.get("/").content
    assert User.objects.get(pk=colleague.pk).hints_closed == []
    page.post("/hints/restore/")
    assert b"Log your first visit" in page.get("/").content


def test_a_step_that_nobody_knows_is_not_put_away(page_as, seller):
    assert page_as(seller).post("/hints/everything/close/").status_code == 404
