"""A table of the trade record that a sync lays rows into, in a handful of statements over all rows at once.

What was sent is copied into a temporary table and joined with what is stored: what says the same falls out at once and
is not even locked. The rest is locked in the order of its key, laid over what is stored, judged, and written by one
`INSERT … ON CONFLICT DO UPDATE`. What is wrong with a row comes back as the field, a code and what the sentence needs.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from msgspec import UNSET

from archives.commands.bulk import Batch, State, advisory_lock
from archives.models import Customer
from archives.parsing import Sheet
from crm.core.models import User

# The triggers keep the plan of their first call in a session; before a large sync it is made anew (see `store`).
MANY = 100
NOT_GIVEN = "\x01"  # no text that came through a parser holds it
OWN = ("id", "source_version", "updated_at")
JOINS = {
    "customer": "LEFT JOIN archives_customer AS customer ON customer.number = nullif(sent.customer, '')"
    " AND {visible[customer.id]}",
    "unit": "LEFT JOIN core_unit AS unit ON unit.code = nullif(sent.unit, '')",
    "invoice": "LEFT JOIN archives_invoice AS invoice ON invoice.number = nullif(sent.invoice, '')"
    " AND {visible[invoice.customer_id]}",
}
# Rows are found one by one through their key: what a call costs depends on its size, not on that of the table.
ONE_BY_ONE = "SET LOCAL enable_hashjoin = {0}; SET LOCAL enable_mergejoin = {0}"
SAME = """
CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS
SELECT sent.*, stored.id AS found FROM {joined} WHERE ({same}) IS NOT TRUE
"""
ANY_NEW = "SELECT EXISTS (SELECT FROM fresh WHERE found IS NULL)"
LOCK = """
SELECT count(*) FROM (SELECT FROM {table} AS locked WHERE id IN (
        SELECT found FROM fresh UNION SELECT stored.id FROM {joined} WHERE sent.found IS NULL)
    ORDER BY {order} FOR NO KEY UPDATE) AS rows
"""
LAY = """
CREATE TEMPORARY TABLE laid ON COMMIT DROP AS
SELECT new.*, CASE WHEN unknown <> '{{}}' THEN unknown WHEN outdated THEN '{{}}' ELSE array_remove(ARRAY[{wrong}], NULL)
       END AS wrong
  FROM (SELECT sent.nth, sent.version, stored.id AS old_id, stored.source_version AS old_version, {columns}, {notes},
               coalesce(sent.version < stored.source_version, false) AS outdated,
               stored.id IS NULL OR ({compared}) IS DISTINCT FROM ({stored}) AS differs,
               array_remove(ARRAY[{unknown}]::text[], NULL) AS unknown
          FROM {joined} OFFSET 0) AS new
"""
WRITTEN = "wrong = '{}' AND differs AND NOT outdated"
WRITE = """
INSERT INTO {table} ({names}, source_version, updated_at)
SELECT {values}, coalesce(laid.version, laid.old_version), statement_timestamp()
  FROM laid {derived}
 WHERE laid.wrong = '{{}}' AND differs AND NOT outdated ORDER BY {order}
    ON CONFLICT ({key}) DO UPDATE SET ({changed}) = ({excluded})
"""
NEWER_VERSIONS = """
UPDATE {table} AS stored SET source_version = laid.version FROM laid
 WHERE stored.id = laid.old_id AND laid.wrong = '{{}}' AND NOT laid.differs
   AND laid.version > coalesce(laid.old_version, laid.version - 1)
"""
COUNT = """
SELECT count(*) FILTER (WHERE differs AND NOT outdated AND old_id IS NULL),
       count(*) FILTER (WHERE differs AND NOT outdated AND old_id IS NOT NULL) FROM laid WHERE wrong = '{}'
