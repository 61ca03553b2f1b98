"""The list as a file: the same filters, harmless cells, an entry in the trail; and not for everybody."""

import csv
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archives.commands import exports as commands
from crm.core import exports, jobs
from crm.core.exports import harmless
from crm.core.models import AuditEntry, ExportPart, Job, Notice
from crm.core.roles import Role
from crm.core.tasks import sweep
from tests.factories import CustomerFactory

EXPORT = "/customers.csv"


def table(response) -> list[list[str]]:
    assert "attachment" in response["Content-Disposition"] and "no-store" in response["Cache-Control"]
    content = response.getvalue()
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
    assert [line[0] for line in table(page_as(manager).post(EXPORT))] == ["Number", "C-1", "C-2"]
    assert [line[0] for line in table(page_as(officer).post(f"{EXPORT}?segment=A"))] == ["Number", "C-1"]
    assert [line[0] for line in table(page_as(officer).post(f"{EXPORT}?ordering=-number"))][1:] == ["C-3", "C-2", "C-1"]


def test_cells_are_harmless_and_sums_stay_sums(rows, page_as, officer):
    line = table(page_as(officer).post(f"{EXPORT}?segment=A"))[1]
    assert line[1] == "'=cmd()"
    assert "-5.00" in line


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_nothing_begins_like_a_formula(start):
    assert harmless(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("number", [-5, 0, Decimal("-5.00")])
def test_numbers_stay_numbers(number):
    assert harmless(number) == str(number)


def test_the_trail_knows_who_took_what(rows, page_as, officer):
    response = page_as(officer).post(f"{EXPORT}?segment=A")
    entry = AuditEntry.objects.get(verb="customers.exported")
    told = {"what": "customers", "filters": "segment=A", "rows": 1}
    assert entry.actor == officer
    assert entry.changes == told | {"sha256": sha256(response.content).hexdigest()}


@pytest.mark.parametrize("who", ["seller", "auditor", "admin"])
def test_not_for_everybody(rows, page_as, request, who):
    client = page_as(request.getfixturevalue(who))
    assert client.post(EXPORT).status_code == 403
    assert not AuditEntry.objects.exists()


def test_the_button_is_there_for_those_who_may(rows, page_as, seller, officer):
    assert EXPORT.encode() in page_as(officer).get("/customers/").content
    assert EXPORT.encode() not in page_as(seller).get("/customers/").content


def test_a_look_takes_nothing_out(rows, page_as, officer):
    assert page_as(officer).get(EXPORT).status_code == 405
    assert not AuditEntry.objects.exists()


def test_unknown_parameters_take_nothing_out(rows, page_as, officer):
    response = page_as(officer).post(f"{EXPORT}?colour=red")
    assert response.status_code == 302
    assert not AuditEntry.objects.exists()


# --- Many rows: a job writes the file ---------------------------------------------------------------------------------


@pytest.fixture
def small_parts(monkeypatch):
    """Two rows go at once, one is a part."""
    monkeypatch.setattr(commands, "AT_ONCE", 1)
    monkeypatch.setattr(exports, "ROWS_IN_A_PART", 1)


def asked(client, query: str = "") -> Job:
    response = client.post(f"{EXPORT}?{query}")
    job = Job.objects.get(kind="export_customers")
    assert response.url == f"/jobs/{job.pk}/"
    return job


def exported(client, query: str = "") -> Job:
    job = asked(client, query)
    assert jobs.run(jobs.claim(job.pk)).state == "done", job.words
    return Job.objects.get(pk=job.pk)


def test_many_are_written_by_a_job_in_their_order(rows, page_as, officer, small_parts):
    client = page_as(officer)
    job = exported(client, "ordering=-number")
    assert (job.done, job.total, job.result["rows"]) == (3, 3, 3)
    assert f"/jobs/{job.pk}/file/" in client.get(f"/jobs/{job.pk}/").content.decode()
    response = client.get(f"/jobs/{job.pk}/file/")
    content = response.getvalue()
    assert [line.split(",")[0] for line in content.decode("utf-8-sig").splitlines()][1:] == ["C-3", "C-2", "C-1"]
    assert int(response["Content-Length"]) == len(content) == job.result["bytes"]
    assert sha256(content).hexdigest() == job.result["sha256"]
    assert Notice.objects.get(recipient=officer).kind == "job_done"


def test_large_and_small_files_are_alike(rows, page_as, officer, monkeypatch):
    at_once = page_as(officer).post(EXPORT).getvalue()
    monkeypatch.setattr(commands, "AT_ONCE", 1)
    client = page_as(officer)
    job = exported(client)
    assert client.get(f"/jobs/{job.pk}/file/").getvalue() == at_once


def test_the_trail_knows_the_file_and_each_fetching(rows, page_as, officer, small_parts):
    client = page_as(officer)
    job = exported(client, "ordering=number")
    entry = AuditEntry.objects.get(verb="customers.exported")
    told = {"what": "customers", "rows": 3, "sha256": job.result["sha256"]}
    assert (entry.actor, entry.changes) == (officer, told | {"filters": "ordering=number"})
    for _again in range(2):
        client.get(f"/jobs/{job.pk}/file/")
    assert [one.changes for one in AuditEntry.objects.filter(verb="export.fetched", actor=officer)] == [told, told]


def test_only_whoever_asked_fetches_it(rows, page_as, officer, credit_manager, manager, small_parts):
    job = exported(page_as(officer))
    for other in (credit_manager, manager):
        assert page_as(other).get(f"/jobs/{job.pk}/file/").status_code == 404
    assert f"/jobs/{job.pk}/file/" not in page_as(credit_manager).get(f"/jobs/{job.pk}/").content.decode()
    assert not AuditEntry.objects.filter(verb="export.fetched").exists()


def test_the_rights_are_those_of_the_moment_it_is_written(rows, page_as, officer, small_parts):
    job = asked(page_as(officer))
    officer.role = Role.AUDITOR
    officer.save()
    assert jobs.run(jobs.claim(job.pk)).state == "failed"
    assert "does not include exports" in Job.objects.get(pk=job.pk).words
    assert not AuditEntry.objects.filter(verb="customers.exported").exists()


def test_the_rights_are_those_of_the_moment_it_is_fetched(rows, page_as, manager, outsider, small_parts):
    client = page_as(manager)
    job = exported(client)
    rows[1].owner, rows[1].region = outsider, outsider.team.region
    rows[1].save()
    text = client.get(f"/jobs/{job.pk}/file/", follow=True).content.decode()
    assert "records that you may no longer see" in text
    manager.role = Role.SALESPERSON
    manager.save()
    assert "does not include exports" in client.get(f"/jobs/{job.pk}/file/", follow=True).content.decode()
    assert not AuditEntry.objects.filter(verb="export.fetched").exists()


def test_a_file_that_is_not_whole_is_not_offered(rows, page_as, officer, small_parts):
    """Two parts are committed, then the worker falls silent; the next one writes the file anew, each row once."""
    client = page_as(officer)
    job = asked(client)
    dead = jobs.claim(job.pk)
    steps = jobs.HANDLERS[dead.kind](dead)
    for _part in range(2):
        next(steps)
        assert jobs._keep(dead)
    assert ExportPart.objects.filter(job=job).count() == 3, "the heads and two rows"
    assert "not ready" in client.get(f"/jobs/{job.pk}/file/", follow=True).content.decode()
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert jobs.run(jobs.claim(job.pk)).state == "done"
    content = client.get(f"/jobs/{job.pk}/file/").getvalue().decode("utf-8-sig")
    assert [line.split(",")[0] for line in content.splitlines()][1:] == ["C-1", "C-2", "C-3"]
    assert AuditEntry.objects.filter(verb="customers.exported").count() == 1


def test_a_cancelled_one_leaves_nothing(rows, page_as, officer, small_parts):
    client = page_as(officer)
    job = asked(client)
    running = jobs.claim(job.pk)
    jobs.ask_to_cancel(job, by=officer)
    assert jobs.run(running).state == "cancelled"
    sweep()
    assert not ExportPart.objects.exists()
    assert not AuditEntry.objects.filter(verb="customers.exported").exists()


def test_a_file_is_kept_for_a_day(rows, page_as, officer, small_parts):
    client = page_as(officer)
    job = exported(client)
    sweep()
    assert client.get(f"/jobs/{job.pk}/file/").status_code == 200
    Job.objects.update(finished_at=timezone.now() - exports.KEPT)
    sweep()
    assert not ExportPart.objects.exists()
    assert "no longer kept" in client.get(f"/jobs/{job.pk}/file/", follow=True).content.decode()


def test_memory_and_statements_do_not_grow_with_the_file(rows, page_as, officer, monkeypatch):
    """A part of many rows costs as many statements as one of few."""
    monkeypatch.setattr(commands, "AT_ONCE", 1)
    job = asked(page_as(officer))
    claimed = jobs.claim(job.pk)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            for _step in jobs.HANDLERS["export_customers"](claimed):
                pass
        claimed.result = None
        return len(captured)

    statements()
    few = statements()
    for number in range(5):
        CustomerFactory(number=f"D-{number}", owner=officer)
    assert statements() == few
