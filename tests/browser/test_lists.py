"""The list of customers by mouse and by keys: rows beside the list, rows chosen, columns in order, views kept."""

import pytest
from playwright.sync_api import Page, expect

from archives.models import Customer
from crm.core.models import SavedView
from tests.browser.conftest import DESK, PHONE
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rows(seller, region):
    return [CustomerFactory(number=f"C-{n}", name=f"Customer {n}", owner=seller, region=region) for n in range(1, 4)]


@pytest.fixture
def at_desk(rows, browse, manager) -> Page:
    page = browse(manager, DESK)
    page.goto("/customers/")
    return page


def panel_shows(page: Page, name: str) -> None:
    expect(page.locator("#panel-body h2")).to_contain_text(name)


def test_a_row_opens_beside_the_list_and_esc_goes_back_to_it(at_desk):
    page = at_desk
    page.get_by_role("link", name="Customer 2", exact=True).click()
    panel_shows(page, "Customer 2")
    expect(page).to_have_url("/customers/?open=C-2")
    expect(page.locator("#panel")).to_be_focused()
    page.locator("[data-panel-step='1']").click()
    panel_shows(page, "Customer 3")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.get_by_role("link", name="Customer 3", exact=True)).to_be_focused()
    expect(page).to_have_url("/customers/")


def test_an_address_with_a_row_opens_it(at_desk):
    at_desk.goto("/customers/?open=C-2")
    panel_shows(at_desk, "Customer 2")
    at_desk.locator("[data-panel-page]").click()
    expect(at_desk).to_have_url("/customers/C-2/")


def test_on_a_phone_a_row_opens_as_a_page(rows, browse, manager):
    page = browse(manager, PHONE)
    page.goto("/customers/")
    page.get_by_role("link", name="Customer 2", exact=True).click()
    expect(page).to_have_url("/customers/C-2/")
    page.goto("/customers/?open=C-3")
    expect(page).to_have_url("/customers/C-3/")


def test_keys_walk_choose_and_open(at_desk):
    page = at_desk
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Customer 1", exact=True)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-picked]")).to_have_text("1")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    panel_shows(page, "Customer 1")
    page.get_by_role("searchbox", name="Search").first.fill("jx")
    expect(page.locator("[data-picked]")).to_have_text("1")


def test_what_is_chosen_is_handed_over(at_desk, colleague):
    page = at_desk
    page.get_by_role("checkbox", name="Choose all on this page").check()
    expect(page.locator("#selection")).to_be_visible()
    page.get_by_role("checkbox", name="Choose C-3").uncheck()
    expect(page.locator("[data-picked]")).to_have_text("2")
    page.get_by_role("button", name="Hand over").click()
    expect(page.get_by_text("2 customers are chosen.")).to_be_visible()
    page.get_by_label("New owner").select_option(label="Wang Fang")
    page.get_by_role("button", name="Hand over").click()
    expect(page.get_by_text("2 customers went to Wang Fang.")).to_be_visible()
    assert Customer.objects.filter(owner=colleague).count() == 2


def test_columns_are_put_in_order(at_desk):
    page = at_desk
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="Owner further left").click()
    page.get_by_role("checkbox", name="Class", exact=True).uncheck()
    page.locator("[data-columns]").get_by_role("button", name="Show").click()
    heads = page.locator("thead th")
    expect(heads.nth(2)).to_have_text("Owner")
    expect(heads.nth(3)).to_have_text("Region")
    expect(page.locator("thead").get_by_text("Class")).to_have_count(0)


def test_a_view_is_kept_changed_and_reset(at_desk, manager):
    page = at_desk
    page.locator(".chips-row").get_by_role("link", name="Overdue").click()
    page.get_by_role("button", name="Save view").click()
    page.get_by_label("Name of the view").fill("Late ones")
    page.locator(".menu-form.show").get_by_role("button", name="Save").click()
    view = page.get_by_role("navigation", name="Views").get_by_role("link", name="Late ones")
    expect(view).to_have_attribute("aria-current", "page")
    page.locator(".chips-row").get_by_role("link", name="Core").click()
    expect(view).to_contain_text("changed")
    page.get_by_role("link", name="Reset").click()
    expect(view).not_to_contain_text("changed")
    assert SavedView.objects.get(owner=manager).query == "overdue=true"


def test_on_a_phone_the_views_wait_in_a_sheet(rows, browse, manager):
    page = browse(manager, PHONE)
    page.goto("/flags/")
    save = page.get_by_role("button", name="Save view")
    expect(save).to_be_hidden()
    page.get_by_role("button", name="Views", exact=True).click()
    save.click()
    page.get_by_label("Name of the view").fill("Mine")
    page.locator(".menu-form.show").get_by_role("button", name="Save").click()
    page.wait_for_url("**/flags/?view=*")
    assert SavedView.objects.get(owner=manager).page == "flags"
    expect(save).to_be_hidden()
