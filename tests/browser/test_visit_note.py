"""A visit note on a phone, in a real browser: written in a minute, and never lost."""

import pytest
from django.contrib.sessions.models import Session

from archives.models import Contact, Visit, VisitDraft
from tests.browser.conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXT = "第二条生产线正在安装,成品库存正常。"
# A picture of one pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db000"
    "00000049454e44ae426082"
)


@pytest.fixture
def note(browse, seller, customer):
    """The seller's page of a new note about the customer."""
    Contact.objects.create(customer=customer, name="陈建国", title="GM")
    page = browse(seller)
    page.goto(f"/customers/{customer.number}/visits/new/")
    page.locator("[data-due='7d']").wait_for()
    return page


def wait_for_state(page, state):
    page.locator(f"#note-state[data-state='{state}']").wait_for()


def test_a_seller_logs_a_visit(note, customer, seller):
    note.get_by_text("Call", exact=True).click()
    note.get_by_text("On site", exact=True).click()
    note.locator(".face", has_text="陈建国").click()
    note.locator("[name=content]").fill(TEXT)
    note.locator("label[for=premises-9]").click()
    note.locator("label[for=stock-6]").click()
    note.locator("#photo-input").set_input_files({"name": "line.png", "mimeType": "image/png", "buffer": PIXEL})
    note.locator(".photo img").wait_for()
    note.locator("[data-due='7d']").click()
    note.locator("#next-step").fill("报新系列价格")
    note.locator("#save").click()
    note.wait_for_url(f"**/customers/{customer.number}/")
    note.get_by_text(TEXT).wait_for()
    visit = Visit.objects.get()
    assert (visit.by, visit.kind, visit.people) == (seller, "site", ["陈建国"])
    assert visit.checklist == {"premises": 9, "stock": 6}
    assert visit.next_step_due is not None
    assert visit.files.get().content_type == "image/jpeg"
    assert not VisitDraft.objects.exists()


def test_what_is_typed_survives_a_reload(note):
    note.locator("[name=content]").fill(TEXT)
    note.locator("label[for=stock-3]").click()
    wait_for_state(note, "device")
    note.reload()
    note.locator("#note-restored").wait_for()
    assert note.locator("[name=content]").input_value() == TEXT
    assert note.locator("#stock-3").is_checked()


def test_my_day_leads_on_to_a_note_that_only_the_device_has(note, customer):
    note.route("**/visits/draft/", lambda route: route.abort())
    note.locator("[name=content]").fill(TEXT)
    wait_for_state(note, "device")
    note.goto("/")
    line = note.locator("#unsent a.day-row")
    line.wait_for()
    assert TEXT in line.inner_text() and note.get_by_text("One note on this device").is_visible()
    line.click()
    note.wait_for_url(f"**/customers/{customer.number}/visits/new/")
    note.locator("#note-restored").wait_for()
    assert note.locator("[name=content]").input_value() == TEXT


def test_what_is_typed_reaches_the_server_too(note, browse, seller, customer):
    note.locator("[name=content]").fill(TEXT)
    wait_for_state(note, "saved")
    assert VisitDraft.objects.get().fields["content"] == [TEXT]
    elsewhere = browse(seller)
    elsewhere.goto(f"/customers/{customer.number}/visits/new/")
    assert elsewhere.locator("[name=content]").input_value() == TEXT


def test_discarded_it_is_gone_everywhere(note):
    note.locator("[name=content]").fill(TEXT)
    wait_for_state(note, "saved")
    note.reload()
    note.get_by_role("button", name="Discard").click()
    note.locator("#note-restored").wait_for(state="hidden")
    note.reload()
    assert note.locator("[name=content]").input_value() == ""
    assert not VisitDraft.objects.exists()


