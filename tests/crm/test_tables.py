"""The ranking, the trail, jobs, people and papers as tables: narrowed, in one's own columns, page by page."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from archives.models import Document
from crm.core import audit
from crm.core.models import Job, SavedView
from scoring.commands.ranking import rank_customers
from tests.factories import CustomerFactory, SalesRecordFactory, UserFactory


def one_more(page: str, number: int, customer, by) -> None:
    """Another row of the list."""
    if page == "/audit/":
        audit.record("customers.exported", by, by=by, rows=number)
    elif page == "/people/":
        UserFactory(username=f"person-{number}", team=by.team)
    elif page == "/jobs/":
        Job.objects.create(kind="export_customers", key=str(number), by=by)
    elif page == "/scoring/":
        SalesRecordFactory(customer=CustomerFactory(owner=by))
        rank_customers(as_of=date(2026, 11, 21))
    else:
        stored = {"file": f"{number}.pdf", "content_type": "application/pdf", "size": 1}
        Document.objects.create(customer=customer, title=f"Contract {number}", by=by, **stored)


PAGES = [
    ("auditor", "/audit/"),
    ("admin", "/people/"),
    ("officer", "/jobs/"),
    ("officer", "/scoring/"),
    ("officer", "/customers/C-100234/documents/"),
]


@pytest.mark.parametrize(("who", "page"), PAGES)
def test_three_rows_cost_what_one_does(request, page_as, customer, seller, who, page):
    client = page_as(request.getfixturevalue(who))
    client.get(page)
    asked = []
    for count in (1, 2):
        for number in range(count):
            one_more(page, 10 * count + number, customer, seller)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(page)
        asked.append(len(captured))
        assert answer.status_code == 200 and len(answer.context["rows"]) >= count
    assert asked[0] == asked[1]


@pytest.mark.parametrize(("who", "page"), PAGES[:4])
def test_what_is_not_understood_is_said_and_the_list_stays(request, page_as, customer, seller, who, page):
    one_more(page, 1, customer, seller)
    answer = page_as(request.getfixturevalue(who)).get(f"{page}?colour=red&cursor=abc")
    assert answer.status_code == 400 and "colour" in answer.content.decode()
    assert answer.context["rows"]


@pytest.mark.parametrize(
    ("who", "page", "name", "column"),
    [
        ("auditor", "/audit/", "audit", "request"),
        ("admin", "/people/", "people", "team"),
        ("officer", "/jobs/", "jobs", "finished_at"),
        ("officer", "/scoring/", "ranking", "previous"),
    ],
)
def test_columns_are_chosen_and_views_kept(request, page_as, customer, seller, who, page, name, column):
    one_more(page, 1, customer, seller)
    client = page_as(request.getfixturevalue(who))
    chosen = client.post(f"/lists/{name}/columns/", {"column": [column]}, follow=True)
    assert chosen.context["table"].names[1:] == [column]
    kept = client.post(f"/lists/{name}/views/", {"name": "Mine", "query": "", "columns": column}, follow=True)
    assert kept.context["opened"].view == SavedView.objects.get(page=name)


def test_the_trail_is_narrowed_to_days(page_as, auditor, seller):
    audit.record("customers.exported", seller, by=seller)
    client = page_as(auditor)
    assert len(client.get("/audit/?since=2026-01-01&until=2100-01-01").context["rows"]) == 1
    assert client.get("/audit/?until=2026-01-01").context["rows"] == []


def test_details_of_the_trail_are_words(page_as, auditor, seller):
    audit.record("customers.ranked", seller, by=seller, counts={"A": 1, "B": 0}, limit=[None, 5])
    text = page_as(auditor).get("/audit/").content.decode()
    assert "counts: A: 1, B: 0" in text and "limit: – → 5" in text


def test_people_are_narrowed(page_as, admin, seller, officer):
    seller.is_active = False
    seller.save()
    client = page_as(admin)
    assert [row.key for row in client.get("/people/?active=false").context["rows"]] == [str(seller.pk)]
    assert [row.key for row in client.get("/people/?role=credit_officer").context["rows"]] == [str(officer.pk)]
    assert [row.key for row in client.get("/people/?name=chen").context["rows"]] == [str(officer.pk)]
    assert [row.key for row in client.get(f"/people/?team={seller.team.code}").context["rows"]] == [str(seller.pk)]


def test_jobs_are_narrowed_by_their_state(page_as, officer):
    done = Job.objects.create(kind="x", key="1", by=officer, state="done")
    Job.objects.create(kind="x", key="2", by=officer)
    assert [row.key for row in page_as(officer).get("/jobs/?state=done,failed").context["rows"]] == [str(done.pk)]


def test_many_papers_have_pages(page_as, customer, seller, monkeypatch):
    monkeypatch.setattr("crm.views.documents.PAGE_SIZE", 2)
    for number in range(3):
        one_more("papers", number, customer, seller)
    client, address = page_as(seller), f"/customers/{customer.number}/documents/"
    first = client.get(address).context["page"]
    assert len(first.rows) == 2 and len(client.get(f"{address}?cursor={first.next}").context["rows"]) == 1
    assert "belongs to another list" in client.get(f"{address}?cursor=abc").content.decode()
