"""A real worker is killed while it writes a file, and started again: the file holds every row once.

The test holds the place of the second part, so that the worker is certain to be in the middle when it dies.
"""

import pytest
from django.db import transaction

from archives.commands.exports import export_later
from archives.models import Customer, Standing
from crm.core import exports
from crm.core.models import AuditEntry, ExportPart, Job
from crm.core.roles import Role
from tests.crm.test_worker_killed import blocked, kill, until, worker
from tests.factories import UserFactory

ROWS = exports.ROWS_IN_A_PART + 100


class Taken(Exception):
    """Takes back what the test held."""


@pytest.mark.slow
@pytest.mark.once
def test_killed_in_the_middle_the_file_is_whole(transactional_db, tmp_path, monkeypatch):
    monkeypatch.delenv("REDIS_URL", raising=False)
    officer = UserFactory(username="officer", role=Role.CREDIT_OFFICER)
    customers = Customer.objects.bulk_create(
        Customer(number=f"K-{number:05d}", name=f"Bearings {number}", owner=officer) for number in range(ROWS)
    )
    Standing.objects.bulk_create([Standing(customer=customer) for customer in customers], ignore_conflicts=True)
    job = export_later(by=officer, filters="")
    with pytest.raises(Taken), transaction.atomic():
        ExportPart.objects.create(job=job, number=2, content=b"")
        with worker(tmp_path, name="first") as first:
            until(blocked, "the first worker writes the second part")
            kill(first)
        raise Taken
    half = Job.objects.get(pk=job.pk)
    assert half.done == exports.ROWS_IN_A_PART and exports.file_of(half) is None
    with worker(tmp_path, name="second"):
        until(lambda: Job.objects.get(pk=job.pk).state not in Job.OPEN, "the second worker writes the file")
    job.refresh_from_db()
    assert (job.state, job.attempts, job.result["rows"]) == ("done", 2, ROWS)
    lines = b"".join(exports.fetch(job, by=officer)).decode("utf-8-sig").splitlines()[1:]
    assert [line.partition(",")[0] for line in lines] == [f"K-{number:05d}" for number in range(ROWS)]
    assert AuditEntry.objects.filter(verb="customers.exported").count() == 1
