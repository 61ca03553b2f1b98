"""Many items at once: msgspec reads the JSON, and each distinct value is looked at once by the parser of its field.

What is good on first sight becomes a row here; what is not goes, item by item, through the careful parser
(`archives.parsing`), which names every mistake. Both come to the same rows. Pure: no database, no clock.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import astuple
from rest_framework.exceptions import ParseError

from archives import parsing, values
from archives.parsing import NEVER_NULL, BadRow, FieldError, Row, Sheet
from archives.values import Bad, Parser
from crm.core.api.formats import parse_json

# JSON whose names stand apart from their colons cannot be counted as below; it is read carefully.
SPACED_NAME = re.compile(rb'"\s+:')
NAME = b'":'
SPACE = re.compile(r"[ \t\n\r]*")
# What JSON may hold for a field; the rest is the parser's to say. To msgspec, true is no number.
HELD = {
    values.parse_truth: bool,
    values.parse_whole: int | None,
    values.parse_decimal: str | int | float | None,
}
VERSION = Annotated[int, msgspec.Meta(ge=-parsing.BIGGEST, le=parsing.BIGGEST)]
REFUSALS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
WRONG = object()


@dataclass(frozen=True)
class Kind:
    """A kind of record that comes in many at once: how a single item is parsed, its fields, and what it cannot lack.

    `key_of` makes the key of an item from the fields of its `key`.
    """

    noun: str
    parse: Callable[..., Row | BadRow]
    parsers: Mapping[str, Parser]
    key: tuple[str, ...] = ("number",)
    key_of: Callable[..., str] = str
    never_null: frozenset[str] = frozenset(NEVER_NULL)
    blank: Mapping[str, Any] = field(default_factory=dict)
    layers: Mapping[str, Mapping[str, Parser]] = field(default_factory=dict)

    @cached_property
    def shape(self) -> type[Struct]:
        layers = {name: _shape(name, parsers) | None for name, parsers in self.layers.items()}
        return _shape(self.noun, self.parsers, **layers, source_version=VERSION | None)

    @cached_property
    def many(self) -> msgspec.json.Decoder:
        return msgspec.json.Decoder(list[self.shape])

    @cached_property
    def one(self) -> msgspec.json.Decoder:
        return msgspec.json.Decoder(self.shape)


def _shape(name: str, parsers: Mapping[str, Parser], **more: Any) -> type[Struct]:
    held = {known: HELD.get(getattr(parser, "func", parser), str | None) for known, parser in parsers.items()} | more
    fields = [(known, kind | UnsetType, UNSET) for known, kind in held.items()]
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True, gc=False)


NUMBERED = {"number": parsing.TRADE_NUMBER}
CUSTOMERS = Kind(
    "customers",
    parsing.parse_customer,
    {"number": values.parse_number} | parsing.CUSTOMER,
    never_null=frozenset(),
    layers=parsing.CUSTOMER_LAYERS,
)
SALES = Kind(
    "sales",
    parsing.parse_sales,
    parsing.SALES,
    key=("customer", "month", "product_line", "unit"),
    key_of=parsing.sales_key,
    blank=parsing.SALES_BLANK,
)
ORDERS = Kind("orders", parsing.parse_order, NUMBERED | parsing.ORDER)
INVOICES = Kind("invoices", parsing.parse_invoice, NUMBERED | parsing.INVOICE)
PAYMENTS = Kind("payments", parsing.parse_payment, NUMBERED | parsing.PAYMENT)
KINDS = {kind.noun: kind for kind in (CUSTOMERS, SALES, ORDERS, INVOICES, PAYMENTS)}


class TooMany(Exception):
    """There are more items than one may bring."""


def read_array(raw: bytes, kind: Kind, *, most: int) -> tuple[Sheet, list[BadRow]]:
    """The good and the bad of a JSON array. Raises TooMany, and ParseError where anything in it is not clean JSON."""
    if raw.count(b"{") > most:
        _refuse_more(raw, most)
    try:
        items = kind.many.decode(raw)
    except REFUSALS:
        _refuse_more(raw, most)
        return _read_each(_parts(raw), kind)
    columns = _columns(items)
    sheet, wrong = _sheet(range(len(items)), columns, kind)
    if wrong or len(set(sheet.keys)) < len(items) or not _said_once(raw, columns):
        return _read_each(_parts(raw), kind)
    return sheet, []


def _read_each(parts: Sequence[bytes], kind: Kind) -> tuple[Sheet, list[BadRow]]:
    """Item by item: what is wrong in one is no reason to look at all of them again."""
    typed = {index: item for index, part in enumerate(parts) if (item := _typed(part, kind)) is not None}
    sheet, wrong = _sheet(list(typed), _columns(list(typed.values())), kind)
    read: dict[int, Row | BadRow] = {row.index: row for row in sheet.rows() if row.index not in wrong}
    for index, part in enumerate(parts):
        if index not in read:
            read[index] = kind.parse(parse_json(b'{"":%b}' % part)[""], index=index)  # strict about bare texts, too
    rows, failed = parsing.once(read[index] for index in range(len(parts)))
    return Sheet.of(rows), failed


def read_lines(lines: Sequence[bytes], kind: Kind) -> tuple[Sheet, list[BadRow]]:
    """The same of lines, of which a broken one fails alone."""
    if not all(map(_closed, lines)):
        return _mended(lines, kind)
    try:
        sheet, failed = read_array(b"[" + b",".join(lines) + b"]", kind, most=len(lines))
    except (ParseError, TooMany):
        return _mended(lines, kind)
    return (sheet, failed) if len(sheet.indexes) + len(failed) == len(lines) else _mended(lines, kind)


def _closed(line: bytes) -> bool:
    """Whether a line looks like one object: else two halves could make a whole, or a line two."""
    return line.startswith(b"{") and line.endswith(b"}")


def _mended(lines: Sequence[bytes], kind: Kind) -> tuple[Sheet, list[BadRow]]:
    rows = []
    for index, line in enumerate(lines):
        try:
            rows.append(kind.parse(parse_json(line), index=index))
        except ParseError as failure:
            rows.append(BadRow(index=index, key="", errors=[FieldError("", "malformed", str(failure.detail))]))
    good, failed = parsing.once(rows)
    return Sheet.of(good), failed


def _refuse_more(raw: bytes, most: int) -> None:
    """Count the items one by one, so that no more of them is ever held; what is no JSON is refused by others."""
    text, decoder = raw.decode("utf-8", "replace"), json.JSONDecoder()
    at, count = _on(text, 1), 0
    try:
        while text[at : at + 1] not in ("", "]"):
            at = _on(text, decoder.raw_decode(text, at)[1])
            count += 1
            if count > most:
                raise TooMany
            at = _on(text, at + 1) if text[at : at + 1] == "," else at
    except (ValueError, RecursionError):
        return


def _on(text: str, at: int) -> int:
    return SPACE.match(text, at).end()


def _parts(raw: bytes) -> list[bytes]:
    """The items of an array as they are written."""
    try:
        return [bytes(part) for part in msgspec.json.decode(raw, type=list[msgspec.Raw])]
    except REFUSALS:
        parse_json(raw)  # says what is wrong, and where
        raise


def _typed(part: bytes, kind: Kind) -> Struct | None:
    try:
        item = kind.one.decode(part)
    except REFUSALS:
        return None
    return item if _said_once(part, _columns([item])) else None


def said_once(raw: bytes, given: int) -> bool:
    """Whether `raw` has no more names than there are fields given in it, so that none stands twice."""
    return raw.count(NAME) == given and not SPACED_NAME.search(raw)


def _said_once(raw: bytes, columns: Mapping[str, Sequence[Any]]) -> bool:
    """Whether no object gives a field twice, of which msgspec would keep the last."""
    return said_once(raw, _given_in(columns))


def _given_in(columns: Mapping[str, Sequence[Any]]) -> int:
    """How many fields are given in all, those of the layers included."""
    given = sum(len(column) - column.count(UNSET) for column in columns.values())
    layers = [_parts_in(columns[name]) for name in parsing.LAYERS if name in columns]
    return given + sum(_given_in(_columns(parts)) for parts in layers)


def _parts_in(column: Sequence[Any]) -> list[Struct]:
    return [part for part in column if isinstance(part, Struct)]


def _columns(items: Sequence[Struct]) -> dict[str, Sequence[Any]]:
    """The items field by field, without the fields that none of them gives."""
    if not items:
        return {}
    columns = zip(items[0].__struct_fields__, zip(*map(astuple, items), strict=True), strict=True)
    return {name: column for name, column in columns if column.count(UNSET) < len(items)}


def _sheet(indexes: Sequence[int], columns: Mapping[str, Sequence[Any]], kind: Kind) -> tuple[Sheet, set[int]]:
    """What was sent as a sheet, and the indexes of the items in which something is wrong or missing."""
    wrong: set[int] = set()
    nothing = [UNSET] * len(indexes)
    parsed = _parsed(indexes, columns, kind.parsers, wrong)
    layers = {layer: _layer(indexes, columns[layer], layer, kind, wrong) for layer in kind.layers if layer in columns}
    for name, blank in kind.blank.items():
        parsed[name] = [blank if value is UNSET else value for value in parsed.get(name, nothing)]
    for name in kind.never_null & parsed.keys():
        _mark(wrong, indexes, parsed[name], None)
    for name in kind.key:
        if name not in kind.blank:
            _mark(wrong, indexes, parsed.setdefault(name, nothing), None, UNSET)
    parts = zip(indexes, *(parsed[name] for name in kind.key), strict=True)
    keys = ["" if index in wrong else kind.key_of(*part) for index, *part in parts]
    versions = [None if value is UNSET else value for value in columns.get("source_version", nothing)]
    return Sheet(indexes, keys, parsed, versions, layers), wrong


def _mark(wrong: set[int], indexes: Sequence[int], column: Sequence[Any], *unwanted: Any) -> None:
    for one in unwanted:
        if one in column:
            wrong.update(compress(indexes, [value is one for value in column]))


def _layer(
    indexes: Sequence[int], column: Sequence[Any], layer: str, kind: Kind, wrong: set[int]
) -> dict[int, dict[str, Any]]:
    """What was given of a layer, by index; null empties it."""
    sent = dict(zip(indexes, column, strict=True))
    emptied = {index: parsing.empty_layer(layer) for index, part in sent.items() if part is None}
    parts = {index: part for index, part in sent.items() if isinstance(part, Struct)}
    parsed = _parsed(list(parts), _columns(list(parts.values())), kind.layers[layer], wrong)
    return emptied | dict(zip(parts, parsing.by_item(parsed, len(parts)), strict=True))


def _parsed(
    indexes: Sequence[int], columns: Mapping[str, Sequence[Any]], parsers: Mapping[str, Parser], wrong: set[int]
) -> dict[str, Sequence[Any]]:
    """What is given, each distinct value parsed once; the indexes of wrong values go into `wrong`."""
    parsed: dict[str, Sequence[Any]] = {}
    for name in parsers.keys() & columns.keys():
        known = {value: value if value is UNSET else _value(parsers[name], value) for value in set(columns[name])}
        parsed[name] = [known[value] for value in columns[name]]
        _mark(wrong, indexes, parsed[name], WRONG)
    return parsed


def _value(parser: Parser, value: Any) -> Any:
    try:
        return parser(value)
    except Bad:
        return WRONG
