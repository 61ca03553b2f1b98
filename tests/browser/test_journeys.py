"""What each role comes for, from its first page to the end, at a desk and on a phone; seen with their eyes."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from archives.models import Standing, Visit
from credit.commands.applications import apply_for_limit, approve_limit
from credit.commands.checks import check_order
from crm.core.models import ServiceToken
from scoring.models import Scorecard
from scoring.scorecards import publish_missing
from tests.browser.conftest import DESK, PHONE
from tests.factories import CreditLimitFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"]),
]


@pytest.fixture
def today():
    """The day of the pages, which have no other."""
    return timezone.localdate()


@pytest.fixture
def application(customer, seller, today):
    """The seller asks for 2.8 million: above what a credit manager grants alone."""
    given = {"currency": "CNY", "reason": "第二条生产线", "today": today}
    return apply_for_limit(customer=customer, by=seller, amount=Decimal(2_800_000), submit=True, **given)


def says(page: Page, words: str) -> None:
    """The page answers a deed with these words."""
    expect(page.locator("#messages")).to_contain_text(words)


def begin(page: Page, number: str, deed: str) -> None:
    """Choose a deed on the customer's page."""
    page.goto(f"/customers/{number}/")
    page.locator(".subject").get_by_role("button", name="More").click()
    page.locator(".subject").get_by_role("link", name=deed).click()


# --- Sales ---


def test_a_seller_visits_and_asks_for_a_limit(browse, seller, customer, today, size):
    kept = {"content": "样品已送", "next_step": "Send the offer", "next_step_due": today}
    Visit.objects.create(customer=customer, by=seller, kind="site", happened_at=timezone.now(), **kept)
    page = browse(seller, size)
    page.goto("/")
    due = page.locator("main .list-group-item", has_text="Send the offer")
    due.get_by_role("link", name="晨光轴承").click()
    page.get_by_role("link", name="Log visit").locator("visible=true").first.click()
    page.get_by_role("textbox", name="What did you learn?").fill("报价已当面送交,月底前答复。")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#tab")).to_contain_text("报价已当面送交")

    page.goto("/")
    due.get_by_role("button", name="Done").click()
    says(page, "Done: Send the offer")
    expect(due).to_have_count(0)

    begin(page, customer.number, "Ask for a limit")
    page.get_by_label("Limit asked for").fill("800000")
    page.get_by_label("Reason").fill("第二条生产线")
    page.get_by_role("button", name="Hand in").click()
    expect(page.locator("main")).to_contain_text("asks for ¥800,000")
    expect(page.get_by_role("button", name="Approve ¥800,000")).to_have_count(0)


def test_a_manager_sees_who_was_visited_and_hands_over(browse, manager, colleague, customer, size):
    page = browse(manager, size)
    page.goto("/")
    expect(page.locator("main")).to_contain_text("Visited in time")
    expect(page.get_by_role("row").filter(has_text="Li Wei")).to_be_visible()

    page.goto("/customers/")
    page.get_by_role("checkbox", name=f"Choose {customer.number}").check()
    page.get_by_role("button", name="Hand over").click()
    expect(page.locator("main")).to_contain_text("1 customer is chosen.")
    page.get_by_label("New owner").select_option(label="Wang Fang")
    page.get_by_role("button", name="Hand over").click()
    expect(page.locator("#messages .alert")).to_be_visible()

    page.goto("/")
    expect(page.locator("section", has_text="Handed over in 30 days")).to_contain_text("Wang Fang")


# --- Credit ---


def test_an_officer_assesses_and_lets_an_order_go(browse, officer, customer, erp, today, size):
    publish_missing(Scorecard)
    CreditLimitFactory(customer=customer, amount=Decimal(1000))
    check_order(order="SO-9", customer=customer, amount=Decimal(5000), currency="CNY", by=erp, today=today)
    page = browse(officer, size)
    begin(page, customer.number, "Assess")
    rows = page.locator(".score-points")
    expect(rows.first).to_be_visible()
    for choice in rows.locator("label:nth-child(9)").all():
        choice.click()
    page.get_by_role("button", name="Save the assessment").locator("visible=true").click()
    expect(page.locator("#tab")).to_contain_text("CA1")

    page.goto("/")
    page.locator("main").get_by_role("link", name="All held orders").click()
    held = page.locator("details.list-group-item", has_text="SO-9")
    expect(held).to_contain_text("Why it is held")
    held.get_by_text("Release…").click()
    held.get_by_label("Why may it go out?").fill("Prepaid today")
    held.get_by_role("button", name="Release", exact=True).click()
    says(page, "Released. The sum is reserved.")
    expect(page.locator("main")).to_contain_text("No order is held")


