"""The OpenAPI document is valid, tells the truth, and can be read without the internet."""

import io
import itertools
import os
from pathlib import Path

import pytest
import schemathesis
import yaml
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from archives.models import Contact, Visit
from credit.models import LimitApplication, OrderCheck
from crm.api_examples import ASKED, TOLD
from crm.core.roles import TOKEN_SCOPES
from crm.wsgi import application
from tests.factories import (
    CreditLimitFactory,
    InvoiceFactory,
    OrderFactory,
    PaymentFactory,
    SalesRecordFactory,
    token_for,
)

pytestmark = pytest.mark.once

BY_ITSELF = {"BulkJob", "Scorecard"}  # needs no example
TRUTHS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


CHECKED_IN = Path(__file__).parents[2] / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def document() -> str:
    told = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=told)
    return told.getvalue()


@pytest.fixture(scope="module")
def described(document) -> dict:
    return yaml.safe_load(document)


@pytest.fixture(scope="module")
def operations(described) -> list[tuple[str, str, dict]]:
    return [(path, method, told) for path, way in described["paths"].items() for method, told in way.items()]


def test_the_document_that_is_checked_in_is_what_the_server_says(document):
    assert CHECKED_IN.read_text(encoding="utf-8") == document, "write it anew: make openapi"


def test_the_document_is_valid_for_others_too(described):
    validate(described)


def test_everything_that_is_sent_has_an_example(described, operations):
    shapes = described["components"]["schemas"]
    for path, method, told in operations:
        for kind, content in told.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json":
                name = content["schema"]["$ref"].rpartition("/")[2]
                assert "example" in shapes[name], f"{method} {path} takes {name}"


def test_what_is_answered_has_an_example(described, operations):
    """Every single answer; a list shows what its rows are made of."""
    shapes = described["components"]["schemas"]
    bare = {
        name
        for _path, _method, told in operations
        for code, answer in told["responses"].items()
        for content in answer.get("content", {}).values()
        if (name := content["schema"].get("$ref", "").rpartition("/")[2]) and code < "300"
        if "example" not in shapes[name] and not name.startswith("Paginated")
    }
    assert bare <= BY_ITSELF


@pytest.mark.parametrize("asked", [True, False])
def test_an_example_is_what_it_is_an_example_of(described, asked):
    shapes = described["components"]["schemas"]
    names = [f"{name}Request" for name in ASKED] if asked else list(TOLD)
    assert not set(names) - shapes.keys(), "examples of nothing"
    for name in names:
        shape = shapes[name] | {"components": described["components"]}
        faults = OAS30Validator(shape, format_checker=oas30_format_checker).iter_errors(shapes[name]["example"])
        assert not [f"{name} {fault.json_path}: {fault.message}" for fault in faults]
        unknown = shapes[name]["example"].keys() - shapes[name]["properties"].keys()
        assert not unknown, f"{name}: {unknown}"


def test_every_operation_says_how_it_refuses(operations):
    for path, method, told in operations:
        refusals = {"400", "401", "403", "404"} | ({"409", "413", "415"} if method != "get" else set())
        assert refusals <= told["responses"].keys(), f"{method} {path}"
        for code in refusals:
            assert "application/problem+json" in told["responses"][code]["content"], f"{method} {path} {code}"


def test_keys_and_etags_are_told(operations):
    headers = {
        (path.removeprefix("/api/v1"), method): {
            taken["name"]: taken.get("required", False) for taken in told["parameters"] if taken["in"] == "header"
        }
        for path, method, told in operations
        if method != "get"
    }
    assert headers["/customers/bulk/", "post"] == headers["/order-checks/", "post"] == {"Idempotency-Key": True}
    assert headers["/visits/", "post"] == {"Idempotency-Key": False}
    assert headers["/customers/{number}/", "put"] == {"If-Match": False}


def test_the_document_is_json_unless_yaml_is_asked_for(db, client):
    assert client.get("/api/v1/schema/").json()["openapi"].startswith("3.")
    assert client.get("/api/v1/schema/?format=yaml").content.startswith(b"openapi:")


def test_the_page_to_read_it_asks_nobody_outside(client):
    """No script or style in the page itself, which our policy forbids, and every address our own."""
    page = client.get("/api/v1/docs/").content.decode()
    assert "<style" not in page
    assert page.count("<script") == page.count('<script src="/')
    script = client.get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert b'"validatorUrl": null' in script.content


