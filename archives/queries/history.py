"""What has changed in a customer's archive: field, old and new value, who, when and why, newest first.

The events come from triggers, so a change by bulk or by hand is there as well. One statement over all event tables
reads a page of them with the state before each; the names of what they refer to take one statement per kind of record.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, models
from django.utils import formats
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from archives.models import (
    Contact,
    CreditProfile,
    Customer,
    ExpectedValueInputs,
    FinancialStatement,
    OperatingProfile,
)
from crm.core.models import User

# Each tracked model with the column of its event table that names the customer.
TRACKED: dict[str, tuple[type[models.Model], str]] = {
    "basic": (Customer, "pgh_obj_id"),
    "credit_profile": (CreditProfile, "pgh_obj_id"),
    "operating_profile": (OperatingProfile, "pgh_obj_id"),
    "expected_value": (ExpectedValueInputs, "pgh_obj_id"),
    "contact": (Contact, "customer_id"),
    "statement": (FinancialStatement, "customer_id"),
}
EVENTS_OF_ONE_TABLE = """
SELECT '{layer}' COLLATE "C" AS layer, event.pgh_id, event.pgh_created_at AS at, event.pgh_label,
       to_jsonb(event) AS after,
       (SELECT to_jsonb(earlier) FROM {table} AS earlier
         WHERE earlier.pgh_obj_id = event.pgh_obj_id AND earlier.pgh_id < event.pgh_id
         ORDER BY earlier.pgh_id DESC LIMIT 1) AS before,
       context.metadata
  FROM {table} AS event LEFT JOIN pghistory_context AS context ON context.id = event.pgh_context_id
 WHERE event.{column} = %(customer)s
   AND (event.pgh_created_at, event.pgh_id, '{layer}' COLLATE "C") < (%(at)s, %(pgh_id)s, %(layer)s)
"""


LAST_OF_ONE_FIELD = """
SELECT pgh_id, pgh_created_at, pgh_label, after, before, context.metadata FROM (
    SELECT event.*, to_jsonb(event) AS after, lag(to_jsonb(event)) OVER (ORDER BY pgh_id) AS before
      FROM {table} AS event WHERE pgh_obj_id = %(customer)s
) AS told LEFT JOIN pghistory_context AS context ON context.id = told.pgh_context_id
 WHERE before IS NULL OR after -> %(column)s IS DISTINCT FROM before -> %(column)s
 ORDER BY pgh_id DESC LIMIT 1
"""


class Key(NamedTuple):
    """Where a change stands among all: its instant, and for those of one transaction its number and layer."""

    at: datetime
    pgh_id: int
    layer: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field with its value before and after, in words."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one record: `kind` is insert, update or delete; `by` is None for what the program did itself."""

    key: Key
    kind: str
    what: str
    by: User | None
    reason: str
    fields: list[FieldChange] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        return self.key.at

    @property
    def title(self) -> str:
        words = {"insert": _("%(what)s added"), "delete": _("%(what)s removed"), "update": _("%(what)s changed")}
        return words[self.kind] % {"what": self.what[:1].upper() + self.what[1:]}


def changes_of(customer: Customer, *, before: Key | None = None, limit: int = 50) -> list[Change]:
    """At most `limit` changes of the customer and its layers, newest first, those that sort below `before`."""
    rows = list(_events(customer, before, limit))
    names = _names(rows)
    return [_change(row, names) for row in rows]


def last_change_of(customer: Customer, layer: str, name: str) -> Change | None:
    """How a field of a layer – by its key in TRACKED – came to what it holds; None when nothing was kept of it."""
    model, column = TRACKED[layer][0], TRACKED[layer][0]._meta.get_field(name).column
    with connection.cursor() as cursor:
        statement = LAST_OF_ONE_FIELD.format(table=model.pgh_event_model._meta.db_table)
        cursor.execute(statement, {"customer": customer.pk, "column": column})
        found = cursor.fetchone()
    if found is None:
        return None
    pgh_id, at, kind, *told = found
    after, before, context = (_decoded(one) for one in told)
    kept = {column: before.get(column)} if before else {}
    row = {"layer": layer, "pgh_id": pgh_id, "at": at, "kind": kind, "after": after, "before": kept, "context": context}
    return _change(row, _names([row]))


