"""Who keeps which field of a customer: the one place that knows, one statement for each question."""

from collections.abc import Iterable
from typing import Any

from archives.choices import FieldOwner
from archives.layers import LAYERS, Layer
from archives.models import Customer, KeptField
from archives.parsing import Row
from archives.queries.records import REFERRED
from archives.rules.ownership import Keeper, is_open_to_people, why_kept
from crm.core.models import User

# A field by its layer's code and its name.
Place = tuple[str, str]
Keepers = dict[Place, Keeper]


def keepers() -> Keepers:
    """The fields that are not shared."""
    rows = KeptField.objects.values_list("layer", "field", "owner", "account", "account__name")
    return {
        (layer, field): Keeper(FieldOwner(owner), account, name or "") for layer, field, owner, account, name in rows
    }


def kept_from(user: User) -> Keepers:
    """The fields that others keep, so that `user` may not change them."""
    return {place: keeper for place, keeper in keepers().items() if keeper.keeps_out(user)}


def locked_fields(customer: Customer | None, user: User) -> dict[Place, str]:
    """The fields of this customer that a person may read but not change, each with the sentence why."""
    if customer is None or is_open_to_people(customer.status):
        return {}
    return {place: why_kept(keeper) for place, keeper in kept_from(user).items()}


def locked_in(layer: Layer, locked: dict[Place, str]) -> dict[str, str]:
    """Those of one layer, by the name of the field."""
    return {field: why for (code, field), why in locked.items() if code == layer.code}


def stored_values(rows: Iterable[Row], places: Iterable[Place], by: User) -> dict[str, dict[Any, Any]]:
    """What is stored in these places of the rows' customers, as far as `by` sees them, and their status; by number."""
    paths = {place: path_of(place) for place in places}
    found = Customer.objects.visible_to(by).filter(number__in=[row.key for row in rows])
    return {
        values["number"]: {place: values[path] for place, path in paths.items()} | {"status": values["status"]}
        for values in found.values("number", "status", *paths.values())
    }


def path_of(place: Place) -> str:
    """Where a field stands, seen from the customer; references by their natural keys."""
    code, field = place
    record = LAYERS[code].record
    return f"{record}__{field}" if record else REFERRED.get(field, field)
