"""In a browser: words that explain themselves, and forms that lose nothing when something goes wrong."""

import pytest
from playwright.sync_api import expect

from crm.core.models import User
from tests.browser.conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a long pass phrase"


def meaning(page):
    return page.locator("#meaning")


def test_a_word_explains_itself_to_pointer_and_keyboard(browse, seller, customer):
    page = browse(seller, DESK)
    page.goto("/customers/C-100234/")
    word = page.locator(".credit-strip .term", has_text="Grade")
    word.hover()
    expect(meaning(page)).to_contain_text("CA1")
    page.mouse.move(5, 500)
    expect(meaning(page)).to_be_hidden()
    word.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(meaning(page)).to_be_visible()
    assert word.get_attribute("aria-describedby") == "meaning"
    page.keyboard.press("Escape")
    expect(meaning(page)).to_be_hidden()
    page.keyboard.press("Enter")
    expect(meaning(page)).to_be_visible()
    assert page.url.endswith("/customers/C-100234/"), "the word stays where it is"


def test_a_word_explains_itself_to_a_tap_and_closes_with_the_next(browse, seller, customer):
    page = browse(seller, PHONE)
    page.goto("/customers/C-100234/")
    word = page.locator(".credit-strip .term", has_text="Grade")
    word.click()
    expect(meaning(page)).to_be_visible()
    box = meaning(page).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"], "inside the screen"
    word.click()
    expect(meaning(page)).to_be_hidden()


def test_first_steps_are_put_away_one_by_one(browse, seller):
    page = browse(seller, PHONE)
    page.goto("/")
    page.get_by_role("button", name="Put away: Log your first visit").click()
    expect(page.get_by_text("Log your first visit")).to_have_count(0)
    expect(page.get_by_text("Find anything with one box")).to_be_visible()


def settings_changed(page):
    page.goto("/settings/")
    page.locator("#id_density").select_option("compact")


def test_a_form_waits_for_the_connection_and_keeps_what_was_chosen(browse, seller):
    page = browse(seller, DESK)
    settings_changed(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("No connection")
    assert page.locator("#id_density").input_value() == "compact"
    page.context.set_offline(False)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("Saved")


def test_a_session_that_has_ended_is_taken_up_over_the_page(browse, seller):
    seller.set_password(PASSWORD)
    seller.save()
    page = browse(seller, DESK)
    settings_changed(page)
    page.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    password = page.get_by_role("dialog").get_by_label("Password")
    password.fill("wrong")
    page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).not_to_be_empty()
    password.fill(PASSWORD)
    page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    expect(page.locator("#messages")).to_contain_text("Saved")
    assert User.objects.get(pk=seller.pk).density == "compact"


def test_a_part_of_the_page_that_fails_says_so_with_its_number(browse, seller):
    page = browse(seller, DESK)
    page.goto("/glossary/")
    page.route("**/glossary/?q=*", lambda route: route.fulfill(status=500, body="insides"))
    page.get_by_role("searchbox", name="Search the glossary").fill("limit")
    expect(page.locator("#toasts")).to_contain_text("Something went wrong")
    expect(page.locator("#toasts")).not_to_contain_text("insides")
    page.unroute("**/glossary/?q=*")
    page.route("**/glossary/?q=*", lambda route: route.continue_(url=route.request.url.replace("glossary", "nowhere")))
    page.get_by_role("searchbox", name="Search the glossary").fill("limits")
    expect(page.locator("#toasts code")).to_be_visible()


def test_whoever_leaves_with_something_written_is_asked_first(browse, seller):
    page = browse(seller, DESK)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/settings/")
    page.goto("/notices/")
    assert asked == [], "nothing was changed"
    page.goto("/settings/")
    page.locator("#id_density").focus()
    page.keyboard.press("ArrowDown")
    page.goto("/notices/")
    assert asked == ["beforeunload"]


def test_what_was_wrong_is_where_the_keyboard_begins(browse, admin):
    page = browse(admin, DESK)
    page.goto("/people/new/")
    page.evaluate("document.querySelector('main form').noValidate = true")
    page.get_by_role("button", name="Save").click()
    summary = page.locator("[data-errors]")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    expect(page.locator("#id_username")).to_be_focused()


def test_the_head_of_a_column_tells_its_meaning_and_still_sorts(browse, seller, customer):
    page = browse(seller, DESK)
    page.goto("/customers/")
    head = page.locator("thead .sort", has_text="Exposure")
    head.hover()
    expect(meaning(page)).to_contain_text("Exposure")
    head.click()
    page.wait_for_url("**/customers/?ordering=-exposure")


def test_a_customer_is_named_wherever_one_reads(browse, seller, customer):
    page = browse(seller, DESK)
    page.goto("/customers/C-100234/archive/")
    brief = page.locator(".subject-brief")
    expect(brief).to_be_hidden()
    page.mouse.wheel(0, 600)
    expect(brief).to_be_visible()
    expect(brief).to_contain_text("晨光轴承")
