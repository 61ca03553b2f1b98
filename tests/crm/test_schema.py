"""The OpenAPI document is valid, tells the truth, and can be read without the internet."""

import io
import json

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from crm.core.roles import TOKEN_SCOPES
from crm.wsgi import application
from tests.factories import token_for

TRUTHS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def document() -> dict:
    told = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=told)
    return json.loads(told.getvalue())


@pytest.fixture(scope="module")
def operations() -> list[tuple[str, str, dict]]:
    return [(path, method, told) for path, way in document()["paths"].items() for method, told in way.items()]


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


FEW = settings(
    max_examples=6,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
def test_what_is_sent_at_random_is_answered_as_documented(erp, customer, connection_stays_open):
    """A few made-up requests to every operation: no error of ours, nothing that the document does not tell."""
    # The client does not unpack what it asks for packed.
    headers = {"Authorization": f"Bearer {token_for(erp, *TOKEN_SCOPES)}", "Accept-Encoding": "identity"}
    operations = schemathesis.openapi.from_wsgi("/api/v1/schema/", application).get_all_operations()
    for operation in (found.ok() for found in operations):

        @FEW
        @given(case=operation.as_strategy())
        def answered(case):
            case.call_and_validate(headers=headers, checks=TRUTHS)

        answered()
