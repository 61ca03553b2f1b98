"""Charts in a browser: drawn under the policy, read without drawing, redrawn in the other theme; nothing jumps."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE
from tests.factories import CreditLimitFactory, InvoiceFactory, SalesRecordFactory

pytestmark = pytest.mark.django_db(transaction=True)
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) window.shifted += one.value; })
  .observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(autouse=True)
def on_the_day(today):
    with time_machine.travel(f"{today}T04:00:00Z", tick=True):
        yield


@pytest.fixture
def owing(customer):
    CreditLimitFactory(customer=customer)
    InvoiceFactory(customer=customer, amount=Decimal(70_000), invoiced_on=date(2026, 8, 1), due_on=date(2026, 9, 1))
    SalesRecordFactory(customer=customer, month=date(2026, 11, 1), amount=Decimal(120_000), target=Decimal(100_000))
    return customer


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_each_figure_is_drawn_when_it_comes_near_and_nothing_jumps(browse, seller, owing, size):
    page = browse(seller, size)
    page.add_init_script(SHIFTS)
    page.goto(f"/customers/{owing.number}/receivables/")
    for name in ("chart-exposure", "chart-ageing"):
        page.locator(f"#{name}").scroll_into_view_if_needed()
        expect(page.locator(f"#{name} canvas")).to_be_visible()
    assert page.evaluate("window.shifted") <= 0.05
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_table_says_it_all_to_who_does_not_see(browse, seller, owing):
    page = browse(seller, DESK)
    page.goto(f"/customers/{owing.number}/sales/")
    figure = page.locator("#chart-sales")
    expect(figure.locator(".chart-box")).to_have_attribute("aria-hidden", "true")
    figure.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(figure.get_by_role("row").last).to_contain_text("¥120,000")
    expect(figure.get_by_role("columnheader").nth(2)).to_have_text("Target")


def test_paper_shows_what_no_screen_has(browse, seller, owing):
    page = browse(seller, {"width": 1440, "height": 300})
    page.goto(f"/customers/{owing.number}/receivables/")
    page.wait_for_load_state("networkidle")
    page.emulate_media(media="print")
    for figure in page.locator("figure[data-chart]").all():
        expect(figure.locator("canvas, details[open] table").first).to_be_attached()
    page.emulate_media(media="screen")
    expect(page.locator(".chart-box[hidden]")).to_have_count(0)


def test_charts_come_with_a_tab(browse, seller, owing):
    page = browse(seller, DESK)
    page.goto(f"/customers/{owing.number}/")
    assert not page.evaluate("Boolean(globalThis.echarts)")
    page.get_by_role("link", name="Sales", exact=True).click()
    expect(page.locator("#chart-sales canvas")).to_be_visible()


def test_another_theme_draws_anew(browse, seller, owing):
    page = browse(seller, DESK)
    page.goto(f"/customers/{owing.number}/sales/")
    canvas = page.locator("#chart-sales canvas")
    expect(canvas).to_be_visible()
    page.wait_for_timeout(400)  # the drawing grows for a quarter of a second
    light = canvas.evaluate("(one) => one.toDataURL()")
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    page.wait_for_function("(light) => document.querySelector('#chart-sales canvas').toDataURL() !== light", arg=light)


@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_drawn_is_there_to_read(chromium, live_server, client, seller, owing):
    client.force_login(seller)
    context = chromium.new_context(viewport=DESK, base_url=live_server.url, locale="en", service_workers="block")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    context.route("**/echarts.min.js", lambda route: route.abort())
    page = context.new_page()
    page.goto(f"/customers/{owing.number}/sales/")
    expect(page.locator("#chart-sales").get_by_role("row").last).to_be_visible()
    expect(page.locator("#chart-sales .chart-box")).to_be_hidden()
    context.close()


def test_a_fact_is_edited_in_place_by_keyboard(browse, seller, owing):
    page = browse(seller, DESK)
    page.goto(f"/customers/{owing.number}/archive/")
    page.get_by_label("Edit phone").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Phone", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Edit phone")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("Phone", exact=True).fill("0571-8888")
    page.keyboard.press("Enter")
    expect(page.locator(".fact", has_text="0571-8888")).to_be_visible()
    owing.refresh_from_db()
    assert owing.phone == "0571-8888"