@pytest.fixture
def connection_stays_open():
    """A request over WSGI closes its connection when it ends; this one is the test's."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


EXAMPLES = int(os.environ.get("DOSSIER_SCHEMA_EXAMPLES", "0"))  # of every caller and operation; 0: a few, for the gate
ROLES = ("seller", "manager", "officer", "credit_manager", "director", "auditor", "admin")
UNPACKED = {"Accept-Encoding": "identity"}  # the client does not unpack what it asks for packed
READING = [scope for scope in TOKEN_SCOPES if scope.endswith(":read")]


@pytest.fixture
def callers(erp, request) -> list[dict[str, dict[str, str]]]:
    """Who calls, by headers and cookies: a token that may everything, one that may read, a person of every role."""
    found = [bearer(erp, TOKEN_SCOPES), bearer(erp, READING)]
    for role in ROLES:
        browser = Client()
        browser.force_login(request.getfixturevalue(role))
        cookies = {"sessionid": browser.cookies["sessionid"].value, "csrftoken": "c" * 32}
        found.append({"headers": UNPACKED | {"X-CSRFToken": "c" * 32}, "cookies": cookies})
    return found


def bearer(account, scopes) -> dict[str, dict[str, str]]:
    return {"headers": UNPACKED | {"Authorization": f"Bearer {token_for(account, *scopes)}"}, "cookies": {}}


def to_the_point(case, things: dict[str, str]) -> None:
    """What is made up asks for nothing that is there; name what is."""
    case.path_parameters = {name: things.get(name, value) for name, value in (case.path_parameters or {}).items()}
    if case.path.startswith("/api/v1/limit-applications/{pk}"):
        case.path_parameters["pk"] = things["application"]
    for part in (case.query, case.body):
        if isinstance(part, dict):
            for name in {"customer", "order"} & part.keys():
                part[name] = things[name]
    items = case.body.get("items") if isinstance(case.body, dict) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and "customer" in item:
            item["customer"] = things["customer"]


@pytest.fixture
def things(customer, seller) -> dict[str, str]:
    """Something to ask for at every address, by the name of its part; ids that no sequence comes to."""
    pk = 10**9
    visit = Visit.objects.create(
        pk=pk, customer=customer, by=seller, happened_at="2026-11-17T08:00Z", kind="site", content="…", next_step="call"
    )
    asked = {"amount": 10, "amount_base": 10, "currency": "CNY"}
    check = OrderCheck.objects.create(
        order="SO-1", customer=customer, **asked, decision="held", asked_by=seller, checked_at=visit.happened_at
    )
    wanted = LimitApplication.objects.create(customer=customer, applicant=seller, **asked, reason="spring")
    Contact.objects.create(pk=pk, customer=customer, name="Ma")
    invoice = InvoiceFactory(customer=customer, number="SO-1")
    SalesRecordFactory(customer=customer), OrderFactory(customer=customer, number="SO-1")
    PaymentFactory(customer=customer, number="SO-1", invoice=invoice)
    CreditLimitFactory(customer=customer, pk=pk)
    return {"customer": customer.number, "order": check.order, "pk": pk, "application": wanted.pk}


@pytest.mark.slow
def test_what_is_sent_at_random_is_answered_as_documented(callers, things, connection_stays_open):
    """A few made-up requests to every operation, by a token and by people of every role: no error of ours, nothing
    that the document does not tell. DOSSIER_SCHEMA_EXAMPLES=50 sends fifty for each of them."""
    operations = schemathesis.openapi.from_wsgi("/api/v1/schema/", application).get_all_operations()
    failed = []
    for operation in (found.ok() for found in operations):
        numbered = {"number": things["customer" if "/customers/" in operation.path else "order"]}
        try:
            tried(operation, callers, things | numbered)()
        except FailureGroup as failure:
            failed += [f"{operation.label}: {one}" for one in failure.exceptions]
    assert not failed, "\n\n".join(failed)


def tried(operation, callers: list[dict], things: dict[str, str]):
    """A test of one operation: its made-up requests are sent by one caller after the other."""
    turns = itertools.count()

    @settings(
        max_examples=max(EXAMPLES, 1) * len(callers),
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def answered(case):
        turn = next(turns)
        if turn % 3:
            to_the_point(case, things)
        case.call_and_validate(**callers[turn % len(callers)], checks=TRUTHS)

    return answered
