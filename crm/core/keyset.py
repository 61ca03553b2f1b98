"""Pages by key: a page begins behind the last row of the one before, so the thousandth costs what the first does.

Works with any ordering of a queryset; NULLs come last in both directions. The cursor is signed and opaque: it holds the
direction, the ordering it belongs to and the key of one row.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet, ValidationError
from django.core.signing import BadSignature, Signer
from django.db import connection
from django.db.models import F, Field, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.utils.translation import gettext as _

from crm.core.errors import Invalid

SIGNER = Signer(salt="crm.core.keyset")
# How far rows are counted: for a person, on the list as on the tile that leads there; for a program that asks for it.
COUNT_CAP = 1_000
COUNT_CAP_OF_PROGRAMS = 10_000


class Page(NamedTuple):
    """Some rows, and the cursors of the pages around them (None where there is none)."""

    rows: list
    previous: str | None
    next: str | None


class Key(NamedTuple):
    """One column of an ordering."""

    path: str
    descending: bool
    field: Field
    nullable: bool

    def ordered(self, *, backwards: bool) -> OrderBy:
        descending = self.descending != backwards
        nulls = {"nulls_first" if backwards else "nulls_last": True} if self.nullable else {}
        return OrderBy(F(self.path), descending=descending, **nulls)

    def beyond(self, value: Any, *, backwards: bool) -> Q:
        """The rows that come after `value` in this column – before it, when going backwards."""
        if value is None:
            return Q(**{f"{self.path}__isnull": False}) if backwards else Q(pk__in=[])
        step = Q(**{f"{self.path}__{'lt' if self.descending != backwards else 'gt'}": value})
        return step | Q(**{f"{self.path}__isnull": True}) if self.nullable and not backwards else step

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True} if value is None else {self.path: value})

    def bound(self, value: Any, *, backwards: bool) -> Q:
        """What `beyond` or `same` implies, as one comparison that an index can answer."""
        if self.nullable:
            return Q()
        return Q(**{f"{self.path}__{'lte' if self.descending != backwards else 'gte'}": value})


def page_of(queryset: QuerySet, *, cursor: str = "", size: int = 50) -> Page:
    """The rows at `cursor` in the queryset's own ordering. Raises Invalid for a cursor of another list."""
    keys = keys_of(queryset)
    backwards, values = _read(cursor, keys) if cursor else (False, None)
    rows = queryset.order_by(*(key.ordered(backwards=backwards) for key in keys))
    if values is not None:
        rows = rows.filter(_beyond(keys, values, backwards=backwards))
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    return _with_cursors(found, keys, before=more if backwards else bool(cursor), after=more or backwards)


def capped_count(queryset: QuerySet, cap: int | None = None) -> tuple[int, bool]:
    """How many rows there are, counted no further than `cap` (COUNT_CAP); and whether there are more than that."""
    cap = COUNT_CAP if cap is None else cap
    count = queryset.order_by()[: cap + 1].values("pk").count()
    return min(count, cap), count > cap


def capped(queryset: QuerySet) -> "Counted":
    """The queryset as a column that counts its rows no further than for a person."""
    return Counted(queryset.order_by()[: COUNT_CAP + 1].values("pk"))


def capped_counts(counted: Sequence["Counted"]) -> list[tuple[int, bool]]:
    """What `capped_count` says of each `capped` queryset, in one statement for all."""
    if not counted:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(one.sql for one in counted)}", [part for one in counted for part in one.params]
        )
        return [(min(count, COUNT_CAP), count > COUNT_CAP) for count in cursor.fetchone()]


class Counted:
    """A queryset as a column that counts its rows; nothing to ask for what can have none."""

    def __init__(self, rows: QuerySet):
        try:
            inner, self.params = rows.query.sql_with_params()
            self.sql = f"(SELECT count(*) FROM ({inner}) counted)"
        except EmptyResultSet:
            self.sql, self.params = "0", ()


def keys_of(queryset: QuerySet) -> list[Key]:
    """The columns that the queryset is ordered by, made unique by the primary key."""
    names = list(queryset.query.order_by or queryset.model._meta.ordering or ["pk"])
    keys = [_key(queryset, name) for name in names]
    if not any(key.field.unique and "__" not in key.path for key in keys):
        keys.append(_key(queryset, "-pk" if keys[0].descending else "pk"))
    return keys


def _key(queryset: QuerySet, name: str) -> Key:
    path, descending = name.lstrip("-"), name.startswith("-")
    if annotation := queryset.query.annotations.get(path):
        return Key(path, descending, annotation.output_field, nullable=True)
    fields = _fields(queryset.model, path)
    return Key(path, descending, fields[-1], nullable=any(field.null for field in fields if field.concrete))


def _fields(model: type[Model], path: str) -> list[Field]:
    """The fields that `path` walks over, the last being the column itself."""
    fields: list[Field] = []
    for part in path.split("__"):
        fields.append(model._meta.pk if part == "pk" else model._meta.get_field(part))
        model = fields[-1].related_model
    return fields


def _beyond(keys: Sequence[Key], values: Sequence[Any], *, backwards: bool) -> Q:
    """`(a, b) > (x, y)` written out, because the columns may go different ways and hold NULLs."""
    (key, value), *rest = zip(keys, values, strict=True)
    further = key.beyond(value, backwards=backwards)
    if not rest:
        return further
    deeper = _beyond(*zip(*rest, strict=True), backwards=backwards)
    return key.bound(value, backwards=backwards) & (further | key.same(value) & deeper)


def _with_cursors(rows: list, keys: list[Key], *, before: bool, after: bool) -> Page:
    if not rows:
        return Page(rows, None, None)
    previous = _write(rows[0], keys, backwards=True) if before else None
    following = _write(rows[-1], keys, backwards=False) if after else None
    return Page(rows, previous, following)


def _write(row: Any, keys: list[Key], *, backwards: bool) -> str:
    values = [_plain(_value(row, key)) for key in keys]
    return SIGNER.sign_object([backwards, _signature(keys), values])


def _read(cursor: str, keys: list[Key]) -> tuple[bool, list[Any]]:
    try:
        backwards, ordering, values = SIGNER.unsign_object(cursor)
        if ordering != _signature(keys):
            raise BadSignature
        return backwards, [_typed(key, value) for key, value in zip(keys, values, strict=True)]
    except (BadSignature, ValidationError, ValueError, TypeError) as failure:
        sentence = _("This link to a page belongs to another list. Begin at the first page.")
        raise Invalid({"cursor": sentence}) from failure


def _typed(key: Key, value: Any) -> Any:
    return None if value is None else key.field.to_python(value)


def _signature(keys: list[Key]) -> str:
    return ",".join(f"{'-' if key.descending else ''}{key.path}" for key in keys)


def _value(row: Any, key: Key) -> Any:
    """The row's value in this column; rows may be records or the dictionaries of `.values()`."""
    if isinstance(row, dict):
        return row[key.field.name if key.path == "pk" else key.path]
    return reduce(getattr, key.path.split("__"), row)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)
