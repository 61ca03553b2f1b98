"""What the archive has gone through: when each entry was opened, and what changed since.

Triggers write the events at the moment of loading; afterwards they move to the day on which they play.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

import pghistory
import pgtrigger
from django.db import connection
from django.utils import timezone

from archives.choices import ReviewCause
from archives.commands.confirmations import values_of
from archives.commands.flags import raise_review
from archives.models import Customer
from crm.core.models import User
from crm.demo.customers import Buyer
from crm.demo.names import address, person, phone
from crm.demo.showcase import Showcase

# The archive was begun some four years ago; who came later was entered when the relation began.
OPENED = """
UPDATE archives_customer SET created_at = greatest(
    coalesce(related_since::timestamptz, '-infinity'),
    %s::timestamptz - make_interval(days => 400 + substr(number, 3)::int * 37 %% 1000)
) + interval '9 hours'
"""
FIRST_EVENTS = """
UPDATE archives_{layer}event AS event
   SET pgh_created_at = customer.created_at {created_at}
  FROM archives_customer AS customer
 WHERE customer.id = event.{customer} AND event.pgh_label = 'insert'
"""
# The flagship's basics were held against its licence on that day; what changed later has not been.
VERIFIED_DAYS_AGO = 20
LAYERS = {
    "customer": "pgh_obj_id",
    "creditprofile": "pgh_obj_id",
    "operatingprofile": "pgh_obj_id",
    "expectedvalueinputs": "pgh_obj_id",
    "contact": "customer_id",
    "financialstatement": "customer_id",
}
MOVE_CHANGE = """
UPDATE archives_customerevent SET pgh_created_at = pgh_created_at - make_interval(days => %s)
 WHERE pgh_id = (SELECT max(pgh_id) FROM archives_customerevent WHERE pgh_obj_id = %s)
"""


def store(buyers: list[Buyer], showcase: Showcase, erp: User, rng: Random, today: date) -> None:
    """Openings first, then changes; the flagship's new legal representative asks for a review of its limit."""
    _open_archive(today)
    for buyer in rng.sample(buyers, len(buyers) // 8):
        _change(buyer.customer, _something(buyer, rng), erp, days_ago=rng.randint(1, 25), reason="ERP")
    flagship = showcase.flagship.customer
    for days_ago, fields in _of_flagship():
        _change(flagship, fields, erp, days_ago=days_ago, reason="ERP")
        if days_ago >= VERIFIED_DAYS_AGO:
            flagship.confirmations.filter(verified=True).update(values=values_of(flagship, "basic"))
    raise_review([flagship.pk], ReviewCause.LEGAL_REPRESENTATIVE, today=today - timedelta(days=12))


def _open_archive(today: date) -> None:
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute(OPENED, [today])
        for layer, customer in LAYERS.items():
            also = ", created_at = customer.created_at" if layer == "customer" else ""
            cursor.execute(FIRST_EVENTS.format(layer=layer, customer=customer, created_at=also), [])


def _something(buyer: Buyer, rng: Random) -> dict[str, Any]:
    """One fact that changes with most customers sooner or later."""
    return rng.choice(
        (
            {"phone": phone(rng, buyer.place)},
            {"office_address": address(rng, buyer.place)},
            {"person_in_charge": person(rng, buyer.language)},
            {"delivery_address": address(rng, buyer.place), "phone": phone(rng, buyer.place)},
        )
    )


def _of_flagship() -> list[tuple[int, dict[str, Any]]]:
    """Days ago, and what changed: twelve fields by the ERP, and the one that matters."""
    return [
        (240, {"chairman": "陈建国", "website": "www.chenguang-bearings.example", "fax": "0571-85551235"}),
        (131, {"bank_name": "中国工商银行杭州萧山支行", "bank_account": "120202555000123"}),
        (20, {"delivery_address": "杭州市萧山区滨江路190号", "phone": "0571-85551236"}),
        (12, {"legal_representative": "陈建国"}),
        (
            11,
            {"website": "chenguang-bearings.example", "fax": "0571-85551237", "registration_number": "330109000555123"},
        ),
        (11, {"issuing_authority": "杭州市萧山区市场监督管理局", "email": "sales@chenguang-bearings.example"}),
    ]


def hand_over(customer: Customer, to: User, by: User, *, days_ago: int) -> None:
    """The customer goes to another owner, some days ago."""
    _change(customer, {"owner_id": to.pk}, by, days_ago=days_ago, reason="")
    Customer.objects.filter(pk=customer.pk).update(owner_since=timezone.now() - timedelta(days=days_ago))


def _change(customer: Customer, fields: dict[str, Any], by: User, *, days_ago: int, reason: str) -> None:
    """A real update, told by the trigger, moved to its day."""
    with pghistory.context(user=by.pk, reason=reason):
        vars(customer).update(fields)
        customer.save(update_fields=[*fields, "updated_at"])
    with connection.cursor() as cursor:
        cursor.execute(MOVE_CHANGE, [days_ago, customer.pk])
