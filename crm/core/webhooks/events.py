"""Which changes are events, what an event says, and which scope lets a program hear of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from django.conf import settings
from django.utils import timezone

from crm.core.models import Change, ServiceToken

# Event → the noun of the scope that reads what it tells of.
EVENTS = {
    "customer.updated": "customers",
    "limit.changed": "credit",
    "order.held": "credit",
    "order.decided": "credit",
    "report.stale": "reports",
    "segment.changed": "scoring",
}
TEST = "webhook.test"
OF_LIMIT = {"limit", "limit_mode", "limit_valid_until"}


@dataclass(frozen=True)
class Event:
    """Something that happened, as it is told: names and few figures, never the record."""

    type: str
    key: str
    at: datetime
    data: dict[str, Any]

    @property
    def body(self) -> str:
        said = {"type": self.type, "timestamp": instant(self.at), "data": self.data}
        return orjson.dumps(said).decode()


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def events_of(changes: Iterable[Change]) -> list[Event]:
    """What these changes mean, in their order. A customer that changed several times is told once, with all fields."""
    told: dict[tuple[str, str], Event] = {}
    for change in changes:
        for event in READERS[change.kind](change):
            before = told.pop((event.type, event.key), None)
            told[event.type, event.key] = _joined(before, event)
    return list(told.values())


def _joined(before: Event | None, event: Event) -> Event:
    if before and "fields" in event.data:
        event.data["fields"] = sorted({*before.data["fields"], *event.data["fields"]})
    return event


def _of_customer(change: Change) -> Iterator[Event]:
    data = {"customer": change.key, "action": change.action, "fields": change.fields}
    yield Event("customer.updated", f"{change.key} {change.action}", change.at, data)


def _of_standing(change: Change) -> Iterator[Event]:
    said, who = change.data, {"customer": change.key}
    if OF_LIMIT & set(change.fields):
        limit = {"mode": said["limit_mode"], "limit": said["limit"], "valid_until": said["limit_valid_until"]}
        data = who | limit | {"currency": settings.BASE_CURRENCY}
        yield Event("limit.changed", change.key, change.at, data)
    if "report_status" in change.fields and said["report_status"] == "stale":
        yield Event("report.stale", change.key, change.at, who | {"valid_until": said["report_valid_until"]})


def _of_order_check(change: Change) -> Iterator[Event]:
    """Held when it begins to wait for a person, decided when a person has released or refused it."""
    if change.action == Change.Action.UPDATED and not {"decision", "state"} & set(change.fields):
        return
    data = {"order": change.key, "customer": change.customer, **change.data}
    key = f"{change.key} {change.position}"
    if change.data["state"] in ("released", "refused"):
        yield Event("order.decided", key, change.at, data)
    elif (change.data["decision"], change.data["state"]) == ("held", "open"):
        yield Event("order.held", key, change.at, data)


def _of_segment(change: Change) -> Iterator[Event]:
    yield Event("segment.changed", change.key, change.at, {"customer": change.key, **change.data})


READERS = {
    "customer": _of_customer,
    "standing": _of_standing,
    "order_check": _of_order_check,
    "segment": _of_segment,
}


def audible(account_ids: Iterable[int]) -> dict[int, set[str]]:
    """The events that each service account may hear of now: what its usable tokens read."""
    heard: dict[int, set[str]] = {pk: set() for pk in account_ids}
    tokens = ServiceToken.objects.filter(ServiceToken.usable(timezone.now()), account__in=heard)
    for account, scopes in tokens.values_list("account", "scopes"):
        nouns = {scope.partition(":")[0] for scope in scopes}
        heard[account] |= {event for event, noun in EVENTS.items() if noun in nouns}
    return heard
