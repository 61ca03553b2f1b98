"""A layer is edited on a page: only what the person changed is written, and nobody's change is written over unseen."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pghistory
from django.db import transaction
from django.utils.translation import gettext as _

from archives.commands.customers import change_customer, create_customer
from archives.commands.flags import refresh_freshness
from archives.commands.plans import pass_on_plans
from archives.layers import BASIC, Layer
from archives.models import Confirmation, Contact, Customer
from archives.parsing import BadRow, Row, parse_customer
from archives.queries.raw import item_of, raw_of
from crm.core import audit
from crm.core.errors import ChangedMeanwhile, Invalid
from crm.core.models import User

TRIES = 3
Values = Mapping[str, Any]


def edit_layer(
    customer: Customer, layer: Layer, *, original: Values, typed: Values, by: User, today: date, reason: str = ""
) -> list[str]:
    """Write the fields in which `typed` differs from `original`, what the form held when it was opened; their names.

    Values are written as the REST interface has them. Refuses a field that somebody else has changed meanwhile to
    something else, naming both values. What a person writes counts as confirmed on that day.
    """
    mine = {name: value for name, value in typed.items() if value != original.get(name)}
    for _try in range(TRIES):
        customer = Customer.objects.get(pk=customer.pk)
        if refused := _why_not_overwrite(raw_of(layer.of(customer), layer), original, mine):
            raise refused
        try:
            return _write(customer, layer, mine, by=by, today=today, reason=reason)
        except ChangedMeanwhile:
            continue
    raise ChangedMeanwhile()


def _why_not_overwrite(stored: Values, original: Values, mine: Values) -> Invalid | None:
    """Somebody else changed the same field to another value while the form was open."""
    sentence = _(
        "Somebody else has changed this to “%(theirs)s” meanwhile; you wrote “%(mine)s”. Save again to keep yours."
    )
    errors = {
        name: sentence % {"theirs": _shown(stored[name]), "mine": _shown(value)}
        for name, value in mine.items()
        if stored[name] not in (original.get(name), value)
    }
    return Invalid(errors, code="changed_meanwhile") if errors else None


def _shown(value: Any) -> str:
    return "–" if value in (None, "") else str(value)


@transaction.atomic
def _write(customer: Customer, layer: Layer, mine: Values, *, by: User, today: date, reason: str) -> list[str]:
    if not mine:
        return []
    row = _row(item_of(customer.number, layer, mine))
    with pghistory.context(user=by.pk, reason=reason):
        if heir := layer is BASIC and User.objects.filter(username=mine.get("owner") or "").first():
            pass_on_plans([customer.pk], to=heir, today=today)
        change_customer(customer, row.given, layers=row.layers, by=by, today=today, seen=customer.updated_at)
    _confirm(customer, layer, mine, by=by, today=today)
    return sorted(mine)


def _row(item: dict[str, Any]) -> Row:
    row = parse_customer(item)
    if isinstance(row, BadRow):
        raise Invalid({error.pointer.rsplit("/", 1)[-1]: error.detail for error in row.errors})
    return row


def _confirm(customer: Customer, layer: Layer, fields: Values, *, by: User, today: date) -> None:
    Confirmation.objects.bulk_create(
        [Confirmation(customer=customer, layer=layer.code, field=name, on=today, by=by) for name in fields]
    )
    refresh_freshness([customer.pk], today=today)


@transaction.atomic
def open_archive(number: str, typed: Values, *, by: User, today: date, reason: str = "") -> Customer:
    """Begin a customer's archive with its basic layer. Refuses a taken number and what `create_customer` refuses."""
    row = _row(item_of(number, BASIC, typed))
    with pghistory.context(user=by.pk, reason=reason):
        return create_customer(row.given, by=by, today=today)


@transaction.atomic
def keep_contact(contact: Contact, *, by: User) -> Contact:
    """Write a new or changed contact. Refuses reporting in a circle, and to another customer's people."""
    Customer.objects.select_for_update().get(pk=contact.customer_id)
    if refused := _why_not_report(contact):
        raise refused
    known = contact.pk is not None
    contact.save()
    audit.record("contact.changed" if known else "contact.added", contact, by=by)
    return contact


@transaction.atomic
def change_contact(
    contact_id: int, given: Values, *, by: User, look: Callable[[Contact], None] = lambda contact: None
) -> Contact:
    """Write the fields that are given; `look` sees the contact under the lock, before the change, and may refuse.

    Refuses what `keep_contact` refuses.
    """
    Customer.objects.select_for_update(of=("self",)).get(contacts=contact_id)
    contact = Contact.objects.select_related("customer").get(pk=contact_id)
    look(contact)
    for name, value in given.items():
        setattr(contact, name, value)
    return keep_contact(contact, by=by)


def _why_not_report(contact: Contact) -> Invalid | None:
    bosses = dict(Contact.objects.filter(customer=contact.customer_id).values_list("pk", "reports_to"))
    boss, above = contact.reports_to_id, set()
    if boss is not None and boss not in bosses:
        return Invalid({"reports_to": _("Choose somebody of the same customer.")})
    while boss is not None and boss not in above:
        above.add(boss)
        boss = bosses.get(boss)
    circle = contact.pk is not None and contact.pk in above
    return Invalid({"reports_to": _("This person would report to themselves.")}) if circle else None
