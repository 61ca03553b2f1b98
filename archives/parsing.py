"""From what a program sends to typed rows: every field checked, every mistake of an item named at once.

Pure: no database, no clock. The same parsers serve the bulk calls, PUT and PATCH. Beside the codes of single values:
unknown_field, read_only, duplicate.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

import msgspec
from django.db import models
from django.utils.translation import gettext as _
from msgspec import UNSET

from archives.models import (
    CreditProfile,
    Customer,
    ExpectedValueInputs,
    Invoice,
    OperatingProfile,
    Order,
    Payment,
    SalesRecord,
)
from archives.values import (
    Bad,
    Parser,
    parse_month,
    parse_number,
    parse_reference,
    parse_text,
    parse_whole,
    parsers_of,
)

BIGGEST = 2**63 - 1
READ_ONLY = {
    *("segment", "core", "grade", "report_status", "limit", "exposure", "available", "updated_at", "created_at"),
}
LAYERS: dict[str, type[models.Model]] = {
    "credit_profile": CreditProfile,
    "operating_profile": OperatingProfile,
    "expected_value": ExpectedValueInputs,
}


class FieldError(msgspec.Struct, frozen=True):
    """One mistake: where in the item (a JSON pointer), a stable code, and the sentence."""

    pointer: str
    code: str
    detail: str


class Row(msgspec.Struct, kw_only=True):
    """An item that can be meant. `given` holds only the fields that were sent; references are still texts."""

    index: int = 0
    key: str
    given: dict[str, Any]
    layers: dict[str, dict[str, Any]] = {}
    version: int | None = None


@dataclass
class Sheet:
    """The items of a call field by field: `columns` as long as `indexes`, UNSET where an item does not give the field.

    `layers` holds, by layer and index, the given fields of a layer. What a source may not say is taken away here.
    """

    indexes: Sequence[int]
    keys: Sequence[str]
    columns: dict[str, Sequence[Any]]
    versions: Sequence[int | None]
    layers: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Sheet":
        names = dict.fromkeys(name for row in rows for name in row.given)
        return cls(
            [row.index for row in rows],
            [row.key for row in rows],
            {name: [row.given.get(name, UNSET) for row in rows] for name in names},
            [row.version for row in rows],
            {layer: {row.index: row.layers[layer] for row in rows if layer in row.layers} for layer in LAYERS},
        )

    def place(self, index: int) -> int:
        """Where the item with this index stands; the indexes ascend."""
        return bisect_left(self.indexes, index)

    def value(self, index: int, name: str) -> Any:
        return self.columns[name][self.place(index)]

    def rows(self) -> list[Row]:
        """The items one by one."""
        layers = {layer: found for layer, found in self.layers.items() if found}
        given = by_item(self.columns, len(self.indexes))
        return [
            Row(
                index=index,
                key=key,
                given=known,
                version=version,
                layers={layer: found[index] for layer, found in layers.items() if index in found} if layers else {},
            )
            for index, key, known, version in zip(self.indexes, self.keys, given, self.versions, strict=True)
        ]


def by_item(columns: Mapping[str, Sequence[Any]], count: int) -> Iterator[dict[str, Any]]:
    """What each item gives, and nothing else."""
    names = tuple(columns)
    whole = all(UNSET not in column for column in columns.values())
    for values in zip(*columns.values(), strict=True) if names else ((),) * count:
        known = dict(zip(names, values, strict=True))
        yield known if whole else {name: value for name, value in known.items() if value is not UNSET}


class BadRow(msgspec.Struct, kw_only=True):
    """An item that cannot be meant or cannot be done, and everything that is wrong with it."""

    index: int = 0
    key: str
    errors: list[FieldError]


BASIC = """
    name short_name status currency region size ownership category industry address office_address delivery_address
    postcode phone fax email website person_in_charge bank_name bank_account tax_number registration_number
    enterprise_type business_scope legal_representative chairman general_manager operation_from operation_until
    license_valid_until issuing_authority owner unit parent distributor related_since
""".split()  # noqa: SIM905
LAYER_FIELDS = {
    layer: tuple(field.name for field in model._meta.fields if not field.primary_key) for layer, model in LAYERS.items()
}
CUSTOMER = parsers_of(Customer, BASIC)
CUSTOMER_LAYERS = {layer: parsers_of(model, LAYER_FIELDS[layer]) for layer, model in LAYERS.items()}
SALES = parsers_of(SalesRecord, ("product_line", "unit", "amount", "cost", "quantity", "target", "currency"))
SALES |= {"customer": parse_reference, "month": parse_month}
SALES_BLANK = {"product_line": "", "unit": None}
ORDER = parsers_of(
    Order, ("customer", "ordered_on", "unit", "currency", "amount", "open_amount", "delivered_uninvoiced", "status")
)
INVOICE = parsers_of(
    Invoice, ("customer", "order", "invoiced_on", "due_on", "unit", "currency", "amount", "open_amount", "disputed")
)
PAYMENT = parsers_of(Payment, ("customer", "paid_on", "currency", "amount", "invoice"))
NEVER_NULL = ("customer", "amount", "ordered_on", "invoiced_on", "due_on", "paid_on")
TRADE_NUMBER = partial(parse_text, limit=64, may_be_blank=False)


def parse_customer(raw: Any, *, index: int = 0) -> Row | BadRow:
    """A customer with the layers that were sent. A layer of null empties it."""
    if not isinstance(raw, dict):
        return _not_an_object(index)
    basic = {name: value for name, value in raw.items() if name not in LAYERS}
    errors: list[FieldError] = []
    given = _parse_fields(basic, CUSTOMER | {"number": parse_number}, "", errors)
    layers = {name: _parse_layer(name, raw[name], errors) for name in LAYERS if name in raw}
    _require(given, ("number",), errors)
    return _row(index, given, errors, key=_plain(raw.get("number")), layers=layers)


def parse_sales(raw: Any, *, index: int = 0) -> Row | BadRow:
    """One month's sales to a customer; its key is customer, month, product line and unit."""
    if not isinstance(raw, dict):
        return _not_an_object(index)
    errors: list[FieldError] = []
    given = _parse_fields(raw, SALES, "", errors)
    _require(given, ("customer", "month"), errors)
    _refuse_null(raw, errors)
    parts = [_escaped(_plain(raw.get(name))) for name in ("customer", "month", "product_line", "unit")]
    key = "/".join(parts).rstrip("/")
    return _row(index, SALES_BLANK | given, errors, key=key)


