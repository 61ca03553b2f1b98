"""A changed fact asks for a review of the customer's limit: one open flag that collects the causes."""

from datetime import date

from archives.choices import FlagReason
from archives.commands.flags import lock_standings
from archives.models import Flag
from archives.rules.flags import with_cause

Changes = dict[int, list[dict[str, str]]]


def raise_reviews(changes: Changes, *, today: date) -> None:
    """Flag the customers (by id) for a review of their limit; `changes` are `{cause, old, new}`.

    A flag that is open already gets the causes added and keeps the day it was raised. Call inside the transaction of
    the change.
    """
    if not changes:
        return
    lock_standings(changes)
    opened = Flag.objects.filter(customer__in=changes, reason=FlagReason.LIMIT_REVIEW, closed_on=None)
    flags = {flag.customer_id: flag for flag in opened}
    for flag in flags.values():
        flag.data = _with_changes(flag.data, changes[flag.customer_id])
    Flag.objects.bulk_update(flags.values(), ["data"], batch_size=1_000)
    Flag.objects.bulk_create(
        [_new_flag(pk, made, today) for pk, made in sorted(changes.items()) if pk not in flags], batch_size=1_000
    )


def _new_flag(customer_id: int, made: list[dict[str, str]], today: date) -> Flag:
    data = _with_changes({}, made)
    return Flag(
        customer_id=customer_id, reason=FlagReason.LIMIT_REVIEW, subject=made[0]["cause"], data=data, raised_on=today
    )


def _with_changes(data: dict, made: list[dict[str, str]]) -> dict:
    for change in made:
        data = with_cause(data, change["cause"])
    return data | {"changes": [*data.get("changes", []), *made]}
