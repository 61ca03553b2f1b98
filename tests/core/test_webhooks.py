"""Webhooks: who may have which, what is an event, how a call is signed, and what becomes of one that fails."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from archives.models import Contact, Customer, Standing
from credit.models import OrderCheck
from crm.core import tasks
from crm.core.models import AuditEntry, Delivery, FeedMark, IdempotencyKey, Notice, ServiceToken, Webhook
from crm.core.roles import TOKEN_SCOPES
from crm.core.webhooks.events import EVENTS
from crm.core.webhooks.relay import relay
from crm.core.webhooks.sending import WAITS, send_due
from tests.factories import UserFactory, token_for

HOOKS = "/api/v1/webhooks/"
URL = "https://erp.example.com/hook"
pytestmark = pytest.mark.django_db


def client_with(user, *scopes: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(user, *scopes)}")
    return client


@pytest.fixture
def hook(erp, receiver):
    """A webhook of the ERP for everything, whose tokens read everything."""
    token_for(erp, *TOKEN_SCOPES)
    made = Webhook.objects.create(account=erp, url=receiver.url, events=list(EVENTS))
    relay()
    return made


def said(receiver) -> list[dict]:
    return [json.loads(body) for _headers, body in receiver.heard]


def call_all() -> None:
    while relay() or send_due():
        pass


def make_due(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now())


# Over REST ------------------------------------------------------------------------------------------------------------


def test_a_program_keeps_its_own_webhooks(api, erp):
    made = api.post(HOOKS, {"url": URL, "events": ["order.held", "customer.updated"]})
    assert made.status_code == 201
    body = made.json()
    assert body["secret"].startswith("whsec_") and body["account"] == "erp"
    assert body["events"] == ["customer.updated", "order.held"]
    own = f"{HOOKS}{body['id']}/"
    told = api.get(own)
    assert "secret" not in told.json()
    assert api.get(HOOKS).json()["results"] == [told.json()]
    changed = api.patch(own, {"events": ["limit.changed"], "active": False}, headers={"If-Match": told["ETag"]})
    assert (changed.json()["events"], changed.json()["active"], changed.json()["ended"]) == (
        ["limit.changed"],
        False,
        "by_hand",
    )
    assert api.patch(own, {"active": True}, headers={"If-Match": told["ETag"]}).status_code == 412
    assert api.delete(own).status_code == 204
    assert api.get(own).status_code == 404
    verbs = AuditEntry.objects.filter(verb__startswith="webhook.").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["webhook.added", "webhook.changed", "webhook.removed"]


def test_another_programs_webhook_is_not_there(api):
    theirs = client_with(UserFactory(username="dwh", role="connector"), *TOKEN_SCOPES)
    own = f"{HOOKS}{api.post(HOOKS, {'url': URL, 'events': ['order.held']}).json()['id']}/"
    assert theirs.get(HOOKS).json()["results"] == []
    for door in (own, f"{own}deliveries/"):
        assert theirs.get(door).status_code == 404
    assert theirs.patch(own, {"active": False}).status_code == 404
    assert theirs.delete(own).status_code == 404
    assert theirs.post(f"{own}rotate/").status_code == theirs.post(f"{own}test/").status_code == 404


def test_an_administrator_says_whose_it_is(api_as, admin, erp, seller):
    token_for(erp, "credit:read")
    client, wish = api_as(admin), {"url": URL, "events": ["order.held"]}
    assert client.post(HOOKS, wish).json()["errors"][0]["pointer"] == "/account"
    assert client.post(HOOKS, wish | {"account": "seller"}).json()["errors"][0]["pointer"] == "/account"
    assert client.post(HOOKS, wish | {"account": "erp"}).status_code == 201
    assert api_as(seller).get(HOOKS).status_code == 403


def test_a_token_without_the_scope_is_refused(erp):
    assert client_with(erp, "customers:write").get(HOOKS).status_code == 403


def test_events_go_no_further_than_the_scopes(erp):
    few = client_with(erp, "webhooks:write", "customers:read")
    refused = few.post(HOOKS, {"url": URL, "events": ["customer.updated", "limit.changed"]})
    assert refused.status_code == 400
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [("/events", "scope_missing")]
    assert few.post(HOOKS, {"url": URL, "events": ["customer.updated"]}).status_code == 201


@pytest.mark.parametrize(
    "url",
    [
        "",
        "erp",
        "http://erp.example.com/",
        "ftp://erp.example.com/",
        "https://",
        "https://erp.example.com:99999/",
        "https://user:pass@erp.example.com/",
        "https://erp.example.com/#top",
        "https://erp.example.com/a b",
        "https://localhost/",
        "https://db.internal/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://10.0.0.8/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.8]/",
        "https://[64:ff9b::a00:8]/",
        "https://[2002:7f00:1::]/",
        "https://erp.example.com/" + "x" * 500,
    ],
)
def test_refuses_addresses_that_must_not_be_called(api, url):
    refused = api.post(HOOKS, {"url": url, "events": ["order.held"]})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/url"
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("events", [[], ["order.eaten"], "order.held"])
def test_refuses_events_that_nobody_knows(api, events):
    refused = api.post(HOOKS, {"url": URL, "events": events})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"].startswith("/events")


def test_twenty_are_enough(api):
    wish = {"url": URL, "events": ["order.held"]}
    assert {api.post(HOOKS, wish).status_code for _n in range(20)} == {201}
    assert (api.post(HOOKS, wish).status_code, api.post(HOOKS, wish).json()["code"]) == (409, "too_many_webhooks")


def test_a_repeated_request_makes_one_and_keeps_no_secret(api):
    wish = {"url": URL, "events": ["order.held"]}
    first, again = (api.post(HOOKS, wish, HTTP_IDEMPOTENCY_KEY="one") for _n in range(2))
    assert first.json() == again.json() and again["Idempotent-Replay"] == "true"
    assert Webhook.objects.count() == 1
    assert b"whsec_" not in bytes(IdempotencyKey.objects.get().body)


def test_no_secret_lies_in_the_database(hook):
    row = Webhook.objects.filter(pk=hook.pk).values().get()
    assert hook.secret.removeprefix("whsec_") not in str(row)


# Events ---------------------------------------------------------------------------------------------------------------


def test_the_call_is_signed_as_standard_webhooks_says(hook, receiver, customer):
    Customer.objects.filter(pk=customer.pk).update(fax="1")
    call_all()
    headers, body = receiver.heard[-1]
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60
    assert headers["content-type"] == "application/json"
    told = json.loads(body)
    assert told["type"] == "customer.updated" and told["timestamp"].endswith("Z")
    assert told["data"]["customer"] == customer.number


def test_a_customer_changed_thrice_is_told_once(hook, receiver, customer):
    call_all()
    receiver.heard.clear()
    for field in ("fax", "phone", "fax"):
        Customer.objects.filter(pk=customer.pk).update(**{field: field + str(timezone.now())})
    call_all()
    assert [call["data"] for call in said(receiver)] == [
        {"customer": customer.number, "action": "updated", "fields": ["fax", "phone"]}
    ]


def test_limits_reports_and_classes_are_told_with_their_figures(hook, receiver, customer):
    call_all()
    receiver.heard.clear()
    standing = Standing.objects.filter(customer=customer)
    standing.update(limit=Decimal("900.00"), limit_mode="amount", limit_valid_until="2027-03-31")
    standing.update(report_status="stale", report_valid_until="2026-11-01")
    standing.update(segment="B")
    standing.update(exposure=Decimal("5.00"))
    call_all()
    who = {"customer": customer.number}
    limit = {"mode": "amount", "limit": "900.00", "valid_until": "2027-03-31", "currency": "CNY"}
    assert {call["type"]: call["data"] for call in said(receiver)} == {
        "limit.changed": who | limit,
        "report.stale": who | {"valid_until": "2026-11-01"},
        "segment.changed": who | {"segment": "B", "core": False},
    }


def test_an_order_is_told_when_it_is_held_and_when_somebody_decides(hook, receiver, customer, seller):
    call_all()
    receiver.heard.clear()
    sums = {"amount": 10, "amount_base": 10, "currency": "CNY", "asked_by": seller, "checked_at": timezone.now()}
    OrderCheck.objects.create(order="SO-1", customer=customer, decision="approved", **sums)
    held = OrderCheck.objects.create(order="SO-2", customer=customer, decision="held", **sums)
    call_all()
    OrderCheck.objects.filter(pk=held.pk).update(checked_at=timezone.now())
    OrderCheck.objects.filter(pk=held.pk).update(state="released", decision="approved")
    call_all()
    assert [(call["type"], call["data"]["order"], call["data"]["state"]) for call in said(receiver)] == [
        ("order.held", "SO-2", "open"),
        ("order.decided", "SO-2", "released"),
    ]
    assert said(receiver)[0]["data"]["amount"] == "10.00"


def test_nobody_hears_of_what_was_before_or_of_other_things(hook, receiver, customer):
    Contact.objects.create(customer=customer, name="Ma Li")
    call_all()
    assert not [call for call in said(receiver) if call["type"] != "customer.updated"]
    late = Webhook.objects.create(account=hook.account, url=receiver.url, events=["customer.updated"])
    call_all()
    assert not late.deliveries.exists()


def test_a_revoked_token_ends_what_its_account_hears(hook, receiver, customer):
    call_all()
    ServiceToken.objects.update(revoked_at=timezone.now())
    receiver.heard.clear()
    Customer.objects.filter(pk=customer.pk).update(fax="2")
    call_all()
    assert receiver.heard == []


def test_a_switched_off_account_is_not_called(hook, receiver, customer):
    Customer.objects.filter(pk=customer.pk).update(fax="2")
    relay()
    hook.account.is_active = False
    hook.account.save()
    send_due()
    assert receiver.heard == []


def test_what_was_relayed_is_not_relayed_again(hook, receiver, customer):
    Customer.objects.filter(pk=customer.pk).update(fax="2")
    assert relay() > 0
    assert relay() == 0
    assert FeedMark.objects.get(name="webhooks").position == FeedMark.objects.get(name="numbered").position


# Calls ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def delivery(hook, receiver):
    """A call that waits."""
    return Delivery.objects.create(
        webhook=hook, event="order.held", body="{}", created_at=timezone.now(), due_at=timezone.now()
    )


def test_an_error_is_tried_again_later_under_the_same_id(delivery, receiver):
    receiver.answers = [500, 200]
    assert send_due() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.trouble, delivery.attempts) == ("waiting", 500, "answer", 1)
    assert timedelta(seconds=4) < delivery.due_at - timezone.now() < timedelta(seconds=6)
    assert delivery.webhook.failing_since is not None
    assert send_due() == 0
    make_due(delivery)
    assert send_due() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.due_at, delivery.webhook.failing_since) == ("delivered", None, None)
    ids = {headers["webhook-id"] for headers, _body in receiver.heard}
    assert ids == {delivery.message_id}


@pytest.mark.parametrize("answer", [302, 400, 404, 429, 503])
def test_everything_but_success_and_gone_is_tried_again(delivery, receiver, answer):
    receiver.answers, receiver.location = [answer], receiver.url
    send_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status) == ("waiting", answer)
    assert len(receiver.heard) == 1


def test_it_is_tried_for_three_days(delivery, receiver):
    assert timedelta(days=3) <= sum(WAITS, timedelta()) < timedelta(days=4)
    receiver.answers = [500]
    for _attempt in range(len(WAITS)):
        send_due()
        make_due(delivery)
    send_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.due_at) == ("failed", len(WAITS) + 1, None)


def test_gone_unsubscribes_and_tells_administrators(delivery, receiver, admin, hook):
    waiting = Delivery.objects.create(
        webhook=hook, event="x", body="{}", created_at=timezone.now(), due_at=timezone.now() + timedelta(hours=1)
    )
    receiver.answers = [410]
    send_due()
    hook.refresh_from_db()
    waiting.refresh_from_db()
    assert (hook.ended, waiting.state) == ("gone", "failed")
    assert Notice.objects.get(recipient=admin).kind == "webhook_gone"


def test_after_three_days_without_success_it_is_switched_off(delivery, receiver, admin, hook):
    receiver.answers = [500]
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=3, minutes=1))
    send_due()
    hook.refresh_from_db()
    assert hook.ended == "failing"
    assert Notice.objects.get(recipient=admin).link == f"/webhooks/{hook.pk}/"


def test_a_worker_killed_in_the_middle_loses_a_try_and_not_the_event(delivery, receiver, monkeypatch):
    def killed(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("crm.core.webhooks.sending.settle", killed)
    with pytest.raises(KeyboardInterrupt):
        send_due()
    monkeypatch.undo()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("waiting", 1)
    make_due(delivery)
    send_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("delivered", 2)


def test_both_secrets_sign_while_they_rotate(api, hook, receiver, delivery):
    old = hook.secret
    rotated = api.post(f"{HOOKS}{hook.pk}/rotate/").json()
    assert rotated["secret"] not in (old, "") and rotated["previous_until"]
    send_due()
    headers, body = receiver.heard[-1]
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in (rotated["secret"], old)]
    signed = [base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() for key in keys]
    assert headers["webhook-signature"].split() == [f"v1,{one}" for one in signed]
    hook.refresh_from_db()
    assert hook.signing_secrets(timezone.now() + timedelta(hours=25)) == [rotated["secret"]]


def test_the_log_tells_and_sends_again(api, hook, receiver, delivery):
    receiver.answers = [500, 200]
    send_due()
    log = f"{HOOKS}{hook.pk}/deliveries/"
    told = api.get(log, {"state": "waiting"}).json()["results"][0]
    assert (told["message_id"], told["status"], told["attempts"]) == (delivery.message_id, 500, 1)
    assert api.post(f"{log}{delivery.pk}/resend/").status_code == 202
    send_due()
    assert api.get(log, {"state": "delivered"}).json()["results"][0]["id"] == str(delivery.pk)
    assert api.get(log, {"mood": "good"}).status_code == 400


def test_a_test_call_goes_out(api, hook, receiver):
    assert api.post(f"{HOOKS}{hook.pk}/test/").json()["event"] == "webhook.test"
    tasks.call_webhooks()
    assert said(receiver)[-1] == said(receiver)[-1] | {"type": "webhook.test", "data": {"webhook": str(hook.pk)}}


def test_a_webhook_that_is_off_calls_nobody(api, hook, receiver, delivery):
    api.patch(f"{HOOKS}{hook.pk}/", {"active": False})
    assert api.post(f"{HOOKS}{hook.pk}/test/").json()["code"] == "webhook_off"
    assert api.post(f"{HOOKS}{hook.pk}/deliveries/{delivery.pk}/resend/").json()["code"] == "webhook_off"
    call_all()
    assert receiver.heard == []


def test_old_calls_are_forgotten(delivery, hook):
    Delivery.objects.update(state="delivered", created_at=timezone.now() - timedelta(days=31))
    tasks.sweep()
    assert not Delivery.objects.exists()


# Pages ----------------------------------------------------------------------------------------------------------------


def test_an_administrator_adds_one_and_sees_its_secret_once(page_as, admin, erp):
    token_for(erp, "credit:read")
    client = page_as(admin)
    added = client.post("/webhooks/", {"account": "erp", "url": URL, "events": ["order.held"]}, follow=True)
    made = Webhook.objects.get()
    assert made.secret in added.content.decode()
    page = client.get(f"/webhooks/{made.pk}/")
    assert made.secret not in page.content.decode() and "no-store" in page["Cache-Control"]
    assert URL in client.get("/webhooks/").content.decode()


def test_the_page_says_what_is_wrong_and_keeps_what_was_typed(page_as, admin, erp):
    token_for(erp, "customers:read")
    wish = {"account": "erp", "url": "https://10.0.0.8/hook", "events": ["order.held"]}
    response = page_as(admin).post("/webhooks/", wish)
    assert "private network" in response.content.decode() and "https://10.0.0.8/hook" in response.content.decode()
    response = page_as(admin).post("/webhooks/", wish | {"url": URL})
    assert "No token of erp reads" in response.content.decode()
    assert not Webhook.objects.exists()


def test_the_buttons_of_the_page(page_as, admin, hook, delivery):
    client, page = page_as(admin), f"/webhooks/{hook.pk}/"
    salt = hook.salt
    rotated = client.post(f"{page}rotate/", follow=True)
    hook.refresh_from_db()
    assert hook.salt != salt and hook.secret in rotated.content.decode()
    client.post(f"{page}test/")
    assert hook.deliveries.filter(event="webhook.test").exists()
    Delivery.objects.filter(pk=delivery.pk).update(state="failed")
    client.post(f"{page}deliveries/{delivery.pk}/resend/")
    delivery.refresh_from_db()
    assert delivery.state == "waiting"
    client.post(f"{page}switch/")
    assert b"is switched off" in client.post(f"{page}test/", follow=True).content
    client.post(f"{page}switch/")
    client.post(page, {"url": hook.url, "events": ["order.held"]})
    hook.refresh_from_db()
    assert (hook.is_active, hook.events) == (True, ["order.held"])
    client.post(f"{page}remove/")
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("who", ["seller", "credit_manager", "auditor"])
def test_nobody_else_opens_the_pages(page_as, request, who, hook):
    client = page_as(request.getfixturevalue(who))
    assert client.get("/webhooks/").status_code == client.get(f"/webhooks/{hook.pk}/").status_code == 403
    assert client.post(f"/webhooks/{hook.pk}/remove/").status_code == 403
    assert Webhook.objects.exists()


@pytest.mark.parametrize("door", ["/webhooks/", HOOKS])
def test_lists_ask_the_same_for_one_and_three(page_as, api_as, admin, erp, receiver, door):
    client = page_as(admin) if door == "/webhooks/" else api_as(admin)
    counts = []
    for number in (1, 2):
        for _n in range(number):
            Webhook.objects.create(account=UserFactory(role="connector"), url=receiver.url, events=["order.held"])
        client.get(door)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(door)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_bulk_call_is_told_customer_by_customer(api, hook, receiver):
    items = [{"number": f"C-{n}", "name": f"Firm {n}", "currency": "CNY"} for n in range(7)]
    api.post("/api/v1/customers/bulk/", {"items": items}, HTTP_IDEMPOTENCY_KEY="b")
    call_all()
    assert sorted(call["data"]["customer"] for call in said(receiver)) == [f"C-{n}" for n in range(7)]
