"""A customer's whole archive as one flat row: one statement for a page of them, however many layers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from archives.models import Customer
from archives.parsing import BASIC, LAYER_FIELDS
from crm.core.models import User

REFERRED = {
    "region": "region__code",
    "owner": "owner__username",
    "unit": "unit__code",
    "parent": "parent__number",
    "distributor": "distributor__number",
}
STANDING = ("segment", "core", "grade", "report_status", "limit", "exposure", "available", "overdue")
COLUMNS = {"number": "number"} | {name: REFERRED.get(name, name) for name in BASIC}
LAYER_COLUMNS = {
    layer: {name: f"{layer}__{name}" for name in ("customer_id", *fields)} for layer, fields in LAYER_FIELDS.items()
}


def customer_rows(user: User) -> QuerySet:
    """The customers that `user` may see, as dictionaries that `record_of` makes records of."""
    return _as_rows(Customer.objects.visible_to(user).order_by("number"))


def row_written(number: str) -> Mapping[str, Any]:
    """The customer that somebody has just written, even when the change has taken it out of their sight."""
    return _as_rows(Customer.objects.filter(number=number)).get()


def _as_rows(customers: QuerySet[Customer]) -> QuerySet:
    layers = [path for columns in LAYER_COLUMNS.values() for path in columns.values()]
    standing = [f"standing__{name}" for name in STANDING]
    return customers.values("id", "updated_at", *COLUMNS.values(), *layers, *standing)


def record_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The archive with its layers nested and what the company concluded of it; a layer nobody entered is null."""
    record = {name: row[path] for name, path in COLUMNS.items()}
    record |= {layer: _layer_of(row, columns) for layer, columns in LAYER_COLUMNS.items()}
    record |= {name: _plain(row[f"standing__{name}"]) for name in STANDING if name != "overdue"}
    return record | {"updated_at": row["updated_at"]}


def _layer_of(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any] | None:
    if row[columns["customer_id"]] is None:
        return None
    return {name: _plain(row[path]) for name, path in columns.items() if name != "customer_id"}


def _plain(value: Any) -> Any:
    """Decimals as they are written by hand: two digits after the point, more only where there are more."""
    if not isinstance(value, Decimal):
        return value
    whole, _point, fraction = f"{value:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"
