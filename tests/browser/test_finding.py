"""The keyboard alone: the search box, the keys to pages and deeds, and the sheet that lists them; and a thumb alone."""

import re

import pytest

from archives.models import Contact
from tests.browser.conftest import DESK, PHONE
from tests.factories import CustomerFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browse, seller, customer):
    return opened(browse(seller, DESK))


def opened(page, path="/"):
    page.goto(path)
    page.wait_for_function("window.htmx")
    return page


def asked(page, text):
    """What is found of `text`, once it is the answer to it."""
    page.keyboard.press("/")
    with page.expect_response(lambda answer: "/search/" in answer.url and "q=" in answer.url and answer.ok):
        page.keyboard.insert_text(text)
    page.wait_for_function("document.querySelector('#found-status').textContent.trim()")
    return page.locator("#found [role=option]")


def chosen(page):
    return page.locator("#found [aria-selected=true]")


@pytest.mark.parametrize("key", ["/", "Control+k"])
def test_a_customer_is_opened_without_a_mouse(page, customer, key):
    page.keyboard.press(key)
    page.keyboard.type("cg")  # initials of 晨光
    chosen(page).filter(has_text=customer.number).wait_for()
    box = page.locator("#finder")
    assert box.get_attribute("aria-expanded") == "true"
    assert box.get_attribute("aria-activedescendant") == chosen(page).get_attribute("id")
    assert page.locator(f"#{box.get_attribute('aria-controls')}").get_attribute("role") == "listbox"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{customer.number}/")


def test_enter_waits_for_the_answer_to_what_is_typed(page, seller):
    other = CustomerFactory(name="宁波远大阀门有限公司", owner=seller)
    asked(page, "晨光").first.wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("远大")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{other.number}/")


def test_arrows_walk_through_all_groups_and_around(page, customer):
    Contact.objects.create(customer=customer, name="晨小光")
    Contact.objects.create(customer=customer, name="晨大光")
    found = asked(page, "cheng")
    found.first.wait_for()
    asked_again = asked(page, "晨")
    asked_again.first.wait_for()
    count = page.locator("#found [role=option]").count()
    page.keyboard.press("ArrowUp")
    assert chosen(page).get_attribute("id") == f"found-{count - 1}"
    page.keyboard.press("ArrowDown")
    assert chosen(page).get_attribute("id") == "found-0"


def test_with_ctrl_it_opens_in_a_new_tab(page, customer):
    asked(page, "晨光").first.wait_for()
    with page.context.expect_page() as tab:
        page.keyboard.press("Control+Enter")
    tab.value.wait_for_url(f"**/customers/{customer.number}/")
    assert page.locator("#finder-box").is_visible()


def test_a_visit_is_begun_from_the_box(page, customer):
    page.keyboard.press("/")
    page.keyboard.type("log")
    page.locator("[data-completes]").click()
    page.keyboard.insert_text("晨光")
    chosen(page).filter(has_text="C-100234").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{customer.number}/visits/new/")


def test_escape_closes_the_box_and_gives_the_focus_back(page):
    page.locator("a[data-search]:visible").focus()
    page.keyboard.press("Enter")
    page.locator("#finder-box[open]").wait_for()
    page.keyboard.press("Escape")
    page.locator("#finder-box").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.matches('a[data-search]')")


def test_what_was_opened_last_is_there_before_a_word_is_typed(page, customer):
    opened(page, f"/customers/{customer.number}/")
    page.keyboard.press("/")
    chosen(page).filter(has_text=customer.number).wait_for()


def test_nothing_found_leads_to_a_new_customer_of_that_name(page):
    asked(page, "远大").first.wait_for()
    page.locator("#found", has_text="Nothing found").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/new-customer/?name=*")
    assert page.locator("#id_name").input_value() == "远大"


