"""The engine under every sync: many rows in a handful of statements, and what is the same writes nothing.

A sync goes through four steps, each over all rows at once: references are looked up, stored rows are locked and read in
the order of their key, sent and stored are laid over each other, and what differs goes back in one
`INSERT … ON CONFLICT DO UPDATE` fed by one JSON document. Rows that fail on the way drop out with their reasons.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import pghistory
from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from archives.parsing import BadRow, FieldError, Row, Sheet, parse_items
from crm.core import audit
from crm.core.models import User


class Mode(StrEnum):
    """What one bad item does to the others: nothing, or all of them fail with it."""

    PARTIAL = "partial"
    ATOMIC = "atomic"


class State(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(slots=True)
class Entry:
    """One row on its way: `values` are the columns that were sent, `old` what is stored, `new` what shall be."""

    row: Row
    values: dict[str, Any]
    old: dict[str, Any] | None = None
    new: dict[str, Any] = field(default_factory=dict)

    @property
    def given(self) -> dict[str, Any]:
        return self.row.given

    @property
    def outdated(self) -> bool:
        """The source sent something newer before: this must not overwrite it."""
        known = (self.old or {}).get("source_version")
        return known is not None and self.row.version is not None and self.row.version < known


@dataclass(frozen=True, slots=True)
class Ignored:
    """A value that was not taken, because somebody else keeps the field: where it stands in the item, and why."""

    index: int
    key: str
    pointer: str
    code: str
    detail: str


@dataclass
class Batch:
    """The rows of one call, what becomes of them, and what is wrong with those that fail.

    `dry_run` tells what would happen and writes nothing. Commands that go row by row note the `states` of rows, those
    that take all at once what they `counted`.
    """

    sheet: Sheet
    failed: dict[int, BadRow] = field(default_factory=dict)
    mode: Mode = Mode.PARTIAL
    dry_run: bool = False
    states: dict[int, State] = field(default_factory=dict)
    counted: dict[State, int] = field(default_factory=dict)
    warnings: list[Ignored] = field(default_factory=list)

    @classmethod
    def read(cls, items: Iterable[Any], parse: Callable[..., Row | BadRow], **how: Any) -> "Batch":
        """The batch of items one by one; those that cannot be meant have failed already."""
        rows, failed = parse_items(items, parse)
        return cls.of(Sheet.of(rows), failed, **how)

    @classmethod
    def of(cls, sheet: Sheet, failed: Iterable[BadRow], **how: Any) -> "Batch":
        """The batch of what was read (`archives.decoding`)."""
        return cls(sheet, {bad.index: bad for bad in failed}, **how)

    @cached_property
    def rows(self) -> list[Row]:
        """What was sent, row by row, without what could not be meant."""
        return self.sheet.rows()

    def took(self, row: Row) -> bool:
        """Whether the row is in the archive now, written or there already."""
        return row.index not in self.failed and not self.spoiled

    @property
    def spoiled(self) -> bool:
        """Whether nothing may be written for what failed."""
        return self.mode == Mode.ATOMIC and bool(self.failed)

    def fail(self, row: Row, name: str, code: str, detail: str) -> None:
        self.refuse(row, FieldError(f"/{name}" if name else "", code, detail))

    def refuse_at(self, index: int, error: FieldError) -> None:
        """The same of the item with this index."""
        key = self.sheet.keys[self.sheet.place(index)]
        self.failed.setdefault(index, BadRow(index=index, key=key, errors=[])).errors.append(error)

    def refuse(self, row: Row, error: FieldError) -> None:
        bad = self.failed.setdefault(row.index, BadRow(index=row.index, key=row.key, errors=[]))
        bad.errors.append(error)

    def remaining(self, entries: Iterable[Entry]) -> list[Entry]:
        """The entries that have not failed so far."""
        return [entry for entry in entries if entry.row.index not in self.failed]

    def count(self, state: State) -> int:
        return self.counted.get(state, 0) + sum(found == state for found in self.states.values())

    @property
    def errors(self) -> list[BadRow]:
        return [self.failed[index] for index in sorted(self.failed)]

    @property
    def wrote(self) -> bool:
        return bool(self.count(State.CREATED) + self.count(State.UPDATED))


@contextmanager
def sync(batch: Batch, *, by: User) -> Iterator[None]:
    """One transaction for the batch; taken back when it was a trial, or when it was atomic and something failed."""
    with pghistory.context(user=by.pk), transaction.atomic():
        yield
        if batch.spoiled:
            batch.states.clear(), batch.counted.clear()
        if batch.spoiled or batch.dry_run:
            transaction.set_rollback(True)


def note(batch: Batch, verb: str, *, by: User) -> None:
    """One line in the audit trail for a call that wrote something; what changed stands in the history."""
    if batch.wrote:
        audit.record(verb, by, by=by, created=batch.count(State.CREATED), updated=batch.count(State.UPDATED))


def entries_of(batch: Batch, references: Iterable[str]) -> list[Entry]:
    """The batch's rows with what they say of themselves; references are still to be looked up."""
    later = set(references)
    return [Entry(row, {name: row.given[name] for name in row.given.keys() - later}) for row in batch.rows]


def refer(batch: Batch, entries: list[Entry], name: str, records: models.QuerySet, key: str) -> None:
    """Turn the reference `name` of every entry that gives it into an id; fail those that lead nowhere."""
    found = lookup(records, key, (entry.given.get(name) for entry in entries))
    for entry in entries:
        wanted = entry.given.get(name)
        if wanted and wanted not in found:
            unknown_reference(batch, entry.row, name)
        elif name in entry.given:
            entry.values[f"{name}_id"] = found[wanted] if wanted else None


def lookup(records: models.QuerySet, key: str, wanted: Iterable[str | None]) -> dict[str, int]:
    """The ids of the records whose `key` is wanted and that are there."""
    keys = {value for value in wanted if value}
    return dict(records.filter(**{f"{key}__in": keys}).values_list(key, "pk")) if keys else {}


def unknown_reference(batch: Batch, row: Row, name: str) -> None:
    """Fail the row for a reference that leads nowhere, or nowhere that the caller may look."""
    batch.fail(row, name, "unknown_reference", not_there(row.given.get(name)))


def not_there(key: Any) -> str:
    return _("There is no %(key)s here, or you may not see it.") % {"key": key}


def advisory_lock(name: str) -> None:
    """Wait until no other transaction holds this name; ours to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
