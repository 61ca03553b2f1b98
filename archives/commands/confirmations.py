"""Somebody says that what the archive holds is still so."""

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from archives.commands.flags import refresh_freshness
from archives.layers import LAYERS as SHOWN
from archives.models import (
    Confirmation,
    CreditProfile,
    Customer,
    ExpectedValueInputs,
    OperatingProfile,
    SalesRecord,
)
from archives.queries.raw import raw_of
from crm.core import audit
from crm.core.errors import Invalid
from crm.core.models import User

LAYERS = {
    "basic": Customer,
    "credit": CreditProfile,
    "operating": OperatingProfile,
    "expected_value": ExpectedValueInputs,
    "sales": SalesRecord,
}


@transaction.atomic
def confirm_fact(
    customer: Customer, layer: str, field: str = "", *, by: User, today: date, verified: bool = False
) -> Confirmation:
    """Note that a fact – or, without `field`, the whole layer – held on `today`; the flag for it goes.

    What was verified before stays so until it changes. Refuses a layer or a field that the archive does not have.
    """
    _refuse_unknown(layer, field)
    values = values_of(customer, layer, field) if verified else {}
    confirmation = Confirmation.objects.create(
        customer=customer, layer=layer, field=field, on=today, by=by, verified=verified, values=values
    )
    refresh_freshness([customer.pk], today=today)
    audit.record("fact.confirmed", confirmation, by=by, layer=layer, field=field, verified=verified)
    return confirmation


def values_of(customer: Customer, layer: str, field: str = "") -> dict[str, Any]:
    """What stands in a field, or without one in all fields of the layer, as the REST interface writes it."""
    if layer not in SHOWN:
        return {}
    values = raw_of(SHOWN[layer].of(customer), SHOWN[layer])
    return {name: value for name, value in values.items() if field in ("", name)}


def _refuse_unknown(layer: str, field: str) -> None:
    if layer not in LAYERS:
        raise Invalid({"layer": _("The archive has no such layer.")})
    if field and field not in {known.name for known in LAYERS[layer]._meta.concrete_fields}:
        raise Invalid({"field": _("This layer has no such field.")})