def test_a_late_answer_to_an_earlier_question_is_not_shown(page, customer, seller):
    CustomerFactory(name="宁波远大阀门有限公司", owner=seller)
    page.route(re.compile(r"/search/\?q=%E6%99%A8"), lambda route: None)  # never answered
    page.keyboard.press("/")
    page.keyboard.insert_text("晨光")
    page.wait_for_timeout(300)  # longer than the box waits for more letters
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("远大")
    chosen(page).filter(has_text="宁波").wait_for()
    page.unroute_all(behavior="ignoreErrors")


def test_on_a_phone_the_box_fills_the_screen_and_lines_are_for_thumbs(browse, seller, customer):
    page = opened(browse(seller, PHONE))
    page.locator("a[data-search]:visible").first.click()
    page.keyboard.insert_text("晨光")
    line = page.locator("#found [role=option]", has_text=customer.number)
    line.wait_for()
    frame = page.locator("#finder-box").bounding_box()
    assert (frame["width"], frame["height"]) == (PHONE["width"], PHONE["height"])
    assert line.bounding_box()["height"] >= 44
    assert page.locator("#finder-box [data-closes]").bounding_box()["height"] >= 44
    line.click()
    page.wait_for_url(f"**/customers/{customer.number}/")


def test_without_scripts_the_page_finds(chromium, live_server, client, seller, customer):
    client.force_login(seller)
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto("/")
    page.locator("a[data-search]:visible").click()
    page.locator("main input[name=q]").fill("cg")
    page.locator("main input[name=q]").press("Enter")
    page.locator("main a.hit", has_text=customer.number).click()
    page.wait_for_url(f"**/customers/{customer.number}/")
    context.close()


# --- Keys -------------------------------------------------------------------------------------------------------------


def keys_of(page) -> dict[str, str]:
    """What the sheet lists on this page: the keys to press, and where the entry leads ("" for what is no link)."""
    page.keyboard.press("?")
    page.locator("#keys[open]").wait_for()
    listed = page.locator("#keys dl").evaluate(
        """list => [...list.querySelectorAll("dt:not([hidden])")].map(entry => [
            [...entry.querySelectorAll("kbd")].map(key => key.textContent).join(" "),
            entry.nextElementSibling.querySelector("a")?.getAttribute("href") ?? "",
        ])"""
    )
    page.keyboard.press("Escape")
    page.locator("#keys").wait_for(state="hidden")
    return dict(listed)


def test_every_key_that_leads_somewhere_does(browse, credit_manager, manager, customer):
    for person in (credit_manager, manager):
        page = opened(browse(person, DESK), f"/customers/{customer.number}/")
        links = {keys: url for keys, url in keys_of(page).items() if url}
        assert {"g d", "g c", "g n", "e"} <= set(links) | {"e"}
        for keys, url in links.items():
            opened(page, f"/customers/{customer.number}/")
            for key in keys.split():
                page.keyboard.press(key)
            page.wait_for_url(f"**{url}")


def test_keys_of_a_customer_are_told_on_its_page_only(page, customer):
    assert not {"e", "v", "p"} & set(keys_of(page))
    opened(page, f"/customers/{customer.number}/")
    assert {"e", "v", "p", "n"} <= set(keys_of(page))


def test_keys_of_a_list_are_told_on_a_list_only_and_work(page, customer):
    assert "j k" not in keys_of(page)
    opened(page, "/customers/")
    assert {"j k", "x"} <= set(keys_of(page))
    page.keyboard.press("j")
    page.wait_for_function("document.activeElement.closest('tr[data-href]')")
    page.keyboard.press("x")
    page.locator("[data-rows] .pick input:checked").first.wait_for()


def test_bare_keys_stay_letters_in_a_field(page):
    opened(page, "/customers/")
    page.locator("#id_search").fill("")
    page.locator("#id_search").press_sequentially("gc?/nejkx")
    assert page.locator("#id_search").input_value() == "gc?/nejkx"
    assert page.locator("#keys").is_hidden()
    assert page.locator("#finder-box").is_hidden()
