"""The examples do what they say, against the real thing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone

from archives.models import Contact
from crm.core.models import Delivery, Webhook
from crm.core.roles import TOKEN_SCOPES
from crm.core.webhooks.signing import headers_for
from examples import follow_changes
from examples.receive_webhooks import is_genuine
from tests.factories import CustomerFactory, token_for

EXAMPLES = Path(follow_changes.__file__).parent


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_following_goes_on_where_it_stopped(live_server, erp, tmp_path):
    customer = CustomerFactory(number="C-1")
    how = [sys.executable, EXAMPLES / "follow_changes.py", "--url", live_server.url, "--once", "--kind", "contact"]
    how += ["--cursor-file", tmp_path / "cursor"]
    told = os.environ | {"DOSSIER_TOKEN": token_for(erp, *TOKEN_SCOPES)}

    def run() -> list[str]:
        done = subprocess.run(how, env=told, capture_output=True, text=True, timeout=60, check=True)
        return [json.loads(line)["key"] for line in done.stdout.splitlines()]

    assert run() == []
    keys = [str(Contact.objects.create(customer=customer, name=name).pk) for name in ("Ma", "Li")]
    assert run() == keys
    assert run() == []


def test_the_receiver_knows_what_is_genuine(db, erp):
    webhook = Webhook.objects.create(account=erp, url="https://erp.example.com/", events=["order.held"])
    now = timezone.now()
    delivery = Delivery(webhook=webhook, event="order.held", body='{"type": "order.held"}', created_at=now)
    headers, body, clock = headers_for(delivery, now), delivery.body.encode(), now.timestamp()
    assert is_genuine(headers, body, webhook.secret, clock)
    assert not is_genuine(headers, body + b" ", webhook.secret, clock)
    assert not is_genuine(headers, body, Webhook().secret, clock)
    assert not is_genuine(headers, body, webhook.secret, clock + 301)
    assert not is_genuine({}, body, webhook.secret, clock)
