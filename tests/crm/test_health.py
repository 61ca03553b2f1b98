"""The two pages for monitors: open to all, telling what is wrong, and nothing that is secret."""

import time
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from crm.core import health
from crm.core.models import Heartbeat


@pytest.fixture
def alive(db):
    """A worker and beat that were just heard of, and a broker that answers."""
    for name in ("worker", "beat"):
        Heartbeat.objects.create(name=name, at=timezone.now())


@pytest.fixture
def checks(client):
    def ask():
        response = client.get("/readyz")
        return response.status_code, response.json()["checks"]

    return ask


def test_the_process_answers_without_a_database(client):
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_ready_when_all_is_well(alive, client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["status"] == "ok"
    assert list(response.json()["checks"]) == ["database", "migrations", "broker", "worker", "beat"]
    assert "no-cache" in response["Cache-Control"]


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_a_silent_process_is_named(alive, checks, name):
    Heartbeat.objects.filter(name=name).update(at=timezone.now() - timedelta(seconds=61))
    status, found = checks()
    assert status == 503
    assert [part for part, finding in found.items() if not finding["ok"]] == [name]


def test_a_process_never_heard_of_is_not_ready(db, checks):
    status, found = checks()
    assert status == 503
    assert found["worker"]["detail"] == "Never heard of."


def test_a_missing_migration_names_its_app(alive, checks):
    MigrationRecorder.Migration.objects.filter(app="credit").delete()
    status, found = checks()
    assert status == 503
    assert found["migrations"] == {"ok": False, "detail": "Not applied yet: credit."}


def test_a_database_that_is_away_does_not_show_its_address(alive, client, monkeypatch):
    def refuse():
        raise DatabaseError("could not connect to 10.1.2.3 as dossier, password hunter2")

    monkeypatch.setitem(health.CHECKS, "database", refuse)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["database"] == {"ok": False, "detail": "The database does not answer."}
    assert "hunter2" not in response.content.decode()


@pytest.mark.parametrize("address", ["redis://127.0.0.1:1/0", "redis://192.0.2.1:6379/0"])
def test_a_broker_that_is_away_is_noticed_in_time(alive, checks, settings, address):
    """A closed port, and an address where nobody answers at all."""
    settings.REDIS_URL = address
    began = time.monotonic()
    status, found = checks()
    assert status == 503
    assert not found["broker"]["ok"]
    assert time.monotonic() - began < 5


def test_a_queue_folder_that_is_gone_is_noticed(alive, checks, settings, tmp_path):
    settings.REDIS_URL = ""
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_in": str(tmp_path / "gone")}
    assert not checks()[1]["broker"]["ok"]


def test_workers_give_signs_of_life_themselves(db, monkeypatch):
    from django.db import connection

    from crm.celery import sign_of_life

    monkeypatch.setattr(connection, "close", lambda: None)  # the test's own transaction goes on
    sign_of_life()
    assert timezone.now() - Heartbeat.objects.get(name="worker").at < timedelta(seconds=5)


@pytest.mark.services
def test_a_real_redis_answers(alive, checks):
    status, found = checks()
    assert (status, found["broker"]) == (200, {"ok": True, "detail": "answers"})