def sales_key(customer: str, month: date, product_line: str, unit: str | None) -> str:
    """The key of a month's sales, from what has been parsed."""
    parts = (customer, f"{month:%Y-%m}", product_line, unit or "")
    return "/".join(map(_escaped, parts)).rstrip("/")


def parse_order(raw: Any, *, index: int = 0) -> Row | BadRow:
    return _parse_numbered(raw, ORDER, index)


def parse_invoice(raw: Any, *, index: int = 0) -> Row | BadRow:
    return _parse_numbered(raw, INVOICE, index)


def parse_payment(raw: Any, *, index: int = 0) -> Row | BadRow:
    return _parse_numbered(raw, PAYMENT, index)


def parse_items(items: Iterable[Any], parse: Callable[..., Row | BadRow]) -> tuple[list[Row], list[BadRow]]:
    """The good and the bad of a call; of two items with the same key the later one is bad."""
    return once(parse(raw, index=index) for index, raw in enumerate(items))


def once(read: Iterable[Row | BadRow]) -> tuple[list[Row], list[BadRow]]:
    """The good and the bad of what was read, in its order, where a key given before is bad."""
    rows: list[Row] = []
    failed: list[BadRow] = []
    seen: set[str] = set()
    for row in read:
        if row.key in seen:
            twice = FieldError("", "duplicate", _("This key is given twice in the same call."))
            row = BadRow(index=row.index, key=row.key, errors=[twice])
        elif row.key:
            seen.add(row.key)
        (rows if isinstance(row, Row) else failed).append(row)
    return rows, failed


def _parse_numbered(raw: Any, parsers: Mapping[str, Parser], index: int) -> Row | BadRow:
    if not isinstance(raw, dict):
        return _not_an_object(index)
    errors: list[FieldError] = []
    given = _parse_fields(raw, parsers | {"number": TRADE_NUMBER}, "", errors)
    _refuse_null(raw, errors)
    _require(given, ("number",), errors)
    return _row(index, given, errors, key=_plain(raw.get("number")))


def _parse_layer(layer: str, raw: Any, errors: list[FieldError]) -> dict[str, Any]:
    if raw is None:
        return empty_layer(layer)
    if not isinstance(raw, dict):
        errors.append(FieldError(f"/{layer}", "invalid", _("This must be an object.")))
        return {}
    return _parse_fields(raw, CUSTOMER_LAYERS[layer], f"/{layer}", errors)


def empty_layer(layer: str) -> dict[str, Any]:
    """The values of a layer of which nothing is known."""
    return {name: LAYERS[layer]._meta.get_field(name).get_default() for name in LAYER_FIELDS[layer]}


def _parse_fields(
    raw: Mapping[str, Any], parsers: Mapping[str, Parser], path: str, errors: list[FieldError]
) -> dict[str, Any]:
    given = {}
    for name, value in raw.items():
        parser = parsers.get(name)
        try:
            if parser is not None:
                given[name] = parser(value)
            elif name != "source_version" or path:
                raise _unknown(name)
        except Bad as bad:
            errors.append(FieldError(f"{path}/{_escaped(name)}", bad.code, bad.detail))
    return given | ({"source_version": _version(raw, errors)} if "source_version" in raw and not path else {})


def _version(raw: Mapping[str, Any], errors: list[FieldError]) -> int | None:
    try:
        return parse_whole(raw["source_version"], lowest=-BIGGEST, highest=BIGGEST)
    except Bad as bad:
        errors.append(FieldError("/source_version", bad.code, bad.detail))
        return None


def _unknown(name: str) -> Bad:
    if name in READ_ONLY:
        return Bad("read_only", _("This field can only be read."))
    return Bad("unknown_field", _("There is no such field here."))


def _require(given: Mapping[str, Any], names: Iterable[str], errors: list[FieldError]) -> None:
    """Name what is missing; what was sent and is wrong has been named already."""
    wrong = {error.pointer for error in errors}
    for name in names:
        if given.get(name) is None and f"/{name}" not in wrong:
            errors.append(required(name))


def _refuse_null(raw: Mapping[str, Any], errors: list[FieldError]) -> None:
    """What a record of the trade cannot do without may be left out of a change, but not emptied."""
    errors += [required(name) for name in NEVER_NULL if name in raw and raw[name] in (None, "")]


def required(name: str) -> FieldError:
    return FieldError(f"/{name}", "required", _("This field is required."))


def _row(index: int, given: dict[str, Any], errors: list[FieldError], *, key: str, layers=None) -> Row | BadRow:
    if errors:
        return BadRow(index=index, key=key, errors=errors)
    return Row(index=index, key=key, given=given, layers=layers or {}, version=given.pop("source_version", None))


def _not_an_object(index: int) -> BadRow:
    return BadRow(index=index, key="", errors=[FieldError("", "invalid", _("An item must be an object."))])


def _plain(value: Any) -> str:
    return value.strip()[:200] if isinstance(value, str) else ""


def _escaped(name: str) -> str:
    """A name inside a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
