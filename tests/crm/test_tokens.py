"""The page of tokens: made, shown once, revoked; by administrators alone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from crm.core.models import AuditEntry, ServiceToken

PAGE = "/tokens/"
WANTED = {"name": "erp-2", "scopes": ["flags:read"], "days": 30, "addresses": ""}


def call(secret: str, **extra) -> int:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client.get("/api/v1/flags/", **extra).status_code


def test_makes_a_token_and_shows_it_once(page_as, admin):
    response = page_as(admin).post(PAGE, WANTED)
    secret = response.context["secret"]
    assert secret.startswith("dsr_")
    assert secret.encode() in response.content
    assert "no-store" in response["Cache-Control"]
    assert call(secret) == 200
    assert secret.encode() not in page_as(admin).get(PAGE).content
    assert AuditEntry.objects.get(verb="token.created").actor == admin


def test_a_revoked_token_opens_nothing(page_as, admin):
    secret = page_as(admin).post(PAGE, WANTED).context["secret"]
    token = ServiceToken.objects.get()
    page_as(admin).post(f"{PAGE}{token.pk}/revoke/")
    assert call(secret) == 401
    assert AuditEntry.objects.get(verb="token.revoked").subject_id == str(token.pk)


def test_revoking_twice_is_refused(page_as, admin):
    page_as(admin).post(PAGE, WANTED)
    token = ServiceToken.objects.get()
    page_as(admin).post(f"{PAGE}{token.pk}/revoke/")
    response = page_as(admin).post(f"{PAGE}{token.pk}/revoke/", follow=True)
    assert b"revoked already" in response.content
    assert AuditEntry.objects.filter(verb="token.revoked").count() == 1


def test_while_a_token_is_replaced_both_secrets_open(page_as, admin):
    old = page_as(admin).post(PAGE, WANTED | {"addresses": "127.0.0.1"}).context["secret"]
    token = ServiceToken.objects.get()
    page = page_as(admin).post(f"{PAGE}{token.pk}/rotate/")
    new = page.context["secret"]
    assert new != old and new.encode() in page.content and "no-store" in page["Cache-Control"]
    assert call(old) == call(new) == 200
    successor = ServiceToken.objects.get(replaces=token)
    assert (successor.scopes, successor.addresses) == (token.scopes, token.addresses)
    token.refresh_from_db()
    assert timedelta(hours=23) < token.expires_at - timezone.now() <= timedelta(hours=24)
    assert successor.expires_at - timezone.now() > timedelta(days=29)
    assert AuditEntry.objects.get(verb="token.rotated").changes["replaces"] == token.prefix
    again = page_as(admin).post(f"{PAGE}{token.pk}/rotate/", follow=True)
    assert b"taken its place already" in again.content
    ServiceToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    assert (call(old), call(new)) == (401, 200)


def test_a_revoked_token_is_not_replaced(page_as, admin, seller):
    page_as(admin).post(PAGE, WANTED)
    token = ServiceToken.objects.get()
    page_as(admin).post(f"{PAGE}{token.pk}/revoke/")
    assert b"opens nothing any more" in page_as(admin).post(f"{PAGE}{token.pk}/rotate/", follow=True).content
    assert page_as(seller).post(f"{PAGE}{token.pk}/rotate/").status_code == 403
    assert ServiceToken.objects.count() == 1


def test_an_address_limits_where_it_comes_from(page_as, admin):
    secret = page_as(admin).post(PAGE, WANTED | {"addresses": "192.0.2.7, 2001:db8::1"}).context["secret"]
    assert ServiceToken.objects.get().addresses == ["192.0.2.7", "2001:db8::1"]
    assert call(secret) == 401
    assert call(secret, REMOTE_ADDR="192.0.2.7") == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": ["customers:burn"]},
        {"scopes": []},
        {"days": 0},
        {"days": 5000},
        {"addresses": "home"},
        {"name": "a b"},
        {"name": ""},
    ],
)
def test_refuses_what_cannot_be_meant(page_as, admin, wrong):
    response = page_as(admin).post(PAGE, WANTED | wrong)
    assert response.context["form"].errors
    assert not ServiceToken.objects.exists()


def test_refuses_the_name_of_a_person(page_as, admin, seller):
    response = page_as(admin).post(PAGE, WANTED | {"name": "seller"})
    assert b"is a person" in response.content
    assert not ServiceToken.objects.exists()


@pytest.mark.parametrize("who", ["seller", "manager", "officer", "credit_manager", "director", "auditor"])
def test_nobody_else(page_as, request, who):
    client = page_as(request.getfixturevalue(who))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, WANTED).status_code == 403
    assert not ServiceToken.objects.exists()


@pytest.mark.parametrize(
    ("proxy", "direct", "forwarded", "status"),
    [
        (False, "192.0.2.7", "", 200),
        (False, "198.51.100.1", "192.0.2.7", 401),
        (True, "10.0.0.2", "203.0.113.9, 192.0.2.7", 200),
        (True, "10.0.0.2", "192.0.2.7, 203.0.113.9", 401),
    ],
)
def test_only_the_own_proxy_is_believed_about_addresses(page_as, admin, settings, proxy, direct, forwarded, status):
    """What a visitor writes into X-Forwarded-For himself stands before what the proxy adds."""
    settings.BEHIND_TLS_PROXY = proxy
    secret = page_as(admin).post(PAGE, WANTED | {"addresses": "192.0.2.7"}).context["secret"]
    headers = {"HTTP_AUTHORIZATION": f"Bearer {secret}", "REMOTE_ADDR": direct, "HTTP_X_FORWARDED_FOR": forwarded}
    assert APIClient().get("/api/v1/flags/", **headers).status_code == status
