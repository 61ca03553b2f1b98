"""A real worker is killed in the middle of the night and started again: the result is the same, nothing is doubled.

The test holds the rows of the last customers locked, so that the worker is certain to be in the middle of a step when
it dies; it lets go before the next worker starts.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from archives.models import CreditReport, Customer, Flag, SalesRecord, Standing
from crm.core.models import Job, Notice, User
from crm.core.roles import Role
from crm.pipelines import run_night, start_night
from scoring.models import Segmentation, SegmentationMember
from tests.factories import CreditLimitFactory, CustomerFactory, UserFactory

TODAY = date(2026, 11, 21)
PROJECT = Path(__file__).resolve().parent.parent.parent
WITHIN = 240  # seconds: patience costs nothing where the machine is quick


@contextmanager
def worker(queue: Path, *, name: str):
    """A real Celery worker with beat, on this test's database and on a queue of its own."""
    environment = os.environ | {
        "DOSSIER_MODE": "test",
        "DOSSIER_QUEUE": str(queue / "queue"),
        "DOSSIER_QUEUE_PREFIX": f"dossier-test-{queue.name}:",
        "JOB_LEASE_SECONDS": "3",
        **database(),
    }
    command = [sys.executable, "-m", "celery", "-A", "crm.celery", "worker", "--beat", "--concurrency", "1"]
    command += ["--schedule", str(queue / f"beat-{name}"), "--hostname", f"{name}@test", "--loglevel", "WARNING"]
    with open(queue / f"{name}.log", "w") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, start_new_session=True, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            kill(process)


def database() -> dict[str, str]:
    """What points another process to the database of this test."""
    name = connection.settings_dict["NAME"]
    if url := os.environ.get("DATABASE_URL"):
        return {"DATABASE_URL": url.rsplit("/", 1)[0] + "/" + name}
    return {"DATABASE_NAME": name, "DOSSIER_VAR": str(settings.VAR_DIR)}


def kill(process: subprocess.Popen) -> None:
    """kill -9 of the worker and its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(condition, what: str) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, f"not within {WITHIN} s: {what}"
        time.sleep(0.1)


@pytest.fixture
def portfolio(transactional_db):
    """Sixty customers on credit with reports of every age and a year of sales."""
    owner, boss = UserFactory(username="seller"), UserFactory(username="credit", role=Role.CREDIT_MANAGER)
    for number in range(60):
        customer = CustomerFactory(number=f"K-{number:03d}", owner=owner)
        CreditLimitFactory(customer=customer, valid_until=date(2026, 11, 20) if number % 7 == 0 else date(2027, 3, 31))
        SalesRecord.objects.create(customer=customer, month=date(2026, 5, 1), currency="CNY", amount=1000 + number)
        if number % 3:
            until_day = date(2026, 11, 30) if number % 3 == 1 else date(2026, 10, 31)
            CreditReport.objects.create(
                customer=customer,
                kind="agency",
                source="agency",
                issued_on=date(2026, 5, 31),
                validity_months=6,
                valid_until=until_day,
                by=boss,
            )
    return owner


def outcome() -> dict:
    """Everything that the night writes, in comparable form."""
    return {
        "flags": sorted(Flag.objects.filter(closed_on=None).values_list("customer__number", "reason")),
        "closed": Flag.objects.exclude(closed_on=None).count(),
        "standings": sorted(Standing.objects.values_list("customer__number", "segment", "report_status", "core")),
        "rankings": Segmentation.objects.count(),
        "members": sorted(SegmentationMember.objects.values_list("rank", "customer__number", "segment", "previous")),
        "notices": sorted(Notice.objects.values_list("recipient__username", "kind", "params__customer")),
    }


def forget() -> None:
    """Back to before the night."""
    for model in (SegmentationMember, Segmentation, Flag, Notice, Job):
        model.objects.all().delete()
    Standing.objects.all().delete()
    Standing.objects.bulk_create(Standing(customer=customer) for customer in Customer.objects.all())


def night_with_a_killed_worker(queue: Path) -> dict:
    chain = start_night(TODAY, by=User.objects.get(username="credit"))
    last = list(Customer.objects.order_by("-pk").values_list("pk", flat=True)[:5])
    with transaction.atomic():
        list(Standing.objects.select_for_update().filter(pk__in=last))
        with worker(queue, name="first") as first:
            until(blocked, "the first worker is in the middle of a step")
            kill(first)
    assert Job.objects.filter(state="done").count() < len(chain)
    with worker(queue, name="second"):
        until(lambda: Job.objects.filter(state__in=Job.OPEN).count() == 0, "the second worker finishes the night")
    assert list(Job.objects.values_list("state", flat=True)) == ["done"] * len(chain)
    assert Job.objects.filter(attempts__gt=1).exists(), "a step was taken up again"
    return outcome()


def blocked() -> bool:
    """Whether another process waits for the rows that this test holds; other databases of the server don't count."""
    with connection.cursor() as cursor:
        mine = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        cursor.execute(mine)
        return cursor.fetchone()[0] > 0


def kill_and_compare(queue: Path) -> None:
    killed = night_with_a_killed_worker(queue)
    assert killed["flags"] and killed["members"] and killed["notices"] and killed["rankings"] == 1
    forget()
    run_night(TODAY, by=User.objects.get(username="credit"))
    assert outcome() == killed


@pytest.mark.slow
@pytest.mark.once
def test_killed_on_files(portfolio, tmp_path, monkeypatch):
    monkeypatch.delenv("REDIS_URL", raising=False)
    kill_and_compare(tmp_path)


@pytest.mark.services
def test_killed_on_redis(portfolio, tmp_path):
    kill_and_compare(tmp_path)


def test_a_second_night_changes_nothing(portfolio):
    run_night(TODAY, by=None)
    first = outcome()
    jobs = Job.objects.count()
    run_night(TODAY, by=None)
    assert outcome() == first
    assert Job.objects.count() == 2 * jobs, "both nights are on record"
