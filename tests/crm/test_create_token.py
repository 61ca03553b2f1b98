"""`manage.py create_token`: the secret once, as the last line; and only scopes that exist."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from crm.core.models import AuditEntry, ServiceToken, User
from crm.core.roles import Role

pytestmark = pytest.mark.django_db


def create(*arguments: str) -> str:
    """The last line that the command prints."""
    out = StringIO()
    call_command("create_token", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()[-1]


def status(secret: str) -> int:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client.get("/api/v1/flags/").status_code


def test_prints_a_secret_that_opens_the_door():
    assert status(create("sap", "--scope", "flags:read", "--scope", "jobs:read")) == 200
    assert status(create("other", "--scope", "jobs:read")) == 403
    assert status("dsr_unknown") == 401
    token = ServiceToken.objects.get(account__username="sap")
    assert token.scopes == ["flags:read", "jobs:read"]
    assert token.account.role == Role.CONNECTOR


def test_stores_no_secret():
    secret = create("sap", "--scope", "customers:read")
    assert secret not in str(ServiceToken.objects.values())
    assert secret not in str(AuditEntry.objects.values())
    assert AuditEntry.objects.filter(verb="token.created").count() == 1


def test_a_second_token_belongs_to_the_same_account():
    assert create("sap", "--scope", "customers:read") != create("sap", "--scope", "customers:write")
    assert User.objects.filter(username="sap").count() == 1
    assert ServiceToken.objects.count() == 2


def test_refuses_unknown_scopes_and_names_the_known():
    with pytest.raises(CommandError, match=r"customers:delete.*customers:write"):
        create("sap", "--scope", "customers:delete")
    assert not User.objects.filter(username="sap").exists()


def test_refuses_a_token_without_scopes():
    with pytest.raises(CommandError, match="at least one scope"):
        create("sap")


def test_refuses_a_person(seller):
    with pytest.raises(CommandError, match="is a person"):
        create("seller", "--scope", "customers:read")


@pytest.mark.parametrize("arguments", [["--days", "0"], ["--days", "731"], ["--address", "home"]])
def test_refuses_what_cannot_be_meant(arguments):
    with pytest.raises(CommandError):
        create("sap", "--scope", "customers:read", *arguments)


def test_days_and_addresses(settings):
    create("sap", "--scope", "customers:read", "--days", "7", "--address", "192.0.2.1")
    token = ServiceToken.objects.get()
    assert round((token.expires_at - token.created_at).total_seconds() / 86400) == 7
    assert token.addresses == ["192.0.2.1"]
