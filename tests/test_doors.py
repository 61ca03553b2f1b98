"""Every door of the house, tried by everybody: nothing opens by accident, nothing breaks.

The walk takes the addresses from the resolver, so that a new page is tried on the day it is written.
"""

import re
import uuid
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from archives.models import Document, Visit, VisitPlan
from credit.models import LimitApplication, OrderCheck
from crm.core.models import Job
from crm.core.roles import TOKEN_SCOPES
from tests.factories import token_for

pytestmark = pytest.mark.once

METHODS = ("get", "post", "put", "patch", "delete")
PUBLIC = {
    "healthz",
    "readyz",
    "schema",
    "docs",
    "javascript_catalog",
    "manifest",
    "service_worker",
    "offline",
    "session",
}
FRAME = ("account_",)  # allauth's own doors
OWN = {
    "hint_close",
    "hints_restore",
    "set_language",
    "settings",
    "notices",
    "read_notices",
    "my_day",
    "search",
}  # everybody's, about oneself
SYNC_RUNS = {"api_sync_runs", "api_sync_run"}  # opened by the write scope of whatever is brought
THEN = "2026-11-17T08:00Z"
CHANGES = ("post", "put", "patch", "delete")


def doors(patterns=None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(route, name) of every address, allauth's and the catch-all aside."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from doors(entry.url_patterns, route)
        elif isinstance(entry, URLPattern) and entry.name and not entry.name.startswith(FRAME):
            yield route, entry.name


@pytest.fixture
def things(customer, seller, today):
    """One of everything that an address may name, all of it the seller's."""
    visit = Visit.objects.create(customer=customer, by=seller, happened_at=THEN, kind="site", content="…")
    document = Document.objects.create(
        customer=customer, title="Licence", file="none.pdf", content_type="application/pdf", size=1, by=seller
    )
    application = LimitApplication.objects.create(
        customer=customer, applicant=seller, amount=1000, amount_base=1000, currency="CNY", reason="spring"
    )
    check = OrderCheck.objects.create(
        order="SO-1",
        customer=customer,
        amount=10,
        amount_base=10,
        currency="CNY",
        decision="held",
        asked_by=seller,
        checked_at=THEN,
    )
    job = Job.objects.create(kind="rank_customers", key="2026-11-21")
    plan = VisitPlan.objects.create(customer=customer, person=seller, day=today, planned_by=seller)
    noted = {"plan": plan, "visit": visit, "document": document, "application": application}
    return {"customer": customer, "check": check, "job": job, **noted}


def address(route: str, name: str, things: dict) -> str:
    """The address with the seller's things put in."""
    plain = "/" + route.replace("^", "").replace("$", "").replace(r"\Z", "")
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: value(found[1], name, things), plain)
    assert "<" not in path, f"{name}: no sample for {path}"
    return path


def value(kwarg: str, name: str, things: dict) -> str:
    if kwarg in ("number", "customer"):
        return things["customer"].number
    if kwarg in ("run", "failure"):
        return "987654321"
    if kwarg == "order":
        return things["check"].order
    if kwarg in ("tab", "layer"):
        return {"tab": "archive", "layer": "basic"}[kwarg]
    for noun in ("plan", "visit", "document", "application", "job"):
        if noun in name:
            return str(things[noun].pk)
    return str(things["application"].pk) if kwarg in ("pk", "id") else str(uuid.uuid4())


def everything(things: dict) -> list[tuple[str, str]]:
    return [(name, address(route, name, things)) for route, name in doors()]


def tries(client, things: dict, methods=METHODS) -> Iterator[tuple[str, str, str, int]]:
    """(name, method, path, status) of every door tried by `client`."""
    for name, path in everything(things):
        for method in methods:
            response = getattr(client, method)(path, {}, format="json") if method != "get" else client.get(path)
            yield name, method, path, response.status_code


def wrong(client, things: dict, allowed, methods=METHODS) -> list[str]:
    """The doors whose answer is not allowed: `allowed(name, path, status)` says so."""
    return [
        f"{method} {path}: {status}"
        for name, method, path, status in tries(client, things, methods)
        if name not in PUBLIC and not allowed(name, path, status)
    ]


def as_person(user) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_login(user)
    return client


def test_the_walk_finds_the_doors(things):
    names = {name for name, _path in everything(things)}
    assert {"customers", "customer", "applications", "ranking", "my_day", "jobs"} <= names
    assert len(names) > 40


def test_strangers_get_nowhere(things):
    refused = {True: (401, 405), False: (302, 403)}
    client = APIClient(raise_request_exception=False)
    assert not wrong(client, things, lambda name, path, status: status in refused[path.startswith("/api/")])


@pytest.mark.parametrize(
    "role",
    ["seller", "colleague", "manager", "outsider", "officer", "credit_manager", "director", "auditor", "admin"],
)
def test_no_door_breaks(role, things, request):
    client = as_person(request.getfixturevalue(role))
    assert not wrong(client, things, lambda name, path, status: status < 500)


@pytest.mark.parametrize("role", ["outsider", "colleague", "admin"])
def test_what_is_not_yours_is_not_there(role, things, request):
    """Somebody else's customer, visit, paper, application: 404 or 403 by role, never a look, never a deed."""
    private = [str(thing.pk) for noun, thing in things.items() if noun != "job"] + [things["customer"].number]

    def allowed(name: str, path: str, status: int) -> bool:
        return status in (403, 404, 405) or not set(private) & set(path.split("/"))

    assert not wrong(as_person(request.getfixturevalue(role)), things, allowed)


def test_auditors_change_nothing(things, auditor):
    def allowed(name: str, path: str, status: int) -> bool:
        return name in OWN or status in (403, 404, 405)

    assert not wrong(as_person(auditor), things, allowed, CHANGES)


def test_a_token_without_scopes_opens_nothing(things, erp):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(erp)}")

    def allowed(name: str, path: str, status: int) -> bool:
        return status in (403, 405) or not path.startswith("/api/")

    assert not wrong(client, things, allowed)


def test_every_api_door_needs_its_scope(things, erp):
    """With every scope but the one a door names it stays shut: each door is opened by some scope alone."""
    reached = set()
    for scope in TOKEN_SCOPES:
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(erp, scope)}")
        for name, _method, path, status in tries(client, things, ("get",)):
            if path.startswith("/api/") and status not in (403, 405):
                reached.add((name, scope.split(":")[0]))
    by_name: dict[str, set[str]] = {}
    for name, noun in reached:
        by_name.setdefault(name, set()).add(noun)
    for name, nouns in by_name.items():
        if name in SYNC_RUNS:
            assert nouns == {"customers", "sales", "orders", "receivables"}, f"{name} opens to {sorted(nouns)}"
        elif name not in PUBLIC:
            assert len(nouns) == 1, f"{name} opens to {sorted(nouns)}"


def test_a_token_opens_no_page(things, erp):
    """Bearer tokens are for /api/ only: pages know sessions alone."""
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(erp, *TOKEN_SCOPES)}")
    for name, path in everything(things):
        if not path.startswith("/api/") and name not in PUBLIC:
            assert client.get(path).status_code == 302, path