"""


class Wrong(NamedTuple):
    """What is wrong with the item `nth`: the field, a code, and what the sentence needs beside it."""

    nth: int
    name: str
    code: str
    about: str = ""


@dataclass(frozen=True)
class Ledger:
    """A table by its key. `sent`, `stored` and the references by their names are what its SQL speaks of.

    `how` says how a column comes about where it is not what was sent, or else what is stored; `derived` columns are
    worked out by the program at the moment of writing, from the join `derive`; `wrong` are expressions over the laid
    row, with `notes` beside its columns, that give `field code about` or NULL; `kept` is what must hold beside equal
    columns for a row to be the same. `joined` is joined last, `lock_before` locks what the judging reads.
    """

    model: type[models.Model]
    key: tuple[str, ...] = ("number",)
    needed: tuple[str, ...] = ()
    how: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)
    derive: str = ""
    joined: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    lock_before: str = ""

    @cached_property
    def fields(self) -> dict[str, models.Field]:
        """The columns that are written, beside those that every ledger has."""
        return {one.attname: one for one in self.model._meta.concrete_fields if one.attname not in OWN}

    @cached_property
    def sent_as(self) -> list[str]:
        """What an item may give; references by their own key."""
        return [one.name for one in self.fields.values()]

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @cached_property
    def references(self) -> list[str]:
        return [name for name in JOINS if name in self.sent_as]

    @cached_property
    def laid(self) -> dict[str, str]:
        """Each column, as it is after what was sent has been laid over what is stored."""
        return {name: self._laid(name, column) for name, column in self.fields.items() if name not in self.derived}

    def _laid(self, name: str, column: models.Field) -> str:
        sent = f"{column.name}.id" if column.is_relation else cast(f"sent.{quoted(column.name)}", column)
        kept = f"stored.{quoted(name)}"
        if name in self.how:
            return self.how[name].format(sent=sent, kept=kept)
        new = literal(column.get_default())
        return (
            f"CASE WHEN sent.{quoted(column.name)} IS NOT NULL THEN {sent} WHEN stored.id IS NULL THEN {new}"
            f" ELSE {kept} END"
        )

    def statement(self, template: str, source: str, visible: "Visible", **more: str) -> str:
        """The SQL of `template`, where `sent` is the temporary table `source`."""
        compared = [name for name in self.laid if name not in self.key]
        key = " AND ".join(
            f"stored.{name} IS NOT DISTINCT FROM unit.id" if name == "unit_id" else f"stored.{name} = {self.laid[name]}"
            for name in self.key
        )
        if self.key == ("number",):
            key = "stored.number = sent.number"
        joins = " ".join(JOINS[name].format(visible=visible) for name in self.references)
        same = [
            "stored.id IS NOT NULL AND (sent.version IS NULL OR sent.version <= stored.source_version)",
            f"({self._unknown}) IS NULL",
            visible["stored.customer_id"],
            f"({', '.join(self.laid[name] for name in compared)})"
            f" IS NOT DISTINCT FROM ({', '.join(f'stored.{quoted(name)}' for name in compared)})",
            *self.kept,
        ]
        return template.format(
            joined=f"{source} AS sent {joins} LEFT JOIN {self.table} AS stored ON {key} {self.joined}",
            table=self.table,
            same=" AND ".join(same),
            order=", ".join(self.key),
            columns=", ".join(f"{sql} AS {quoted(name)}" for name, sql in self.laid.items()),
            notes=", ".join(f"{sql} AS {name}" for name, sql in self._noted(visible).items()),
            compared=", ".join(self.laid[name] for name in compared),
            stored=", ".join(f"stored.{quoted(name)}" for name in compared),
            unknown=", ".join(self._unknown_ones),
            wrong=", ".join((*self._missing, *self.wrong)),
            **more,
        )

    def _noted(self, visible: "Visible") -> dict[str, str]:
        return {"seen": f"stored.id IS NULL OR ({visible['stored.customer_id']})", **self.notes}

    @cached_property
    def _unknown_ones(self) -> list[str]:
        return [
            f"CASE WHEN nullif(sent.{name}, '') IS NOT NULL AND {name}.id IS NULL THEN '{name} unknown_reference' END"
            for name in self.references
        ]

    @property
    def _unknown(self) -> str:
        return f"coalesce({', '.join(self._unknown_ones)})"

    @cached_property
    def _missing(self) -> list[str]:
        """What a new record cannot do without."""
        attnames = {name: self.model._meta.get_field(name).attname for name in self.needed}
        return [
            f"CASE WHEN old_id IS NULL AND {attname} IS NULL THEN '{name} required' END"
            for name, attname in attnames.items()
        ]

    # The steps ------------------------------------------------------------------------------------------------------

    def lay(self, batch: Batch, *, by: User, today: date) -> list[Wrong]:
        """Put what was sent into the temporary table `laid`, stored rows locked; what is wrong with it."""
        visible = Visible(by)
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS pg_temp.sent, pg_temp.fresh, pg_temp.laid")
            cursor.execute(ONE_BY_ONE.format("off"))
            columns = ", ".join(f"{quoted(name)} text" for name in self.sent_as)
            cursor.execute(f"CREATE TEMPORARY TABLE sent (nth integer, version bigint, {columns}) ON COMMIT DROP")
            copy(cursor, "sent", batch.sheet)
            today_is = {"today": today}
            cursor.execute(self.statement(SAME, "sent", visible), today_is)
            if cursor.rowcount:
                self._lock(cursor, visible, today_is)
            cursor.execute(self.statement(LAY, "fresh", visible), today_is)
            cursor.execute(ONE_BY_ONE.format("DEFAULT"))
            cursor.execute("SELECT nth, unnest(wrong) FROM laid WHERE wrong <> '{}' ORDER BY nth")
            return [Wrong(nth, *one.split(" ")) for nth, one in cursor.fetchall()]

    def _lock(self, cursor: Any, visible: "Visible", today_is: dict[str, date]) -> None:
        """In the order of the key; new rows wait for other syncs of this table, so that two never add the same one."""
        cursor.execute(ANY_NEW)
        if cursor.fetchone()[0]:
            advisory_lock(f"new {self.table}")
        for lock in filter(None, (LOCK, self.lock_before)):
            cursor.execute(self.statement(lock, "fresh", visible), today_is)

    def write(self, batch: Batch) -> int:
        """Write what is new or differs and is not wrong, and count; how many rows were written."""
        names = ", ".join(map(quoted, self.fields))
        values = [self.derived.get(name, f"laid.{quoted(name)}") for name in self.fields]
        changed = [quoted(name) for name in self.fields if name not in self.key] + ["source_version", "updated_at"]
        with connection.cursor() as cursor:
            cursor.execute(COUNT)
            created, updated = cursor.fetchone()
            if created + updated > MANY:
                cursor.execute("DISCARD PLANS")
            if created + updated:
                cursor.execute(
                    WRITE.format(
                        table=self.table,
                        names=names,
                        values=", ".join(values),
                        derived=self.derive,
                        key=", ".join(self.key),
                        order=", ".join(f"laid.{name}" for name in self.key),
                        changed=", ".join(changed),
                        excluded=", ".join(f"EXCLUDED.{name}" for name in changed),
                    )
                )
            cursor.execute(NEWER_VERSIONS.format(table=self.table))
        unchanged = len(batch.sheet.indexes) - created - updated - len(set(batch.sheet.indexes) & batch.failed.keys())
        batch.counted = {State.CREATED: created, State.UPDATED: updated, State.UNCHANGED: unchanged}
        return created + updated


class Visible(dict):
    """The SQL of whether `by` sees the customer whose id a column holds."""

    def __init__(self, by: User):
        super().__init__()
        rows = Customer.objects.visible_to(by).order_by().values("pk")
        try:
            sql, params = rows.query.sql_with_params()
        except EmptyResultSet:
            self._seen = "FALSE"
            return
        with connection.cursor() as cursor:
            ids = cursor.mogrify(sql, params).decode()
        self._seen = f"{{}} IN ({ids})" if rows.query.where else "TRUE"

    def __missing__(self, column: str) -> str:
        return self._seen.format(column)


def copy(cursor: Any, table: str, sheet: Sheet) -> None:
    """What was sent, as text; an empty one is null where the column is no text, and what is not given is NULL."""
    versions = [NOT_GIVEN if version is None else version for version in sheet.versions]
    columns = [versions, *map(_as_sent, sheet.columns.values())]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(zip(sheet.indexes, *columns, strict=True))
    text.seek(0)
    names = ", ".join(map(quoted, ("nth", "version", *sheet.columns)))
    cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN (FORMAT csv, NULL E'\\x01')", text)


def _as_sent(column: Sequence[Any]) -> Sequence[Any]:
    return [NOT_GIVEN if value is UNSET else value for value in column] if UNSET in column else column


def quoted(name: str) -> str:
    return f'"{name}"'


def cast(sql: str, column: models.Field) -> str:
    """The text as the column's type."""
    if isinstance(column, models.CharField | models.TextField):
        return sql
    return f"nullif({sql}, '')::{column.db_type(connection)}"


def literal(value: Any) -> str:
    """A default of a model as SQL."""
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, bool | int) else f"'{value}'"
