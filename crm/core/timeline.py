"""The shape of what happened to a customer, so that every app can tell its part and one page can merge them by time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import Model, Q, QuerySet


@dataclass(frozen=True, slots=True)
class Mark:
    """A small badge below an event."""

    text: str
    tone: str = "secondary"
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """A button or link below an event: a link by GET, a deed by POST."""

    label: str
    url: str
    post: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `source` and `pk` place it among others of the same instant; `details` unfold."""

    at: datetime
    source: str
    pk: Any
    title: str
    who: str = ""
    text: str = ""
    icon: str = "circle"
    tone: str = "secondary"
    marks: list[Mark] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    details: list[Any] = field(default_factory=list)
    prose: bool = False

    @property
    def place(self) -> "Place":
        return Place(self.at, self.source, self.pk)


class Place(NamedTuple):
    """Where a page of events ends: everything that sorts below it is older."""

    at: datetime
    source: str
    pk: Any

    def __str__(self) -> str:
        key = "-".join(map(str, self.pk)) if isinstance(self.pk, tuple) else self.pk
        return f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}~{self.source}~{key}"

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """The place that a page's address names; None when it names none."""
        at, _tilde, rest = text.partition("~")
        source, _tilde, pk = rest.partition("~")
        try:
            return cls(datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC), source, pk)
        except ValueError:
            return None


def older(rows: QuerySet[Model], field: str, *, source: str, than: Place | None) -> QuerySet[Model]:
    """The rows of `source` that come after `than` in a timeline sorted by instant, source and key downwards."""
    rows = rows.order_by(f"-{field}", "-pk")
    if than is None:
        return rows
    earlier, same = Q(**{f"{field}__lt": than.at}), Q(**{field: than.at})
    if source < than.source:
        return rows.filter(earlier | same)
    return rows.filter(earlier | same & Q(pk__lt=than.pk)) if source == than.source else rows.filter(earlier)


def newest(events: Iterable[Event], count: int) -> list[Event]:
    """The first `count` events of the merged timeline."""
    return sorted(events, key=lambda event: (event.at, event.source, event.pk), reverse=True)[:count]
