"""A phone in a pocket: notes with photos written without a connection arrive once; what is private is wiped."""

import io
import re

import pytest
from django.utils.timezone import now
from PIL import Image
from playwright.sync_api import expect

from archives.models import Document, Visit, VisitDraft
from crm.core.models import AuditEntry
from tests.browser.test_visit_note import TEXT, wait_for_state

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GPS = b"GPS 30.2741N"
STORED = """() => new Promise((resolve) => {
  const request = indexedDB.open("dossier");
  request.onsuccess = () => {
    const names = [...request.result.objectStoreNames];
    if (!names.length) return resolve(0);
    const transaction = request.result.transaction(names);
    const counts = names.map((name) => transaction.objectStore(name).count());
    transaction.oncomplete = () => resolve(counts.reduce((sum, count) => sum + count.result, 0));
  };
})"""


@pytest.fixture(autouse=True)
def files_apart(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def page(browse, seller, customer):
    """The seller's phone with the shell kept; a visit of last week puts the customer at hand."""
    Visit.objects.create(customer=customer, by=seller, happened_at=now(), kind="call", content="Earlier.")
    page = browse(seller)
    with page.expect_response("**/visits/at-hand/"):
        page.goto(f"/customers/{customer.number}/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function(
        "async () => !!(await caches.match('/offline/?language=en')) && !!navigator.serviceWorker.controller"
    )
    return page


def located_photo() -> bytes:
    """A JPEG that says in its APP1 segment where it was taken."""
    drawn = io.BytesIO()
    Image.effect_noise((2400, 1800), 40).convert("RGB").save(drawn, "JPEG")
    segment = b"Exif\x00\x00" + GPS
    return drawn.getvalue()[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + drawn.getvalue()[2:]


def photo(name="line.jpg"):
    return {"name": name, "mimeType": "image/jpeg", "buffer": located_photo()}


def written_offline(page, customer, kind="Complaint"):
    """A complaint with a photo, written on the page without a connection."""
    page.context.set_offline(True)
    page.goto("/visits/new/")
    page.get_by_role("heading", name="No connection").wait_for()
    page.get_by_role("button", name=customer.short_name or customer.name).click()
    expect(page.locator("#number")).to_have_value(customer.number)
    page.get_by_text(kind, exact=True).first.click()
    page.locator("[name=content]").fill(TEXT)
    page.locator("#photo-input").set_input_files(photo())
    page.locator(".photo img").wait_for()


def logged(customer):
    return Visit.objects.filter(customer=customer).exclude(content="Earlier.")


def arrives(page, count=1):
    """Wait until every note and photo has left the outbox."""
    expect(page.locator("[data-undo]")).to_have_count(count)


def test_a_note_with_a_photo_is_written_offline_and_arrives_once(page, customer, seller):
    written_offline(page, customer)
    page.reload()
    page.locator("#notes").get_by_role("button", name="Open").click()
    expect(page.locator("[name=content]")).to_have_value(TEXT)
    expect(page.locator(".photo img")).to_have_count(1)
    page.locator("#save").click()
    page.locator("#notes", has_text="Waiting").wait_for()
    page.reload()
    page.locator("#notes", has_text="Waiting").wait_for()
    page.context.set_offline(False)
    page.wait_for_url("**/visits/new/")
    arrives(page)
    visit = logged(customer).get()
    assert (visit.by, visit.kind, visit.content) == (seller, "complaint", TEXT)
    assert visit.files.count() == 1


def test_a_photo_leaves_where_it_was_taken_behind(page, customer):
    sent = []
    page.on("request", lambda request: sent.append(request) if "/photos/" in request.url else None)
    page.goto(f"/customers/{customer.number}/visits/new/")
    page.locator("[name=content]").fill(TEXT)
    page.locator("#photo-input").set_input_files(photo())
    page.locator(".photo img").wait_for()
    page.locator("#save").click()
    page.wait_for_url(f"**/customers/{customer.number}/")
    arrives(page)
    kept = logged(customer).get().files.get().file.open("rb").read()
    assert max(Image.open(io.BytesIO(kept)).size) == 1600
    assert GPS not in kept
    assert len(sent) == 1


def test_an_answer_about_a_photo_that_got_lost_does_not_double_it(page, customer):
    def swallow(route):
        route.fetch()
        route.abort()

    page.route(re.compile(r"/visits/\d+/photos/"), swallow)
    page.goto(f"/customers/{customer.number}/visits/new/")
    page.locator("[name=content]").fill(TEXT)
    page.locator("#photo-input").set_input_files(photo())
    page.locator(".photo img").wait_for()
    page.locator("#save").click()
    page.wait_for_url(f"**/customers/{customer.number}/")
    assert Document.objects.count() == 1
    page.unroute_all()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    arrives(page)
    assert logged(customer).get().files.count() == 1


def test_two_tabs_send_one_note(page, customer):
    """Both show the same note; one sends it, the other hears of it."""
    path = f"/customers/{customer.number}/visits/new/"
    page.goto(path)
    page.locator("[name=content]").fill(TEXT)
    wait_for_state(page, "saved")
    second = page.context.new_page()
    second.goto(path)
    expect(second.locator("[name=content]")).to_have_value(TEXT)
    page.context.set_offline(True)
    page.locator("#save").click()
    for tab in (page, second):
        wait_for_state(tab, "waiting")
    page.context.set_offline(False)
    for tab in (page, second):
        tab.wait_for_url(f"**/customers/{customer.number}/")
    assert logged(customer).count() == 1


def test_the_newer_of_two_drafts_is_shown_and_the_other_kept(page, browse, seller, customer):
    path = f"/customers/{customer.number}/visits/new/"
    page.goto(path)
    page.route("**/visits/draft/", lambda route: route.abort())
    page.locator("[name=content]").fill("On the phone.")
    wait_for_state(page, "device")
    desk = browse(seller)
    desk.goto(path)
    desk.locator("[name=content]").fill("At the desk.")
    wait_for_state(desk, "saved")
    page.goto(path)
    expect(page.locator("[name=content]")).to_have_value("At the desk.")
    page.get_by_role("button", name="Show the draft from").click()
    expect(page.locator("[name=content]")).to_have_value("On the phone.")
    page.get_by_role("button", name="Show the draft from").click()
    expect(page.locator("[name=content]")).to_have_value("At the desk.")


def test_a_sent_note_is_taken_back_with_its_photo_and_written_on(page, customer, seller):
    page.goto(f"/customers/{customer.number}/visits/new/")
    page.locator("[name=content]").fill(TEXT)
    page.locator("#photo-input").set_input_files(photo())
    page.locator(".photo img").wait_for()
    page.locator("#save").click()
    page.wait_for_url(f"**/customers/{customer.number}/")
    page.locator("[data-undo]").click()
    page.wait_for_url("**/visits/new/")
    expect(page.locator("[name=content]")).to_have_value(TEXT)
    expect(page.locator(".photo img")).to_have_count(1)
    assert not logged(customer).exists()
    assert not Document.objects.exists()
    assert AuditEntry.objects.get(verb="visit.taken_back").actor == seller
    page.locator("#save").click()
    page.wait_for_url(f"**/customers/{customer.number}/")
    arrives(page)
    assert logged(customer).get().files.count() == 1


def test_signing_out_asks_first_and_wipes_then(page, customer):
    page.goto(f"/customers/{customer.number}/visits/new/")
    page.locator("[name=content]").fill(TEXT)
    page.locator("#photo-input").set_input_files(photo())
    page.locator(".photo img").wait_for()
    wait_for_state(page, "saved")
    page.goto("/notices/")
    sign_out = "document.querySelector('form[data-logout]').requestSubmit()"
    page.evaluate(sign_out)
    page.get_by_role("button", name="Stay signed in").click()
    assert page.evaluate(STORED) == 2
    page.evaluate(sign_out)
    page.get_by_role("button", name="Sign out and lose them").click()
    page.wait_for_url("**/account/login/**")
    assert page.evaluate(STORED) == 0
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('dossier'))") == []


def test_another_person_on_the_device_finds_nothing(page, customer, colleague, client, live_server):
    page.goto(f"/customers/{customer.number}/visits/new/")
    page.locator("[name=content]").fill(TEXT)
    wait_for_state(page, "saved")
    client.force_login(colleague)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([session])
    page.goto("/notices/")
    page.wait_for_function("(user) => localStorage.getItem('dossier-user') === user", arg=str(colleague.pk))
    assert page.evaluate(STORED) == 0
    assert VisitDraft.objects.count() == 1


def test_who_may_log_no_visits_any_more_keeps_none(page, customer, seller):
    page.goto(f"/customers/{customer.number}/visits/new/")
    page.locator("[name=content]").fill(TEXT)
    wait_for_state(page, "device")
    seller.role = "auditor"
    seller.save()
    page.goto("/notices/")
    page.wait_for_function("() => localStorage.getItem('dossier-places') === null")
    page.wait_for_function(f"async () => (await ({STORED})()) === 0")


def test_a_device_without_room_says_so_and_still_sends(browse, seller, customer):
    page = browse(seller)
    page.add_init_script("Object.defineProperty(window, 'indexedDB', {value: undefined})")
    page.goto(f"/customers/{customer.number}/visits/new/")
    page.route("**/visits/draft/", lambda route: route.abort())
    page.locator("[name=content]").fill(TEXT)
    wait_for_state(page, "memory")
    page.get_by_text("Leave this page open until the note is sent.").wait_for()
    page.context.set_offline(True)
    page.locator("#save").click()
    wait_for_state(page, "waiting")
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_url(f"**/customers/{customer.number}/")
    assert logged(customer).get().content == TEXT