def test_without_a_connection_it_waits_and_is_sent_once(note, customer):
    note.locator("[name=content]").fill(TEXT)
    note.context.set_offline(True)
    note.locator("#save").click()
    wait_for_state(note, "waiting")
    assert not Visit.objects.exists()
    note.context.set_offline(False)
    note.wait_for_url(f"**/customers/{customer.number}/")
    note.reload()
    assert [visit.content for visit in Visit.objects.all()] == [TEXT]


def test_an_answer_that_got_lost_does_not_double_the_note(note, customer):
    """The server has the note, the phone does not know: sent again, it stays one."""

    def swallow(route):
        route.fetch()
        route.abort()

    note.route("**/visits/new/", lambda route: swallow(route) if route.request.method == "POST" else route.continue_())
    note.locator("[name=content]").fill(TEXT)
    note.locator("#save").click()
    wait_for_state(note, "waiting")
    assert Visit.objects.count() == 1
    note.unroute_all()
    note.evaluate("window.dispatchEvent(new Event('online'))")
    note.wait_for_url(f"**/customers/{customer.number}/")
    assert Visit.objects.count() == 1


def test_what_is_written_on_after_a_lost_answer_is_not_lost(note, customer):
    """The server has an earlier version: the later one stays on the phone until it is saved as a further note."""

    def swallow(route):
        route.fetch()
        route.abort()

    note.route("**/visits/new/", lambda route: swallow(route) if route.request.method == "POST" else route.continue_())
    note.locator("[name=content]").fill(TEXT)
    note.locator("#save").click()
    wait_for_state(note, "waiting")
    note.unroute_all()
    note.get_by_role("button", name="Keep writing").click()
    note.locator("[name=content]").fill(f"{TEXT} Later.")
    note.locator("#save").click()
    wait_for_state(note, "attention")
    note.get_by_text("An earlier version of this note").wait_for()
    note.locator("#save").click()
    note.wait_for_url(f"**/customers/{customer.number}/")
    assert sorted(visit.content for visit in Visit.objects.all()) == [TEXT, f"{TEXT} Later."]


def test_an_expired_session_loses_nothing(note, browse, seller, customer, client):
    note.locator("[name=content]").fill(TEXT)
    wait_for_state(note, "device")
    Session.objects.all().delete()
    note.locator("#save").click()
    wait_for_state(note, "attention")
    assert (
        note.get_by_role("link", name="Sign in")
        .get_attribute("href")
        .endswith(f"/customers/{customer.number}/visits/new/")
    )
    assert note.locator("[name=content]").input_value() == TEXT
    client.force_login(seller)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": note.url}
    note.context.add_cookies([cookie])
    note.goto(f"/customers/{customer.number}/visits/new/")
    note.wait_for_url(f"**/customers/{customer.number}/")
    assert Visit.objects.get().content == TEXT


def test_a_refused_note_stays_and_says_why(note):
    note.locator("#minutes").evaluate("input => { input.removeAttribute('max'); }")
    note.locator("#minutes").fill("9999")
    note.locator("[name=content]").fill(TEXT)
    note.locator("#save").click()
    wait_for_state(note, "attention")
    note.get_by_text("A visit lasts between 0 and 1440 minutes.").first.wait_for()
    assert note.locator("[name=content]").input_value() == TEXT
    assert not Visit.objects.exists()


def test_nothing_runs_over_the_edge_of_a_phone(note):
    assert note.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_tabs_load_on_demand_and_back_works(browse, seller, customer):
    page = browse(seller, DESK)
    page.goto(f"/customers/{customer.number}/")
    page.evaluate("window.sameDocument = true")
    page.get_by_role("link", name="Archive", exact=True).click()
    page.wait_for_url("**/archive/")
    page.get_by_role("heading", name="Operating").wait_for()
    assert page.evaluate("window.sameDocument") is True
    assert page.locator("#tab-row [aria-current=page]").inner_text() == "Archive"
    page.go_back()
    page.wait_for_url(f"**/customers/{customer.number}/")
    page.get_by_text("Nothing has happened here yet").or_(page.get_by_text("What did you learn?")).first.wait_for()
