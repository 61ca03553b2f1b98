"""Making the calls that are due, and what follows of the answers."""

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from crm.core.models import Delivery, User, Webhook
from crm.core.notices import tell
from crm.core.roles import Role
from crm.core.webhooks.outgoing import Answer, post
from crm.core.webhooks.signing import headers_for

State, Ended = Delivery.State, Webhook.Ended
# When the last of these waits is over it is three days later; one more attempt, and the event is given up.
WAITS = [
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
]
JITTER = 0.1
GIVEN_UP_AFTER = timedelta(days=3)
CLAIMED_FOR = timedelta(minutes=2)
AT_ONCE, EACH = 8, 5
GONE = 410


def send_due(now: datetime | None = None) -> int:
    """Make the calls that are due, few for each webhook, so that a slow one does not keep the others; how many.

    A claim is committed before the call: a worker that is killed loses a try, never the event.
    """
    claimed = claim(now or timezone.now())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(make, claimed))
    for delivery, answer in zip(claimed, answers, strict=True):
        settle(delivery, answer, now or timezone.now())
    return len(claimed)


@transaction.atomic
def claim(now: datetime) -> list[Delivery]:
    """Take the oldest due calls of every active webhook."""
    due = Delivery.objects.filter(state=State.WAITING, due_at__lte=now, webhook__ended="")
    claimed: list[Delivery] = []
    for webhook in Webhook.objects.filter(pk__in=due.values("webhook"), account__is_active=True):
        rows = due.filter(webhook=webhook).order_by("due_at").select_for_update(of=("self",), skip_locked=True)
        claimed += rows.select_related("webhook")[:EACH]
    ids = [delivery.pk for delivery in claimed]
    Delivery.objects.filter(pk__in=ids).update(
        attempts=F("attempts") + 1, tried_at=now, due_at=now + CLAIMED_FOR, status=None, trouble=""
    )
    for delivery in claimed:
        delivery.attempts += 1
    return claimed


def make(delivery: Delivery) -> Answer:
    """The call itself; touches no database, so that threads may make several."""
    headers = headers_for(delivery, timezone.now())
    return post(delivery.webhook.url, delivery.body.encode(), headers)


@transaction.atomic
def settle(delivery: Delivery, answer: Answer, now: datetime) -> None:
    """Note the answer and what follows: done, again later, given up, or the webhook switched off."""
    webhook = Webhook.objects.select_for_update().get(pk=delivery.webhook_id)
    delivery.status, delivery.trouble = answer.status, answer.trouble
    delivery.state, delivery.due_at = following(delivery, answer, now)
    delivery.save(update_fields=["status", "trouble", "state", "due_at"])
    if answer.is_success:
        webhook.failing_since = None
    else:
        webhook.failing_since = webhook.failing_since or now
    webhook.save(update_fields=["failing_since"])
    if answer.status == GONE:
        end(webhook, Ended.GONE)
    elif webhook.failing_since and now - webhook.failing_since >= GIVEN_UP_AFTER:
        end(webhook, Ended.FAILING)


def following(delivery: Delivery, answer: Answer, now: datetime) -> tuple[str, datetime | None]:
    """The state after an answer, and when to try again."""
    if answer.is_success:
        return State.DELIVERED, None
    if answer.status == GONE or delivery.attempts > len(WAITS):
        return State.FAILED, None
    wait = WAITS[delivery.attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    return State.WAITING, now + wait


def end(webhook: Webhook, why: str) -> None:
    """Call it no more; what waits has failed. Administrators are told unless one of them did it."""
    if webhook.ended:
        return
    webhook.ended = why
    webhook.save(update_fields=["ended"])
    webhook.deliveries.filter(state=State.WAITING).update(state=State.FAILED, due_at=None)
    if why != Ended.BY_HAND:
        tell_administrators(webhook, User.objects.filter(role=Role.ADMINISTRATOR, is_active=True))


def tell_administrators(webhook: Webhook, people: Iterable[User]) -> None:
    link = reverse("webhook", args=[webhook.pk])
    for person in people:
        key = f"webhook_ended:{webhook.pk}:{webhook.ended}:{timezone.now():%Y%m%d%H%M}"
        tell(person, f"webhook_{webhook.ended}", key=key, link=link, url=webhook.url)
