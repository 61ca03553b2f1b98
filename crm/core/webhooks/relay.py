"""From the change feed to the queue of calls: each event, for each webhook that wants it and may hear of it."""

from collections import defaultdict
from collections.abc import Iterator

from django.db import transaction

from crm.core.feed import changes_between, number_changes
from crm.core.models import Change, Delivery, FeedMark, Webhook
from crm.core.webhooks.events import READERS, Event, audible, events_of

TOLD = "webhooks"
STEP = 2_000


def relay() -> int:
    """Queue the calls for the next changes of the feed; how many changes were read. One relay works at a time."""
    last = number_changes()
    FeedMark.objects.get_or_create(name=TOLD)
    with transaction.atomic():
        told = FeedMark.objects.select_for_update(skip_locked=True).filter(name=TOLD).first()
        if told is None or told.position >= last:
            return 0
        changes = list(changes_between(told.position, last).filter(kind__in=READERS)[:STEP]) if _anybody() else []
        Delivery.objects.bulk_create(calls_for(changes), batch_size=1_000)
        told.position = changes[-1].position if len(changes) == STEP else last
        told.save()
    return len(changes)


def _anybody() -> bool:
    return Webhook.objects.filter(ended="").exists()


def calls_for(changes: list[Change]) -> Iterator[Delivery]:
    """The calls, not saved: nobody hears of what was before their webhook, or of more than their tokens read."""
    wanted = _listeners()
    for event in events_of(changes):
        for webhook in wanted[event.type]:
            if event.at >= webhook.created_at:
                yield call(webhook, event)


def _listeners() -> dict[str, list[Webhook]]:
    webhooks = list(Webhook.objects.filter(ended="", account__is_active=True))
    heard = audible({webhook.account_id for webhook in webhooks})
    found: dict[str, list[Webhook]] = defaultdict(list)
    for webhook in webhooks:
        for event in heard[webhook.account_id] & set(webhook.events):
            found[event].append(webhook)
    return found


def call(webhook: Webhook, event: Event) -> Delivery:
    """One call to make as soon as possible; not saved."""
    return Delivery(webhook=webhook, event=event.type, body=event.body, created_at=event.at, due_at=event.at)
