"""Customers and their layers are written here, one or ten thousand at a time, from programs and from forms."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from archives.commands import customer_tree
from archives.commands.bulk import Batch, Entry, Ignored, State, entries_of, note, refer, sync
from archives.commands.flags import lock_standings
from archives.commands.ownership import respect_keepers, without_kept
from archives.commands.reviews import raise_reviews
from archives.commands.standings import ask_for_refresh
from archives.commands.store import CUSTOMERS, LAYER_STORES
from archives.models import Customer, Standing
from archives.parsing import BASIC, LAYERS, BadRow, Row, Sheet, empty_layer, required
from archives.queries.ownership import kept_from
from archives.rules.customers import (
    first_owner,
    may_assign,
    may_regroup,
    review_causes,
    why_not_assign,
    why_not_regroup,
)
from archives.search import search_columns, with_former
from crm.core import audit
from crm.core.errors import ChangedMeanwhile, Invalid, NotAllowed, NotThere, Refused
from crm.core.models import Region, Unit, User

NAMES = ("name", "short_name")
SEARCHED = (*NAMES, "phone")
REFERENCES = ("region", "unit", "owner", *customer_tree.TREES)
NEW_IDS = "SELECT nextval(pg_get_serial_sequence('archives_customer', 'id')) FROM generate_series(1, %s)"


# What others call ---------------------------------------------------------------------------------------------------


def upsert_customers(batch: Batch, *, by: User, today: date) -> Batch:
    """Take customers in, in one set of statements.

    A customer that is there keeps what an item does not give; of a layer, too, only the given fields are written. Fails
    items with an unknown region, unit, owner, parent or distributor, with a circle, without a name when new, of
    customers that `by` may not see, and those that assign or regroup without the right to. Fields that somebody else
    keeps are ignored with a warning from a program, and fail a person's item. Nothing is written for an item that says
    what is stored, or whose `source_version` is older.
    """
    with sync(batch, by=by):
        _lay_in(batch, by=by, today=today)
        note(batch, "customers.synced", by=by)
    return batch


def put_customer(
    row: Row, *, by: User, today: date, seen: datetime | None = None, warnings: list[Ignored] | None = None
) -> tuple[Customer, bool]:
    """Create the customer, or replace its basic layer: what is not given becomes empty. True when it is new.

    The other layers are replaced only when they are given. `owner` and `parent` are left alone when `by` may not set
    them, and so is what somebody else keeps; values for it go into `warnings`. With `seen` (the `updated_at` that the
    caller read) refuses when the customer has changed since.
    """
    kept = kept_from(by)
    whole = without_kept(_empty_basic(by), kept) | row.given
    layers = {layer: without_kept(empty_layer(layer), kept, layer) | given for layer, given in row.layers.items()}
    replacement = Row(key=row.key, given=whole, layers=layers, version=row.version)
    customer, state = _write_one(replacement, by=by, today=today, seen=seen, warnings=warnings)
    return customer, state == State.CREATED


def create_customer(given: dict[str, Any], *, by: User, today: date, layers: dict[str, dict] | None = None) -> Customer:
    """Create a customer. Refuses a number that is taken; a seller becomes the owner."""
    row = Row(key=given["number"], given=given, layers=layers or {})
    if Customer.objects.filter(number=row.key).exists():
        raise Invalid({"number": _("This customer number is taken.")}, codes={"number": "taken"})
    return _write_one(row, by=by, today=today)[0]


def change_customer(
    customer: Customer,
    given: dict[str, Any],
    *,
    by: User,
    today: date,
    layers: dict[str, dict[str, Any]] | None = None,
    version: int | None = None,
    seen: datetime | None = None,
    warnings: list[Ignored] | None = None,
) -> Customer:
    """Change the given fields of a customer and of its layers; references are natural keys.

    Refuses what `upsert_customers` refuses, and with `seen` (the `updated_at` that the caller read) a customer that has
    changed since. What was ignored of a program's values, because somebody else keeps the field, goes into `warnings`.
    """
    known = given | {"number": customer.number}
    row = Row(key=customer.number, given=known, layers=layers or {}, version=version)
    return _write_one(row, by=by, today=today, seen=seen, warnings=warnings)[0]


# One customer -------------------------------------------------------------------------------------------------------


def _write_one(
    row: Row, *, by: User, today: date, seen: datetime | None = None, warnings: list[Ignored] | None = None
) -> tuple[Customer, State]:
    batch = Batch(Sheet.of([row]), warnings=[] if warnings is None else warnings)
    with sync(batch, by=by):
        _lay_in(batch, by=by, today=today, seen=seen)
        if batch.failed:
            raise refusal_of(batch.errors[0])
        customer, state = Customer.objects.get(number=row.key), batch.states[row.index]
        if batch.wrote:
            audit.record(
                f"customer.{state}", customer, by=by, fields=sorted([*row.given.keys() - {"number"}, *row.layers])
            )
    return customer, state


def refusal_of(bad: BadRow) -> Refused:
    """What is wrong with a single item, as something to raise."""
    match bad.errors[0].code:
        case "not_found":
            return NotThere()
        case "not_allowed":
            return NotAllowed(bad.errors[0].detail)
    named = {error.pointer.strip("/").replace("/", "."): error for error in bad.errors}
    return Invalid(
        {name: error.detail for name, error in named.items()},
        codes={name: error.code for name, error in named.items()},
    )


def _empty_basic(by: User) -> dict[str, Any]:
    not_theirs = {"owner": not may_assign(by), "parent": not may_regroup(by)}
    fields = {name: Customer._meta.get_field(name) for name in BASIC if not not_theirs.get(name)}
    empty = {name: None if field.is_relation else field.get_default() for name, field in fields.items()}
    return empty | {"currency": settings.BASE_CURRENCY}


# Many customers -----------------------------------------------------------------------------------------------------


def _lay_in(batch: Batch, *, by: User, today: date, seen: datetime | None = None) -> None:
    respect_keepers(batch, by=by)
    customer_tree.lock_trees(batch)
    entries = entries_of(batch, REFERENCES)
    refer(batch, entries, "region", Region.objects.all(), "code")
    refer(batch, entries, "unit", Unit.objects.all(), "code")
    refer(batch, entries, "owner", User.objects.all(), "username")
    entries = CUSTOMERS.load(batch, batch.remaining(entries))
    _refuse_moved(entries, seen)
    _refuse_unseen(batch, entries, by)
    _begin(batch, [entry for entry in entries if entry.old is None], by)
    _refuse_nameless(batch, entries)
    _refuse_assigning(batch, entries, by)
    entries = _refuse_regrouping(batch, customer_tree.hang(batch, entries, by=by), by)
    _fold_names(entries)
    _write(batch, entries, today)


def _refuse_moved(entries: list[Entry], seen: datetime | None) -> None:
    if seen and any(entry.old is None or entry.old["updated_at"] != seen for entry in entries):
        raise ChangedMeanwhile()


def _refuse_unseen(batch: Batch, entries: list[Entry], by: User) -> None:
    stored = [entry for entry in entries if entry.old]
    ids = {entry.old["id"] for entry in stored}
    visible = set(Customer.objects.visible_to(by).filter(pk__in=ids).values_list("pk", flat=True))
    for entry in stored:
        if entry.old["id"] not in visible:
            batch.fail(entry.row, "number", "not_found", _("There is nothing here, or nothing that you may see."))


def _begin(batch: Batch, entries: list[Entry], by: User) -> None:
    """A new customer gets an id, a currency and – with sellers – an owner."""
    with connection.cursor() as cursor:
        cursor.execute(NEW_IDS, [len(entries)])
        ids = [pk for (pk,) in cursor.fetchall()]
    for entry, pk in zip(entries, ids, strict=True):
        entry.new |= {
            "id": pk,
            "currency": entry.new["currency"] or settings.BASE_CURRENCY,
            "owner_id": entry.new["owner_id"] or first_owner(by),
        }


def _refuse_nameless(batch: Batch, entries: list[Entry]) -> None:
    for entry in entries:
        if not entry.new["name"]:
            batch.refuse(entry.row, required("name"))


def _refuse_assigning(batch: Batch, entries: list[Entry], by: User) -> None:
    for entry in entries:
        old = entry.old["owner_id"] if entry.old else first_owner(by)
        if refused := why_not_assign(by=by, old=old, new=entry.new["owner_id"]):
            batch.fail(entry.row, "owner", refused.code, refused.detail)


def _refuse_regrouping(batch: Batch, entries: list[Entry], by: User) -> list[Entry]:
    for entry in entries:
        old = entry.old["parent_id"] if entry.old else None
        if refused := why_not_regroup(by=by, old=old, new=entry.new["parent_id"]):
            batch.fail(entry.row, "parent", refused.code, refused.detail)
    return batch.remaining(entries)


def _fold_names(entries: list[Entry]) -> None:
    """What the search needs, former names included; a name that comes back is no longer a former one."""
    for entry in entries:
        old = entry.old or CUSTOMERS.empty
        if any(old[name] != entry.new[name] for name in SEARCHED):
            left, borne = ([side[name] for name in NAMES] for side in (old, entry.new))
            entry.new["former_names"] = with_former(old["former_names"], left=left, borne=borne)
            entry.new |= search_columns(**{name: entry.new[name] for name in (*SEARCHED, "former_names")})


def _write(batch: Batch, entries: list[Entry], today: date) -> None:
    written = CUSTOMERS.save(batch, entries)
    _add_standings([entry for entry in written if entry.old is None])
    changed = written + [entry for layer in LAYERS for entry in _write_layer(batch, entries, layer)]
    reviews: dict[int, list[dict[str, str]]] = {}
    for entry in changed:
        if entry.old and (causes := review_causes(entry.old, entry.new)):
            reviews.setdefault(entry.new.get("customer_id") or entry.new["id"], []).extend(causes)
    regrouped = _groups_left_and_joined(written)
    lock_standings(reviews.keys() | regrouped)
    raise_reviews(reviews, today=today)
    ask_for_refresh(regrouped)


def _groups_left_and_joined(written: list[Entry]) -> set[int]:
    """The parents whose groups have become smaller or larger, and with them their exposure."""
    moves = {(entry.old["parent_id"] if entry.old else None, entry.new["parent_id"]) for entry in written}
    return {parent for move in moves if move[0] != move[1] for parent in move if parent}


def _add_standings(created: list[Entry]) -> None:
    """An empty standing beside each new customer, in one statement: a thousand objects would take longer than that."""
    if not created:
        return
    empty = {field.column: field.get_default() for field in Standing._meta.concrete_fields if not field.primary_key}
    names, values = ", ".join(f'"{name}"' for name in empty), ", ".join(["%s"] * len(empty))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO archives_standing (customer_id, {names}) SELECT id, {values} FROM unnest(%s::bigint[]) AS id",
            [*empty.values(), [entry.new["id"] for entry in created]],
        )


def _write_layer(batch: Batch, entries: list[Entry], layer: str) -> list[Entry]:
    """Write the layer where it was given and differs; its customer counts as updated then."""
    store = LAYER_STORES[layer]
    given = [
        Entry(entry.row, {"customer_id": entry.new["id"]} | entry.row.layers[layer])
        for entry in entries
        if layer in entry.row.layers
    ]
    written = [entry for entry in store.load(batch, given) if store.differs(entry)] if given else []
    store.put(written)
    _touch(batch, written)
    return written


def _touch(batch: Batch, written: list[Entry]) -> None:
    untouched = [entry for entry in written if batch.states[entry.row.index] == State.UNCHANGED]
    batch.states |= {entry.row.index: State.UPDATED for entry in untouched}
    ids = [entry.new["customer_id"] for entry in untouched]
    Customer.objects.filter(pk__in=ids).update(updated_at=timezone.now())
