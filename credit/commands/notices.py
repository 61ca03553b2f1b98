"""Notices of what the night has flagged: to the owner of the customer, and of limits to the credit officers too."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import translation

from archives.choices import FlagReason, ReviewCause
from archives.models import Flag
from crm.core.models import Notice, User
from crm.core.roles import Role

OF_LIMITS = (FlagReason.LIMIT_EXPIRING, FlagReason.LIMIT_REVIEW)


@transaction.atomic
def tell_of_flags(customer_ids: Collection[int], *, today: date) -> None:
    """One notice for each flag raised on `today` and each person concerned; told before, it is not told again."""
    officers = list(User.objects.filter(role=Role.CREDIT_OFFICER, is_active=True))
    flags = Flag.objects.filter(customer__in=customer_ids, raised_on=today, closed_on=None).select_related(
        "customer__owner"
    )
    Notice.objects.bulk_create(notices(flags.order_by("pk"), officers), ignore_conflicts=True, batch_size=1_000)


def notices(flags: Iterable[Flag], officers: list[User]) -> Iterator[Notice]:
    """One for the owner of the customer, and of limits one for each officer."""
    for flag in flags:
        owner = flag.customer.owner
        people = [owner] if owner and owner.is_active else []
        for person in [*people, *(officers if flag.reason in OF_LIMITS else [])]:
            yield notice(flag, person)


def notice(flag: Flag, person: User) -> Notice:
    """What one person is told of one flag; not saved."""
    return Notice(
        recipient=person,
        kind=flag.reason,
        key=f"flag:{flag.pk}",
        link=reverse("customer", args=[flag.customer.number]),
        params=words(flag),
    )


def words(flag: Flag) -> dict[str, Any]:
    """What the sentence needs; causes as their source sentences, which are worded when they are read."""
    with translation.override(None):
        causes = [str(ReviewCause(cause).label) for cause in flag.data.get("causes", []) if cause in ReviewCause]
    return {"customer": str(flag.customer), "until": flag.data.get("valid_until") or "–", "causes": causes}
