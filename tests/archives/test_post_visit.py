"""A visit note: posted once however often it is sent, refused when it says nothing, with files and a next step."""

import io
import uuid
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from archives.commands.documents import store_document
from archives.commands.visits import discard_draft, finish_next_step, post_visit, save_draft
from archives.models import Document, Visit, VisitDraft
from crm.core.errors import Invalid, Refused
from crm.core.models import AuditEntry
from tests.factories import CustomerFactory

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NOTE = {"kind": "site", "happened_at": NOW, "content": "New grinding line runs.", "now": NOW}
VISITS = "/api/v1/visits/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files_apart(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def picture(form: str = "JPEG", **extra) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (40, 20), "navy").save(drawn, form, **extra)
    return drawn.getvalue()


def located_picture() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Phone maker"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[1] = "N"
    return picture(exif=exif)


def packed(*names: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name in names:
            file.writestr(name, "<xml/>")
    return archive.getvalue()


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_it_keeps_the_note(customer, seller):
    visit, created = post_visit(
        customer, by=seller, **NOTE, people=["Chen Gang"], minutes=45, next_step="Send offer",
        next_step_due=date(2026, 12, 1), checklist={"premises": 9, "management_met": "yes"},
    )  # fmt: skip
    assert created
    visit.refresh_from_db()
    assert (visit.people, visit.minutes, visit.checklist) == (
        ["Chen Gang"],
        45,
        {"premises": 9, "management_met": True},
    )
    assert AuditEntry.objects.get(verb="visit.posted").customer_id == customer.pk


def test_sent_again_it_is_the_first_visit(customer, seller):
    client_id = uuid.uuid4()
    first, _created = post_visit(customer, by=seller, client_id=client_id, **NOTE)
    again, created = post_visit(customer, by=seller, client_id=client_id, **NOTE | {"content": "Other words"})
    assert (again.pk, again.content, created) == (first.pk, first.content, False)
    assert Visit.objects.count() == AuditEntry.objects.filter(verb="visit.posted").count() == 1


def test_an_identifier_of_somebody_elses_note_is_refused(customer, seller, colleague):
    client_id = uuid.uuid4()
    post_visit(customer, by=seller, client_id=client_id, **NOTE)
    with pytest.raises(Refused, match="identifier"):
        post_visit(customer, by=colleague, client_id=client_id, **NOTE)
    with pytest.raises(Refused, match="identifier"):
        post_visit(CustomerFactory(owner=seller), by=seller, client_id=client_id, **NOTE)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"content": "  "}, "content"),
        ({"kind": "telepathy"}, "kind"),
        ({"minutes": 1441}, "minutes"),
        ({"happened_at": NOW + timedelta(days=1, seconds=1)}, "happened_at"),
        ({"checklist": {"premises": 11}}, "checklist.premises"),
        ({"checklist": {"premises": True}}, "checklist.premises"),
        ({"checklist": {"premises": "9"}}, "checklist.premises"),
        ({"checklist": {"management_met": 7}}, "checklist.management_met"),
        ({"checklist": {"weather": 7}}, "checklist.weather"),
    ],
)
def test_what_cannot_be_a_note_is_refused(customer, seller, change, place):
    with pytest.raises(Invalid) as refused:
        post_visit(customer, by=seller, **NOTE | change)
    assert list(refused.value.errors) == [place]
    assert not Visit.objects.exists()


def test_a_checklist_alone_says_enough(customer, seller):
    visit, _created = post_visit(customer, by=seller, **NOTE | {"content": ""}, checklist={"stock": 3})
    assert visit.checklist == {"stock": 3}


def test_a_photo_comes_along_without_place_and_device(customer, seller):
    photo = upload("IMG 01.jpg", located_picture())
    assert b"Phone maker" in photo.read()
    photo.seek(0)
    visit, _created = post_visit(customer, by=seller, **NOTE, files=[photo])
    document = visit.files.get()
    kept = document.file.read()
    assert b"Phone maker" not in kept and not Image.open(io.BytesIO(kept)).getexif()
    assert Image.open(io.BytesIO(kept)).size == (20, 40)  # set upright
    assert document.title == "IMG 01" and "IMG" not in document.file.name


def test_a_file_that_is_refused_leaves_no_note(customer, seller):
    with pytest.raises(Invalid, match="none of them"):
        post_visit(customer, by=seller, **NOTE, files=[upload("photo.jpg", b"<svg onload=alert(1)>")])
    assert not Visit.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.jpg", b"", "empty"),
        ("a.html", b"<!doctype html><script>alert(1)</script>", "none of them"),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "none of them"),
        ("a.exe", b"MZ" + bytes(200), "none of them"),
        ("a.csv", b"a,b\n1,\x00\n", "none of them"),
        ("a.zip", packed("a.txt"), "only XLSX and DOCX"),
        ("a.xlsx", packed("xl/workbook.xml", "xl/vbaProject.bin"), "macros"),
        ("a.xlsx", b"PK\x03\x04 and then nothing", "damaged"),
        ("a.png", picture("PNG")[:60], "cannot be read"),
    ],
)
def test_what_the_archive_does_not_take(customer, seller, name, content, sentence):
    with pytest.raises(Invalid, match=sentence):
        store_document(customer, upload(name, content), by=seller)
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("contract.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n", "application/pdf"),
        ("stamp.jpg", picture("PNG"), "image/png"),  # the content decides, not the name
        ("list.csv", "编号,名称\n1,晨光\n".encode("gb18030"), "text/csv"),
        ("list.xlsx", packed("[Content_Types].xml", "xl/workbook.xml"), (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        )),
    ],
)  # fmt: skip
def test_what_the_archive_takes(customer, seller, name, content, content_type):
    document = store_document(customer, upload(name, content), by=seller, kind="contract", title="Frame contract")
    assert (document.content_type, document.title) == (content_type, "Frame contract")
    assert document.size == len(document.file.read())