def _events(customer: Customer, before: Key | None, limit: int) -> Iterator[dict[str, Any]]:
    at, pgh_id, layer = before or Key(datetime.max, 0, "")
    sql = " UNION ALL ".join(
        EVENTS_OF_ONE_TABLE.format(layer=name, table=model.pgh_event_model._meta.db_table, column=column)
        for name, (model, column) in TRACKED.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"{sql} ORDER BY at DESC, pgh_id DESC, layer DESC LIMIT %(limit)s",
            {"customer": customer.pk, "at": at, "pgh_id": pgh_id, "layer": layer, "limit": limit},
        )
        for layer, pgh_id, at, kind, after, earlier, context in cursor.fetchall():
            yield {
                "layer": layer, "pgh_id": pgh_id, "at": at, "kind": kind,
                "after": _decoded(after), "before": _decoded(earlier), "context": _decoded(context),
            }  # fmt: skip


def _decoded(value: str | dict | None) -> dict[str, Any]:
    """JSON with exact decimals."""
    return json.loads(value, parse_float=Decimal) if isinstance(value, str) else value or {}


def _differing(row: dict[str, Any]) -> list[models.Field]:
    """The fields of an update that have another value than before."""
    if row["kind"] != "update":
        return []
    fields = TRACKED[row["layer"]][0]._meta.concrete_fields
    return [
        known
        for known in fields
        if known.column in row["after"]
        and known.column in row["before"]
        and row["after"][known.column] != row["before"][known.column]
    ]


def _names(rows: Iterable[dict[str, Any]]) -> dict[tuple[type, int], Any]:
    """The records that the changes refer to – people, regions, other customers – by model and id."""
    wanted: dict[type, set[int]] = {}
    for row in rows:
        wanted.setdefault(User, set()).add(row["context"].get("user"))
        for known in _differing(row):
            if known.is_relation:
                wanted.setdefault(known.related_model, set()).update(
                    row[side][known.column] for side in ("before", "after")
                )
    return {
        (model, record.pk): record
        for model, ids in wanted.items()
        for record in model._base_manager.filter(pk__in=ids - {None})
    }


def _change(row: dict[str, Any], names: dict[tuple[type, int], Any]) -> Change:
    model = TRACKED[row["layer"]][0]
    return Change(
        key=Key(row["at"], row["pgh_id"], row["layer"]),
        kind=row["kind"],
        what=_what(model, row["after"]),
        by=names.get((User, row["context"].get("user"))),
        reason=row["context"].get("reason", ""),
        fields=[
            FieldChange(
                label=str(known.verbose_name),
                old=_in_words(known, row["before"][known.column], names),
                new=_in_words(known, row["after"][known.column], names),
            )
            for known in _differing(row)
        ],
    )


def _what(model: type[models.Model], data: dict[str, Any]) -> str:
    """What was changed: the layer, or the contact by name."""
    if model is Contact:
        return _("contact %(name)s") % {"name": data.get("name", "")}
    return str(model._meta.verbose_name)


def _in_words(known: models.Field, value: Any, names: dict[tuple[type, int], Any]) -> str:
    """A stored value as people read it."""
    if value in (None, ""):
        return "–"
    if known.is_relation:
        return str(names.get((known.related_model, value), value))
    if known.choices:
        return str(dict(known.flatchoices).get(value, value))
    if isinstance(known, models.DateField) and isinstance(value, str):
        return formats.date_format(parse_date(value[:10]), "SHORT_DATE_FORMAT")
    if isinstance(value, int | Decimal):
        return formats.number_format(value, force_grouping=True)
    return str(value)
