"""The list as a file: the same filters, harmless cells, an entry in the trail; and not for everybody."""

import csv
from decimal import Decimal

import pytest

from archives.commands.exports import harmless
from crm.core.models import AuditEntry
from tests.factories import CustomerFactory

EXPORT = "/customers.csv"


def table(response) -> list[list[str]]:
    content = b"".join(response.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(content.decode("utf-8-sig").splitlines()))


@pytest.fixture
def rows(seller, colleague, region):
    return [
        CustomerFactory(
            number="C-1",
            name="=cmd()",
            owner=seller,
            region=region,
            standing__segment="A",
            standing__limit=Decimal("100.00"),
            standing__available=Decimal("-5.00"),
        ),
        CustomerFactory(number="C-2", owner=colleague, region=region),
        CustomerFactory(number="C-3"),
    ]


def test_holds_what_the_list_shows(rows, page_as, manager, officer):
    assert [line[0] for line in table(page_as(manager).get(EXPORT))] == ["Number", "C-1", "C-2"]
    assert [line[0] for line in table(page_as(officer).get(f"{EXPORT}?segment=A"))] == ["Number", "C-1"]
    assert [line[0] for line in table(page_as(officer).get(f"{EXPORT}?ordering=-number"))][1:] == ["C-3", "C-2", "C-1"]


def test_cells_are_harmless_and_sums_stay_sums(rows, page_as, officer):
    line = table(page_as(officer).get(f"{EXPORT}?segment=A"))[1]
    assert line[1] == "'=cmd()"
    assert "-5.00" in line


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_nothing_begins_like_a_formula(start):
    assert harmless(f"{start}1+1") == f"'{start}1+1"


def test_the_trail_knows_who_took_what(rows, page_as, officer):
    table(page_as(officer).get(f"{EXPORT}?segment=A"))
    entry = AuditEntry.objects.get(verb="customers.exported")
    assert entry.actor == officer
    assert entry.changes == {"what": "customers", "filters": "segment=A", "rows": 1}


@pytest.mark.parametrize("who", ["seller", "auditor", "admin"])
def test_not_for_everybody(rows, page_as, request, who):
    client = page_as(request.getfixturevalue(who))
    assert client.get(EXPORT).status_code == 403
    assert not AuditEntry.objects.exists()


def test_the_button_is_there_for_those_who_may(rows, page_as, seller, officer):
    assert EXPORT.encode() in page_as(officer).get("/customers/").content
    assert EXPORT.encode() not in page_as(seller).get("/customers/").content


def test_too_many_rows_are_refused_with_a_sentence(rows, page_as, officer, monkeypatch):
    monkeypatch.setattr("archives.views.customers.EXPORT_CAP", 2)
    response = page_as(officer).get(f"{EXPORT}?ordering=name", follow=True)
    assert response.redirect_chain[0][0] == "/customers/?ordering=name"
    assert b"at most 2 customers" in response.content
    assert not AuditEntry.objects.exists()


def test_unknown_parameters_take_nothing_out(rows, page_as, officer):
    response = page_as(officer).get(f"{EXPORT}?colour=red")
    assert response.status_code == 302
    assert not AuditEntry.objects.exists()
