"""On a phone without a connection: the shell is there, the archive is not, notes wait and are sent, sign-out wipes."""

import re

import pytest
from django.conf import settings
from django.test import Client

from archives.models import Visit
from crm.core.views.shell import SCRIPTS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CACHED = """async () => {
  const found = [];
  for (const name of await caches.keys()) for (const one of await (await caches.open(name)).keys()) found.push(one.url);
  return found.map((url) => new URL(url).pathname);
}"""


@pytest.fixture
def page(browse, seller, customer):
    """The seller's phone, the shell kept."""
    page = browse(seller)
    page.goto(f"/customers/{customer.number}/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("async () => (await caches.keys()).length > 0 && !!navigator.serviceWorker.controller")
    return page


def test_only_the_shell_is_kept(page, customer):
    page.reload()
    kept = page.evaluate(CACHED)
    assert "/offline/" in kept
    assert all(path.startswith("/static/") or path == "/offline/" for path in kept)


def test_a_note_is_written_without_a_connection_and_sent_with_one(page, customer, seller):
    page.context.set_offline(True)
    page.goto(f"/customers/{customer.number}/visits/new/")
    page.get_by_role("heading", name="No connection").wait_for()
    assert customer.name not in page.content()
    assert page.locator("#number").input_value() == customer.number
    page.locator("[name=content]").fill("仓库三分之二满。")
    page.get_by_role("button", name="Save").click()
    page.locator("#notes", has_text="Waiting").wait_for()
    with page.expect_response(lambda answer: answer.request.method == "POST" and "/visits/new/" in answer.url) as sent:
        page.context.set_offline(False)
    assert sent.value.ok, sent.value.text()
    visit = Visit.objects.get()
    assert (visit.by, visit.customer, visit.content) == (seller, customer, "仓库三分之二满。")


def test_a_wrong_number_is_corrected(page, customer):
    page.context.set_offline(True)
    page.goto(f"/customers/{customer.number}/visits/new/")
    page.locator("#number").fill("C-9")
    page.locator("[name=content]").fill("仓库三分之二满。")
    page.get_by_role("button", name="Save").click()
    page.locator("#notes", has_text="Waiting").wait_for()
    page.context.set_offline(False)
    page.locator("#refused-note").get_by_role("link").click()
    page.get_by_role("heading", name="Notes on this device").first.wait_for()
    page.get_by_role("button", name="Open").click()
    page.locator("#number").fill(customer.number)
    with page.expect_response(lambda answer: answer.request.method == "POST" and "/visits/new/" in answer.url) as sent:
        page.get_by_role("button", name="Save").click()
    assert sent.value.ok, sent.value.text()
    assert Visit.objects.get().customer == customer


def test_signing_out_wipes_the_device(page):
    page.evaluate("document.querySelector('[data-logout]').requestSubmit()")
    page.wait_for_url("**/account/login/**")
    assert page.evaluate(CACHED) == []
    assert page.evaluate("localStorage.getItem('dossier-user')") is None


def test_the_page_without_a_connection_is_the_same_for_everybody():
    """The worker asks without a session; even with one nothing of the person may stand on it."""
    anonymous = Client().get("/offline/?language=zh-hans")
    assert anonymous.status_code == 200
    assert 'lang="zh-hans"' in anonymous.content.decode()
    assert 'data-user=""' in anonymous.content.decode()


def test_the_shell_holds_every_module_that_its_modules_name():
    """One that is missing would leave the page without a connection without its scripts."""
    for name in SCRIPTS:
        text = (settings.BASE_DIR / "static" / "js" / f"{name}.js").read_text(encoding="utf-8")
        assert set(re.findall(r'(?m)^import [^;]*"\./(\w+)\.js";', text)) <= set(SCRIPTS), name
