"""Many customers go to another owner."""

from collections.abc import Collection
from datetime import datetime

import pghistory
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from archives.commands.plans import pass_on_plans
from archives.models import Customer
from archives.queries.ownership import kept_from
from archives.rules.ownership import why_kept
from archives.rules.selections import why_not_hand_over
from crm.core import audit
from crm.core.errors import Refused
from crm.core.models import User
from crm.core.notices import tell


def hand_over(customer_ids: Collection[int], *, to: User, by: User) -> int:
    """Give these customers to `to`, as far as `by` sees them; how many changed hands.

    Refused: without the right to assign; an heir who has left or looks after nobody; when the ERP keeps the owner.
    The former owner's open visits go along. History keeps the former owner of each, one entry in the audit trail speaks
    of all, and the heir is told once of what comes within a minute.
    """
    if refusal := why_not_hand_over(by=by, to=to):
        raise refusal
    if keeper := kept_from(by).get(("basic", "owner")):
        raise Refused(why_kept(keeper), code=keeper.code)
    with pghistory.context(user=by.pk), transaction.atomic():
        others = Customer.objects.visible_to(by).filter(pk__in=customer_ids).exclude(owner=to)
        ids = list(
            Customer.objects.filter(pk__in=others).order_by("pk").select_for_update().values_list("pk", flat=True)
        )
        now = timezone.now()
        moved = pass_on_plans(ids, to=to, today=timezone.localdate(now))
        Customer.objects.filter(pk__in=ids).update(owner=to, updated_at=now)
        if ids:
            plans = {"planned_visits": moved} if moved else {}
            audit.record("customers.handed_over", by, by=by, to=to.username, count=len(ids), **plans)
            _tell(to, by=by, now=now)
    return len(ids)


def _tell(to: User, *, by: User, now: datetime) -> None:
    """The chunks of a large hand-over make one notice."""
    if to != by:
        link = f"{reverse('customers')}?owner={to.username}&handed_over_since={timezone.localdate(now)}"
        tell(to, "customers_handed_over", key=f"handed_over:{by.pk}:{now:%Y%m%d%H%M}", link=link, by=by)
