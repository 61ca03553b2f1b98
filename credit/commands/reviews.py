"""Which limits want a look: those that run out, and those of customers who pay too late. Flags, set-based."""

from collections.abc import Collection
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from archives.choices import CustomerStatus, FlagReason, ReviewCause
from archives.commands.flags import drop_review, raise_review
from archives.models import Flag, Invoice, Standing
from archives.queries.reviews import decided_reviews
from credit.models import CreditLimit
from credit.queries.limits import in_force
from crm.core.models import Policy

TRADABLE = [status for status in CustomerStatus if status.tradable]


@transaction.atomic
def review_limits(customer_ids: Collection[int], *, today: date) -> None:
    """Bring the limit flags of these customers up to `today`; their standings are. Twice changes nothing."""
    policy = Policy.current()
    settle_expiring(customer_ids, policy, today)
    settle_overdue(customer_ids, policy, today)


def settle_expiring(customer_ids: Collection[int], policy: Policy, today: date) -> None:
    """Flag limits that run out within the policy's days, and those that have run out while something is owed."""
    due = running_out(customer_ids, policy, today)
    opened = Flag.objects.filter(customer__in=customer_ids, reason=FlagReason.LIMIT_EXPIRING, closed_on=None)
    known = {(flag.customer_id, flag.subject): flag.pk for flag in opened}
    wanted = {(customer, str(day)) for customer, day in due.items()}
    Flag.objects.filter(pk__in=[pk for about, pk in known.items() if about not in wanted]).update(closed_on=today)
    Flag.objects.bulk_create(
        Flag(
            customer_id=customer,
            reason=FlagReason.LIMIT_EXPIRING,
            subject=day,
            data={"valid_until": day},
            raised_on=today,
        )
        for customer, day in sorted(wanted - known.keys())
    )


def running_out(customer_ids: Collection[int], policy: Policy, today: date) -> dict[int, date]:
    """The customers whose last limit ends soon or has ended with something owed, and its last day."""
    standing = CreditLimit.objects.filter(unit=None, superseded_at=None)
    later = standing.filter(customer=OuterRef("customer"), valid_until__gt=OuterRef("valid_until"))
    last = standing.filter(~Exists(later), customer__in=customer_ids, mode__in=["amount", "unlimited"])
    soon = Q(valid_until__lte=today + timedelta(days=policy.limit_review_days), valid_until__gte=today)
    ended = Q(valid_until__lt=today, customer__standing__exposure__gt=0)
    rows = last.filter(soon | ended, customer__status__in=TRADABLE)
    return dict(rows.values_list("customer_id", "valid_until"))


def settle_overdue(customer_ids: Collection[int], policy: Policy, today: date) -> None:
    """Ask for a review where a customer with a limit has an undisputed invoice overdue beyond the policy's days.

    Once somebody has decided about such a review, only an invoice that has come to that since asks for another.
    """
    late = paying_late(customer_ids, policy, today)
    decided = decided_reviews(late, ReviewCause.OVERDUE)
    news = {pk for pk, since in late.items() if pk not in decided or since > decided[pk]}
    drop_review(set(customer_ids) - late.keys(), ReviewCause.OVERDUE, today=today)
    raise_review(news, ReviewCause.OVERDUE, today=today)


def paying_late(customer_ids: Collection[int], policy: Policy, today: date) -> dict[int, date]:
    """Customers with a limit who pay later than the policy bears, and the first day of the newest such debt."""
    borne = timedelta(days=policy.overdue_block_days)
    overdue = Invoice.objects.filter(
        customer=OuterRef("customer"), open_amount__gt=0, disputed=False, due_on__lt=today - borne
    )
    limited = CreditLimit.objects.filter(in_force(today), customer=OuterRef("customer"), unit=None)
    rows = Standing.objects.filter(Exists(limited), customer__in=customer_ids, customer__status__in=TRADABLE)
    newest = rows.annotate(due=Subquery(overdue.order_by("-due_on").values("due_on")[:1])).exclude(due=None)
    return {pk: due + borne + timedelta(days=1) for pk, due in newest.values_list("customer_id", "due")}