def test_too_large_is_refused_by_size(customer, seller, settings):
    settings.FILE_UPLOAD_MAX_BYTES = 1024 * 1024
    with pytest.raises(Invalid, match="larger than 1 MB"):
        store_document(customer, upload("a.csv", b"a" * (1024 * 1024 + 1)), by=seller)


def test_a_paper_is_handed_out_as_a_download_and_noted(page_as, seller, customer):
    document = store_document(customer, upload("list.csv", b"a;b\n"), by=seller, title="清单")
    answer = page_as(seller).get(f"/documents/{document.pk}/")
    assert b"".join(answer.streaming_content) == b"a;b\n"
    assert answer["Content-Disposition"].startswith("attachment;") and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert AuditEntry.objects.get(verb="document.opened").actor == seller


def test_a_paper_of_an_unseen_customer_is_not_there(page_as, seller, outsider, customer):
    document = store_document(customer, upload("list.csv", b"a;b\n"), by=seller)
    assert page_as(outsider).get(f"/documents/{document.pk}/").status_code == 404
    assert page_as(outsider).get(f"/documents/{uuid.uuid4()}/").status_code == 404


def test_a_next_step_is_done_once(customer, seller, today):
    visit, _created = post_visit(customer, by=seller, **NOTE, next_step="Send offer")
    assert finish_next_step(visit.pk, by=seller, today=today).next_step_done_on == today
    with pytest.raises(Refused, match="done already"):
        finish_next_step(visit.pk, by=seller, today=today)
    bare, _created = post_visit(customer, by=seller, **NOTE)
    with pytest.raises(Refused, match="no next step"):
        finish_next_step(bare.pk, by=seller, today=today)


def test_a_draft_lasts_until_its_note_is_posted(customer, seller):
    client_id = uuid.uuid4()
    save_draft(customer, by=seller, client_id=client_id, fields={"content": "New"})
    save_draft(customer, by=seller, client_id=client_id, fields={"content": "New grinding"})
    assert VisitDraft.objects.get().fields == {"content": "New grinding"}
    post_visit(customer, by=seller, client_id=uuid.uuid4(), **NOTE)
    assert VisitDraft.objects.exists()
    post_visit(customer, by=seller, client_id=client_id, **NOTE)
    assert not VisitDraft.objects.exists()
    save_draft(customer, by=seller, client_id=uuid.uuid4(), fields={})
    discard_draft(customer, by=seller)
    assert not VisitDraft.objects.exists()


BODY = {
    "customer": "C-100234", "happened_at": "2026-11-17T08:00:00Z", "kind": "site", "content": "New line.",
    "people": ["Chen Gang"], "minutes": 45, "next_step": "Send offer", "next_step_due": "2026-12-01",
    "checklist": {"premises": 9}, "client_id": "7b0e1f39-6d1e-4e4f-9f64-0d6f1d1c0a11",
}  # fmt: skip


def test_over_rest_the_same_note_again_is_200(api, customer):
    first = api.post(VISITS, BODY)
    again = api.post(VISITS, BODY)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["checklist"] == {"premises": 9} and first.json()["by"] == "erp"


def test_over_rest_notes_are_listed_by_customer_and_day(api, customer, seller):
    post_visit(CustomerFactory(), by=seller, **NOTE)
    api.post(VISITS, BODY)
    assert len(api.get(VISITS).json()["results"]) == 2
    assert [row["customer"] for row in api.get(VISITS, {"customer": "C-100234"}).json()["results"]] == ["C-100234"]
    assert len(api.get(VISITS, {"since": "2026-11-20T00:00:00Z"}).json()["results"]) == 1
    assert api.get(VISITS, {"colour": "red"}).status_code == 400


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"checklist": {"premises": 0}}, "/checklist/premises"),
        ({"checklist": [1]}, "/checklist"),
        ({"content": "", "checklist": {}}, "/content"),
        ({"kind": "x"}, "/kind"),
        ({"weather": "fine"}, "/weather"),
    ],
)
def test_over_rest_a_bad_field_is_named(api, customer, change, pointer):
    answer = api.post(VISITS, BODY | change)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


def test_over_rest_an_unseen_customer_is_not_there(api_as, outsider, customer):
    assert api_as(outsider).post(VISITS, BODY).status_code == 404
