"""A record's fields as the REST interface writes them: what forms compare, sign and hand to the parsers."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models

from archives.layers import BASIC, Layer

# References by their natural keys.
NATURAL_KEYS = {"region": "code", "unit": "code", "owner": "username"}
KEYS = NATURAL_KEYS | {"parent": "number", "distributor": "number"}


def raw_of(record: models.Model | None, layer: Layer) -> dict[str, Any]:
    """The stored values of a layer; the fields' own defaults where there is no record yet."""
    record = record or layer.model()
    return {name: plain(layer.model, name, getattr(record, name)) for name in layer.fields}


def plain(model: type[models.Model], name: str, value: Any) -> Any:
    """One value as JSON has it: money with two digits, days as YYYY-MM-DD, references by key, texts trimmed."""
    field = model._meta.get_field(name)
    if value in (None, ""):
        return None if field.null else ""
    if isinstance(value, models.Model):
        return getattr(value, KEYS[name])
    if isinstance(value, Decimal):
        return str(value.quantize(Decimal(1).scaleb(-field.decimal_places)))
    if isinstance(value, date):
        return value.isoformat()
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def item_of(number: str, layer: Layer, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a layer as an item of the REST interface."""
    return {"number": number} | (dict(values) if layer is BASIC else {layer.record: dict(values)})
