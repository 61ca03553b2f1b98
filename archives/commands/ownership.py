"""Fields that somebody keeps: chosen here, and respected in everything that is written to a customer."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from archives.choices import FieldOwner
from archives.commands.bulk import Batch, Ignored
from archives.layers import LAYERS
from archives.models import KeptField
from archives.parsing import Row
from archives.queries.ownership import Keepers, Place, kept_from, stored_values
from archives.rules.ownership import NEEDED_AT_FIRST, Keeper, is_open_to_people, why_ignored, why_kept
from crm.core import audit
from crm.core.errors import Invalid
from crm.core.models import User

Choice = tuple[FieldOwner, int | None]
SHARED: Choice = (FieldOwner.SHARED, None)


# Respected ----------------------------------------------------------------------------------------------------------


def respect_keepers(batch: Batch, *, by: User) -> None:
    """Take out of the batch's rows what somebody else keeps.

    From a program such a value is ignored, with a warning where it says something else than what is stored; a person's
    fails the row. Call inside the transaction, before rows are laid over what is stored.
    """
    kept = kept_from(by)
    rows = [row for row in batch.rows if any(_gives(row, place) for place in kept)] if kept else []
    if not rows:
        return
    stored = stored_values(rows, kept, by)
    for row in rows:
        _respect(batch, row, kept, stored.get(row.key), by)


def _respect(batch: Batch, row: Row, kept: Keepers, stored: Mapping[Any, Any] | None, by: User) -> None:
    if not by.is_connector and (stored is None or is_open_to_people(stored["status"])):
        return
    for place, keeper in kept.items():
        if not _gives(row, place) or (stored is None and place[1] in NEEDED_AT_FIRST):
            continue
        value = _fields(row, place).pop(place[1])
        if _same(value, stored and stored[place]):
            continue
        if by.is_connector:
            batch.warnings.append(_ignored(row, place, keeper))
        else:
            batch.fail(row, _name(place), keeper.code, why_kept(keeper))


def _same(value: Any, stored: Any) -> bool:
    """Whether a value says what is stored; nothing is nothing, however it is written."""
    return value == stored or (value in (None, "") and stored in (None, ""))


def _fields(row: Row, place: Place) -> dict[str, Any]:
    """The given fields of the layer that the place is in."""
    record = LAYERS[place[0]].record
    return row.layers.get(record, {}) if record else row.given


def _gives(row: Row, place: Place) -> bool:
    return place[1] in _fields(row, place)


def _name(place: Place) -> str:
    """The field as programs write it: with its layer before it."""
    record = LAYERS[place[0]].record
    return f"{record}/{place[1]}" if record else place[1]


def _ignored(row: Row, place: Place, keeper: Keeper) -> Ignored:
    return Ignored(row.index, row.key, f"/{_name(place)}", keeper.code, why_ignored(keeper))


def without_kept(empty: Mapping[str, Any], kept: Keepers, layer: str = "") -> dict[str, Any]:
    """The empty values that replacing the layer may write: somebody else's fields stay as they are."""
    code = next(code for code, one in LAYERS.items() if one.record == layer)
    return {name: value for name, value in empty.items() if (code, name) not in kept}


# Chosen -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def keep_fields(choices: Mapping[Place, Choice], *, by: User) -> int:
    """Say who keeps these fields; the others stay as they are. How many were changed.

    Refuses fields that no layer has, and accounts that are no program's.
    """
    _refuse_unknown(choices)
    rows = {(row.layer, row.field): row for row in KeptField.objects.select_for_update()}
    before = {place: (FieldOwner(row.owner), row.account_id) for place, row in rows.items()}
    changed = {place: choice for place, choice in choices.items() if choice != before.get(place, SHARED)}
    for (layer, field), (owner, account) in changed.items():
        KeptField.objects.filter(layer=layer, field=field).delete()
        if owner != FieldOwner.SHARED:
            KeptField.objects.create(layer=layer, field=field, owner=owner, account_id=account)
    if changed:
        said = {".".join(place): [_said(before.get(place, SHARED)), _said(new)] for place, new in changed.items()}
        audit.record("fields.kept", by, by=by, **said)
    return len(changed)


def _said(choice: Choice) -> str:
    owner, account = choice
    name = User.objects.filter(pk=account).values_list("username", flat=True).first() if account else ""
    return f"{owner.value}: {name}" if name else owner.value


def _refuse_unknown(choices: Mapping[Place, Choice]) -> None:
    for layer, field in choices:
        if layer not in LAYERS or field not in LAYERS[layer].fields:
            raise Invalid({"field": _("The archive has no such field.")})
    programs = set(User.objects.filter(role="connector").values_list("pk", flat=True))
    if any(account not in programs for _owner, account in choices.values() if account is not None):
        raise Invalid({"account": _("Only a service account can keep a field.")})