def test_a_credit_manager_asks_back_and_decides(browse, credit_manager, application, size):
    page = browse(credit_manager, size)
    page.goto("/")
    page.locator("main").get_by_role("link", name="晨光轴承").first.click()
    expect(page.locator("main")).to_contain_text("Above your authority of ¥2,000,000")
    page.get_by_text("Return with a question").click()
    page.get_by_label("What do you want to know?").fill("Which orders stand behind it?")
    page.get_by_role("button", name="Return", exact=True).click()
    says(page, "Returned with your question.")

    page.goto(f"/credit/applications/{application.pk}/")
    expect(page.locator("main")).to_contain_text("Which orders stand behind it?")
    expect(page.get_by_role("button", name="Approve ¥2,800,000")).to_have_count(0)


def test_a_credit_manager_changes_the_numbers(browse, credit_manager, auditor, size):
    publish_missing(Scorecard)
    page = browse(credit_manager, size)
    page.goto("/policy/")
    field = page.locator("main input[type=number]").first
    before = int(field.input_value())
    field.fill(str(before + 1))
    page.get_by_role("button", name="Save").click()
    says(page, "The numbers hold from now on.")
    expect(page.locator("main input[type=number]").first).to_have_value(str(before + 1))

    trail = browse(auditor, size)
    trail.goto("/audit/")
    expect(trail.locator("main")).to_contain_text(f"{before} → {before + 1}")


def test_a_director_grants_what_is_above_a_manager(browse, director, credit_manager, application, today, size):
    approve_limit(application.pk, by=credit_manager, amount=application.amount, today=today)
    page = browse(director, size)
    page.goto("/")
    page.locator("main").get_by_role("link", name="晨光轴承").first.click()
    expect(page.locator("main")).to_contain_text("Zhang Min")
    page.get_by_role("button", name="Approve ¥2,800,000").click()
    says(page, "has a limit of ¥2,800,000 from today")
    page.goto(f"/customers/{application.customer.number}/")
    expect(page.locator(".credit-strip").first).to_contain_text("¥2,800,000")
    assert Standing.objects.get().limit == Decimal(2_800_000)


# --- Control ---


def test_an_auditor_sees_everything_and_changes_nothing(browse, auditor, application, size):
    page = browse(auditor, size)
    page.goto("/")
    page.locator("main").get_by_role("link", name="Audit trail").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit trail")
    entry = page.locator("main tbody tr", has_text="Li Wei").first
    entry.get_by_role("link", name=application.customer.number).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("杭州晨光轴承有限公司")
    for deed in ("Log visit", "Plan visit", "Ask for a limit", "Edit the archive", "Assess"):
        expect(page.get_by_role("link", name=deed)).to_have_count(0)

    page.goto(f"/credit/applications/{application.pk}/")
    expect(page.locator("main")).to_contain_text("asks for ¥2,800,000")
    expect(page.locator("main form[method=post][action^='/credit/']")).to_have_count(0)


def test_an_administrator_adds_a_person(browse, admin, team, size):
    page = browse(admin, size)
    page.goto("/people/")
    page.get_by_role("link", name="Add a person").click()
    for label, value in (("User name", "qian"), ("Name", "Qian Yu"), ("Password", "long enough to keep")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Role").select_option(label="Salesperson")
    page.get_by_label("Team").select_option(label=team.name)
    page.get_by_role("button", name="Save").click()
    says(page, "Qian Yu can sign in now.")

    stranger = page.context.browser.new_page(base_url=page.url.split("/people")[0], locale="en")
    stranger.goto("/")
    stranger.get_by_label("User name").fill("qian")
    stranger.get_by_label("Password").fill("long enough to keep")
    stranger.keyboard.press("Enter")
    expect(stranger.get_by_role("heading", level=1)).to_contain_text("Qian Yu")
    stranger.close()


def test_an_administrator_makes_a_token_and_takes_it_back(browse, admin, size):
    page = browse(admin, size)
    page.goto("/tokens/")
    page.get_by_label("Service account").fill("warehouse")
    page.get_by_label("customers:read").check()
    page.get_by_role("button", name="Make the token").click()
    secret = page.get_by_role("textbox", name="Secret").input_value()
    assert calls_with(page, secret) == 200

    page.goto("/tokens/")
    expect(page.locator("body")).not_to_contain_text(secret)
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("main tbody")).to_contain_text("revoked")
    assert calls_with(page, secret) == 401
    assert ServiceToken.objects.get().expires_at - timezone.now() <= timedelta(days=90)


def calls_with(page: Page, secret: str) -> int:
    """What a program gets that asks for customers with this token."""
    headers = {"Authorization": f"Bearer {secret}", "Cookie": ""}
    return page.request.get("/api/v1/customers/", headers=headers).status
