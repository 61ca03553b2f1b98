"""A table that a sync lays rows into: read under lock, compared, written in one statement."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from django.db import connection, models
from django.utils import timezone

from archives.commands.bulk import Batch, Entry, State, advisory_lock
from archives.models import Customer
from archives.models.customer import SEARCH_COLUMNS
from archives.parsing import LAYERS

# The triggers that write history keep the plan of their first call in a session. One made for a handful of changed rows
# compares each of ten thousand with every other, which takes twenty seconds; so before a large sync it is made anew.
MANY = 100
KEPT_BY_US = {"source_version", "updated_at", "created_at"}
NEWER_VERSIONS = """
UPDATE {table} AS stored SET source_version = sent.version
  FROM unnest(%s::bigint[], %s::bigint[]) AS sent (id, version)
 WHERE stored.id = sent.id AND sent.version > coalesce(stored.source_version, sent.version - 1)
"""


@dataclass(frozen=True)
class Store:
    """A table by its natural key. Rows are found by `found_by`; `derived` columns are worked out by the program."""

    model: type[models.Model]
    key: tuple[str, ...]
    found_by: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    ids_given: bool = False

    @cached_property
    def columns(self) -> list[str]:
        """Every column that is written."""
        columns = [column.attname for column in self.model._meta.concrete_fields]
        return columns if self.ids_given else [name for name in columns if name != "id"]

    @cached_property
    def compared(self) -> list[str]:
        """The columns whose change makes it a change."""
        return [name for name in self.columns if name not in {"id", *KEPT_BY_US, *self.key, *self.derived}]

    @cached_property
    def empty(self) -> dict[str, Any]:
        """A row of which nothing is known."""
        return {column.attname: column.get_default() for column in self.model._meta.concrete_fields}

    @property
    def versioned(self) -> bool:
        return "source_version" in self.columns

    def load(self, batch: Batch, entries: list[Entry]) -> list[Entry]:
        """Lock and read what is stored and lay what was sent over it; the entries that are not outdated.

        Entries that are new wait for other syncs of this table, so that two never add the same one.
        """
        if self.versioned and not {self.key_of(entry.values) for entry in entries} <= self._known(entries):
            advisory_lock(f"new {self.model._meta.db_table}")
        locked = self._rows(entries).select_for_update(of=("self",), no_key=True)
        stored = {self.key_of(row): row for row in locked.values()}
        for entry in entries:
            entry.old = stored.get(self.key_of(entry.values))
            entry.new = (entry.old or self.empty) | entry.values
            if entry.outdated:
                batch.states[entry.row.index] = State.UNCHANGED
        return [entry for entry in entries if not entry.outdated]

    def _known(self, entries: list[Entry]) -> set[tuple]:
        return set(self._rows(entries).values_list(*self.key))

    def _rows(self, entries: list[Entry]) -> models.QuerySet:
        """The stored rows, in the order in which every sync locks them."""
        names = self.found_by or self.key
        narrowed = {f"{name}__in": {entry.values[name] for entry in entries} for name in names}
        return self.model._default_manager.filter(**narrowed).order_by(*self.key)

    def key_of(self, values: dict[str, Any]) -> tuple:
        return tuple(values[name] for name in self.key)

    def differs(self, entry: Entry) -> bool:
        """Whether there is anything to write; a new row that says nothing is nothing."""
        old = entry.old or self.empty
        return any(entry.new[name] != old[name] for name in self.compared)

    def save(self, batch: Batch, entries: list[Entry]) -> list[Entry]:
        """Write what is new or differs, note what became of every row, and give back what was written."""
        written = [entry for entry in entries if entry.old is None or self.differs(entry)]
        batch.states |= {entry.row.index: State.UNCHANGED for entry in entries}
        batch.states |= {entry.row.index: State.UPDATED if entry.old else State.CREATED for entry in written}
        self._note_versions([entry for entry in entries if batch.states[entry.row.index] == State.UNCHANGED])
        self.put(written)
        return written

    def _note_versions(self, entries: list[Entry]) -> None:
        """Remember that the source's newer version says the same; no history, no new date of update."""
        newer = {entry.old["id"]: entry.row.version for entry in entries if entry.row.version is not None}
        if newer:
            with connection.cursor() as cursor:
                sql = NEWER_VERSIONS.format(table=self.model._meta.db_table)
                cursor.execute(sql, [list(newer), list(newer.values())])

    def put(self, entries: list[Entry]) -> None:
        """Insert or overwrite in one statement, in the order of the key; ids of new rows are filled in."""
        if not entries:
            return
        for entry in entries:
            self._stamp(entry)
        with connection.cursor() as cursor:
            if len(entries) > MANY:
                cursor.execute("DISCARD PLANS")
            cursor.execute(self._upsert, [orjson.dumps([entry.new for entry in entries], default=str).decode()])
            ids = {tuple(key): pk for pk, *key in cursor.fetchall()}
        for entry in entries:
            entry.new[self.model._meta.pk.attname] = ids[self.key_of(entry.new)]

    def _stamp(self, entry: Entry) -> None:
        """What `save()` would fill in."""
        if self.versioned:
            entry.new["updated_at"] = timezone.now()
            entry.new["source_version"] = (
                entry.row.version if entry.row.version is not None else entry.new["source_version"]
            )
        if "created_at" in entry.new and entry.old is None:
            entry.new["created_at"] = entry.new["updated_at"]

    @cached_property
    def _upsert(self) -> str:
        table, key = self.model._meta.db_table, ", ".join(self.key)
        names = ", ".join(f'"{name}"' for name in self.columns)
        changes = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in self.columns if name not in {"id", *self.key})
        return (
            f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s)"
            f" ORDER BY {key} ON CONFLICT ({key}) DO UPDATE SET {changes}"
            f" RETURNING {self.model._meta.pk.column}, {key}"
        )


CUSTOMERS = Store(Customer, ("number",), derived=tuple(SEARCH_COLUMNS), ids_given=True)
LAYER_STORES = {layer: Store(model, ("customer_id",)) for layer, model in LAYERS.items()}
