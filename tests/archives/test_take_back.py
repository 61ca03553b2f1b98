"""A note that was sent by mistake is taken back, and photos come after their note: what is done, what is refused."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from archives.commands.plans import plan_visit
from archives.commands.visits import finish_next_step, post_visit
from archives.models import Document, Standing, Visit, VisitPlan
from archives.rules.visits import MOST_PHOTOS, TAKE_BACK_WITHIN
from crm.core.models import AuditEntry
from tests.archives.test_post_visit import picture
from tests.archives.test_visit_page import PDF

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
JSON = {"Accept": "application/json"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files_apart(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


def posted(customer, by, **more):
    return post_visit(customer, by=by, kind="site", happened_at=NOW, content="Stock is normal.", now=NOW, **more)[0]


@pytest.fixture
def visit(customer, seller):
    return posted(customer, seller)


def take_back(client, visit, **more):
    return client.post(f"/visits/{visit.pk}/take-back/", **more)


def add_photo(client, visit, content=None, *, photo_id=None):
    file = SimpleUploadedFile("line.jpg", picture() if content is None else content)
    return client.post(
        f"/visits/{visit.pk}/photos/", {"photo_id": photo_id or uuid.uuid4(), "file": file}, headers=JSON
    )


# --- Taking back -----------------------------------------------------------------------------------------------------
def test_it_leaves_the_archive_with_its_photos(page_as, seller, customer, visit, django_capture_on_commit_callbacks):
    client = page_as(seller)
    add_photo(client, visit)
    photo = Document.objects.get().file
    with django_capture_on_commit_callbacks(execute=True):
        assert take_back(client, visit)["Location"] == customer.get_absolute_url()
    assert not photo.storage.exists(photo.name)
    assert not Visit.objects.exists()
    assert not Document.objects.exists()
    assert Standing.objects.get(customer=customer).last_met_on is None
    assert AuditEntry.objects.get(verb="visit.taken_back").changes["content"] == "Stock is normal."


def test_a_second_click_finds_nothing(page_as, seller, visit):
    client = page_as(seller)
    assert take_back(client, visit, headers=JSON).status_code == 204
    assert take_back(client, visit, headers=JSON).status_code == 404


def test_its_plan_is_open_again(page_as, seller, customer, today):
    plan = plan_visit(customer, day=today, by=seller, today=today)
    take_back(page_as(seller), posted(customer, seller))
    plan.refresh_from_db()
    assert plan.state_choice == "open"


def test_a_day_that_was_planned_anew_stays_planned_once(page_as, seller, customer, today):
    first = plan_visit(customer, day=today, by=seller, today=today)
    visit = posted(customer, seller)
    anew = plan_visit(customer, day=today, by=seller, today=today)
    assert take_back(page_as(seller), visit, headers=JSON).status_code == 204
    first.refresh_from_db()
    assert first.state_choice == "cancelled"
    assert list(VisitPlan.objects.open()) == [anew]
    assert AuditEntry.objects.filter(verb="visit_plan.cancelled").count() == 1


def test_too_late_it_stays(page_as, seller, customer, visit, clock):
    clock.move_to(NOW + TAKE_BACK_WITHIN + timedelta(minutes=1))
    answer = take_back(page_as(seller), visit, headers=JSON)
    assert (answer.status_code, answer.json()["detail"]) == (409, "It is too late to take this note back.")
    page = page_as(seller).post(f"/visits/{visit.pk}/take-back/", follow=True)
    assert "It is too late to take this note back." in page.content.decode()
    assert Visit.objects.get() == visit


def test_what_was_acted_on_stays(page_as, seller, customer, today):
    visit = posted(customer, seller, next_step="Send offer")
    finish_next_step(visit.pk, by=seller, today=today)
    assert take_back(page_as(seller), visit, headers=JSON).status_code == 409


def test_somebody_elses_stays(page_as, manager, outsider, auditor, visit):
    answer = take_back(page_as(manager), visit, headers=JSON)
    assert (answer.status_code, answer.json()["detail"]) == (403, "Only who wrote a note can take it back.")
    assert take_back(page_as(outsider), visit, headers=JSON).status_code == 404
    assert take_back(page_as(auditor), visit, headers=JSON).status_code == 403
    assert Visit.objects.get() == visit


# --- Photos that follow their note -----------------------------------------------------------------------------------
def test_a_photo_sent_again_stays_one(page_as, seller, visit):
    client, photo_id = page_as(seller), uuid.uuid4()
    first, again = (add_photo(client, visit, photo_id=photo_id) for _attempt in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == {"photo": str(photo_id)}
    assert visit.files.count() == 1


def test_a_photo_of_another_note_is_refused(page_as, seller, customer, visit):
    client, photo_id = page_as(seller), uuid.uuid4()
    add_photo(client, visit, photo_id=photo_id)
    answer = add_photo(client, posted(customer, seller), photo_id=photo_id)
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "Another photo has this identifier already. Add it again.",
    )


def test_others_add_none(page_as, manager, outsider, visit):
    answer = add_photo(page_as(manager), visit)
    assert (answer.status_code, answer.json()["detail"]) == (403, "Only who wrote a note can add photos to it.")
    assert add_photo(page_as(outsider), visit).status_code == 404
    assert not Document.objects.exists()


def test_a_note_holds_a_few_dozen(page_as, seller, customer, visit):
    Document.objects.bulk_create(
        Document(customer=customer, visit=visit, file=f"{number}.jpg", title="line.jpg", size=1, by=seller)
        for number in range(MOST_PHOTOS)
    )
    answer = add_photo(page_as(seller), visit)
    assert (answer.status_code, answer.json()["detail"]) == (409, "A note holds 30 photos at most.")


@pytest.mark.parametrize("content", [PDF, b"", b"no picture"])
def test_what_is_no_picture_is_refused(page_as, seller, visit, content):
    answer = add_photo(page_as(seller), visit, content)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(".")
    assert not Document.objects.exists()
