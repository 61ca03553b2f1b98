"""Every fact of a customer's archive with its value in words, when it was last confirmed, by whom, and how surely."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import formats
from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from archives.layers import LAYERS, WATCHED, Layer
from archives.models import Confirmation, Customer
from archives.queries.ownership import locked_fields, locked_in
from archives.queries.raw import plain
from archives.queries.there import has
from archives.rules.customers import locked_for
from crm.core.models import MoneyField, User

RECORDS = ("region", "owner", "unit", "parent", "distributor", "credit_profile", "operating_profile", "expected_value")
WATCHED_RECORDS = ("credit_profile", "operating_profile")
Confirmations = dict[tuple[str, str], Confirmation]


@dataclass(frozen=True, slots=True)
class Said:
    """The newest word about each layer (field "") and each field, and the newest that was verified."""

    newest: Confirmations
    verified: Confirmations


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of one layer. `confirmed_on` is the newest word about it; without one, the day the archive began.

    `own` when that word was about this field and not about its whole layer. `verified` is who held the value against
    the document; `changed` that it was another value then. `kept` says who else keeps the field, so that it is locked.
    """

    layer: str
    field: str
    label: str
    value: str
    confirmed_on: date
    confirmed_by: str
    verified: Confirmation | None
    changed: bool
    own: bool
    kept: str = ""


@dataclass(frozen=True, slots=True)
class ShownLayer:
    """A layer with its groups of facts, for the tab; `locked` are the fields that the reader may not set."""

    layer: Layer
    groups: list[tuple[str | Promise, list[Fact]]]
    confirmed_on: date | None
    verified: Confirmation | None
    locked: set[str]


def shown_fact(customer: Customer, layer: Layer, name: str, *, reader: User) -> Fact:
    """One fact by itself. Give it a customer with RECORDS selected; two statements more."""
    kept = locked_in(layer, locked_fields(customer, reader))
    return fact_of(customer, layer, name, confirmations_of(customer), kept.get(name, ""))


def archive_of(customer: Customer, *, reader: User) -> list[ShownLayer]:
    """All layers with all their facts. Give it a customer with RECORDS selected; two statements more."""
    said, locked, kept = confirmations_of(customer), locked_for(reader), locked_fields(customer, reader)
    return [_shown(customer, layer, said, locked, locked_in(layer, kept)) for layer in LAYERS.values()]


def _shown(customer: Customer, layer: Layer, said: Said, locked: set[str], kept: dict[str, str]) -> ShownLayer:
    days = [word.on for (code, _field), word in said.newest.items() if code == layer.code]
    return ShownLayer(
        layer=layer,
        groups=[
            (group.title, [fact_of(customer, layer, name, said, kept.get(name, "")) for name in group.fields])
            for group in layer.groups
        ],
        confirmed_on=max(days, default=None),
        verified=said.verified.get((layer.code, "")),
        locked=locked,
    )


def stalest_facts(customer: Customer, *, count: int = 3) -> list[Fact]:
    """The facts that were confirmed longest ago, of those that change unnoticed and are known at all.

    Give it a customer with WATCHED_RECORDS selected; one statement more.
    """
    said = confirmations_of(customer)
    facts = [fact_of(customer, LAYERS[code], name, said) for code, names in WATCHED for name in names]
    known = [fact for fact in facts if fact.value]
    return sorted(known, key=lambda fact: fact.confirmed_on)[:count]


def confirmations_of(customer: Customer) -> Said:
    """Everything that was said of this customer's facts; one statement."""
    if not has(customer, Confirmation):
        return Said({}, {})
    rows = list(Confirmation.objects.filter(customer=customer).select_related("by").order_by("on", "id"))
    newest = {(row.layer, row.field): row for row in rows}
    return Said(newest, {(row.layer, row.field): row for row in rows if row.verified})


def fact_of(customer: Customer, layer: Layer, name: str, said: Said, kept: str = "") -> Fact:
    """One field with its value in words, the newest word about it – its own or its layer's – and who verified it."""
    field = layer.model._meta.get_field(name)
    newest, verified = _newest(said.newest, layer, name), _newest(said.verified, layer, name)
    changed = verified is not None and not _still_holds(verified, customer, layer, name)
    return Fact(
        layer=layer.code,
        field=name,
        label=str(field.verbose_name),
        value=in_words(layer.of(customer), field, customer.currency),
        confirmed_on=newest.on if newest else localdate(customer.created_at),
        confirmed_by=str(newest.by) if newest else "",
        verified=None if changed else verified,
        changed=changed,
        own=bool(newest and newest.field),
        kept=kept,
    )


def _newest(said: Confirmations, layer: Layer, name: str) -> Confirmation | None:
    """The newest word about the field or about its whole layer."""
    words = (said.get((layer.code, name)), said.get((layer.code, "")))
    return max((word for word in words if word), key=lambda word: (word.on, word.pk), default=None)


def _still_holds(verified: Confirmation, customer: Customer, layer: Layer, name: str) -> bool:
    """Whether the value is the one that was held against the document."""
    record = layer.of(customer) or layer.model()
    return name in verified.values and verified.values[name] == plain(layer.model, name, getattr(record, name))


def in_words(record: models.Model | None, field: models.Field, currency: str) -> str:
    """The value of a field as people read it; nothing when it is not known."""
    value: Any = getattr(record, field.name, None)
    if value in (None, ""):
        return ""
    if field.choices:
        return str(getattr(record, f"get_{field.name}_display")())
    if isinstance(field, MoneyField):
        return f"{_number(value)} {currency}"
    if field.name == "expected_share":
        return _("%(percent)s %%") % {"percent": _number(value * 100)}
    if isinstance(field, models.DateField):
        return formats.date_format(value, "DATE_FORMAT")
    return _number(value) if isinstance(value, int | Decimal) else str(value)


def _number(value: int | Decimal) -> str:
    """Grouped, and without the zeros that a column adds."""
    plain = value.quantize(Decimal(1)) if isinstance(value, Decimal) and value == value.to_integral_value() else value
    return formats.number_format(plain, force_grouping=True)
