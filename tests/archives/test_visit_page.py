"""The page of a visit note, its draft and its next step, as the server sees them."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives.models import Contact, Document, Visit, VisitDraft, VisitPlan
from tests.factories import CustomerFactory

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def path(customer):
    return f"/customers/{customer.number}/visits/new/"


@pytest.fixture
def draft_path(customer):
    return f"/customers/{customer.number}/visits/draft/"


def written(**more):
    return {"client_id": str(uuid.uuid4()), "kind": "site", "content": "Stock is normal."} | more


def test_a_plain_post_is_a_note(page_as, seller, customer, path):
    """Without a script: saved, and back to the customer."""
    response = page_as(seller).post(path, written(people=["陈建国"], others="王丽、赵敏", next_step="Quote"))
    assert response["Location"] == f"/customers/{customer.number}/"
    visit = Visit.objects.get()
    assert (visit.by, visit.people, visit.next_step) == (seller, ["陈建国", "王丽", "赵敏"], "Quote")


def test_a_script_is_answered_in_json(page_as, seller, path):
    client, note = page_as(seller), written()
    first = client.post(path, note, headers={"Accept": "application/json"})
    again = client.post(path, note, headers={"Accept": "application/json"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["visit"] == again.json()["visit"]
    assert Visit.objects.count() == 1


def test_answers_of_the_checklist_are_kept(page_as, seller, path):
    page_as(seller).post(path, written(**{"check-stock": "6", "check-signs_of_trouble": "no"}))
    assert Visit.objects.get().checklist == {"stock": 6, "signs_of_trouble": False}


def test_an_answer_without_words_is_a_note(page_as, seller, path):
    assert page_as(seller).post(path, written(content="", **{"check-stock": "6"})).status_code == 302


def test_nothing_is_not_a_note(page_as, seller, path):
    response = page_as(seller).post(path, written(content="  "))
    assert response.status_code == 400
    assert "Write what was learnt" in response.content.decode()


def test_a_refused_note_keeps_everything_typed(page_as, seller, path):
    response = page_as(seller).post(
        path, written(kind="call", minutes="9999", next_step="Quote", **{"check-stock": "3"})
    )
    page = response.content.decode()
    assert response.status_code == 400
    assert "Stock is normal." in page and 'value="Quote"' in page
    assert response.context["typed"]["answers"] == {"stock": "3"}
    assert response.context["typed"]["kind"] == "call"


def test_a_script_hears_the_sentence(page_as, seller, path):
    response = page_as(seller).post(path, written(content=""), headers={"Accept": "application/json"})
    assert response.status_code == 400
    assert response.json()["errors"]["content"] == response.json()["detail"]


@pytest.mark.parametrize("field", ["kind", "happened_at", "minutes", "next_step_due", "client_id"])
def test_what_cannot_be_read_is_refused(page_as, seller, path, field):
    assert page_as(seller).post(path, written(**{field: "nonsense"})).status_code == 400


def test_a_file_comes_along(page_as, seller, path):
    page_as(seller).post(path, written(files=SimpleUploadedFile("offer.pdf", PDF)))
    assert Document.objects.get().visit == Visit.objects.get()


def test_a_file_that_is_not_taken_stops_the_note(page_as, seller, path):
    assert page_as(seller).post(path, written(files=SimpleUploadedFile("x.exe", b"MZ\x90\x00"))).status_code == 400
    assert not Visit.objects.exists()


def test_the_page_offers_the_people_who_are_still_there(page_as, seller, customer, path):
    Contact.objects.create(customer=customer, name="陈建国")
    Contact.objects.create(customer=customer, name="王丽", left_on="2026-01-01")
    page = page_as(seller).get(path).content.decode()
    assert "陈建国" in page and "王丽" not in page


def test_a_draft_comes_back(page_as, seller, path, draft_path):
    client, note = page_as(seller), written(**{"check-stock": "3"})
    assert client.post(draft_path, note, headers={"Accept": "application/json"}).status_code == 204
    response = client.get(path)
    assert "Stock is normal." in response.content.decode()
    assert str(response.context["typed"]["client_id"]) == note["client_id"]
    assert response.context["typed"]["answers"] == {"stock": "3"}


def test_a_draft_is_its_writers_alone(page_as, seller, manager, path, draft_path):
    page_as(seller).post(draft_path, written())
    assert "Stock is normal." not in page_as(manager).get(path).content.decode()


def test_a_sent_note_leaves_no_draft_even_when_one_comes_late(page_as, seller, path, draft_path):
    client, note = page_as(seller), written()
    client.post(draft_path, note)
    client.post(path, note)
    client.post(draft_path, note)
    assert not VisitDraft.objects.exists()


def test_a_draft_is_discarded(page_as, seller, draft_path):
    client = page_as(seller)
    client.post(draft_path, written())
    client.post(draft_path, {"discard": "1"})
    assert not VisitDraft.objects.exists()


@pytest.mark.parametrize("bad", [{"client_id": "nonsense"}, {"content": "x" * 70_000}])
def test_what_is_no_draft_is_refused(page_as, seller, draft_path, bad):
    assert page_as(seller).post(draft_path, written(**bad)).status_code == 400
    assert not VisitDraft.objects.exists()


@pytest.mark.parametrize(("role", "status"), [("auditor", 403), ("outsider", 404)])
def test_others_keep_no_draft(page_as, role, status, draft_path, request):
    assert page_as(request.getfixturevalue(role)).post(draft_path, written()).status_code == status


@pytest.fixture
def visit(customer, seller):
    return Visit.objects.create(
        customer=customer, by=seller, kind="site", happened_at=timezone.now(), content="…", next_step="Quote"
    )


def test_a_next_step_gets_done(page_as, seller, visit):
    client, path = page_as(seller), f"/visits/{visit.pk}/done/"
    assert client.post(path, {"next": "/follow-ups/"})["Location"] == "/follow-ups/"
    visit.refresh_from_db()
    assert visit.next_step_done_on == timezone.localdate()


def test_done_leads_nowhere_else(page_as, seller, visit):
    response = page_as(seller).post(f"/visits/{visit.pk}/done/", {"next": "https://example.org/"})
    assert response["Location"] == visit.customer.get_absolute_url()


def test_done_twice_is_refused_in_words(page_as, seller, visit):
    client, path = page_as(seller), f"/visits/{visit.pk}/done/"
    client.post(path)
    assert "done already" in client.post(path, follow=True).content.decode()


def test_another_sellers_step_is_not_there(page_as, outsider, visit):
    assert page_as(outsider).post(f"/visits/{visit.pk}/done/").status_code == 404


# --- A note from anywhere ---------------------------------------------------------------------------------------------
def test_choosing_costs_the_same_with_one_and_three(page_as, seller, today, django_assert_num_queries):
    client = page_as(seller)

    def one_more():
        """A customer with a plan, one with a draft, one visited lately."""
        planned, begun, visited = (CustomerFactory(owner=seller, name="晨光") for _each in range(3))
        VisitPlan.objects.create(customer=planned, person=seller, day=today, planned_by=seller)
        VisitDraft.objects.create(customer=begun, by=seller, client_id=uuid.uuid4(), fields={})
        Visit.objects.create(customer=visited, by=seller, happened_at=timezone.now(), kind="call", content="Earlier.")

    def asked(path):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    one_more()
    client.get("/visits/new/")
    paths = ("/visits/new/", "/visits/new/?q=晨光", "/visits/at-hand/")
    costs = [asked(path) for path in paths]
    one_more()
    one_more()
    for path, cost in zip(paths, costs, strict=True):
        with django_assert_num_queries(cost):
            answer = client.get(path)
    assert len(answer.json()["places"]) == 6
    context = client.get(paths[1]).context
    assert [len(context[name]) for name in ("plans", "drafts", "lately", "found")] == [3, 3, 3, 9]


def test_a_search_shows_what_is_mine_alone(page_as, seller, outsider):
    CustomerFactory(owner=seller, name="晨光")
    assert "晨光" in page_as(seller).get("/visits/new/?q=晨光").content.decode().split("<main", 1)[1]
    assert page_as(outsider).get("/visits/new/?q=晨光").context["found"] == []
