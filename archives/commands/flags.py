"""Flags: raised when a fact asks for somebody's look, closed when it no longer does.

One open flag per customer and reason. Whoever raises or closes flags locks the customers' standings first, in ascending
order, so that the night, a new report and a changed fact never wait for each other in a circle.
"""

from collections.abc import Collection, Iterable
from datetime import date

from django.db import connection, transaction
from django.db.models import QuerySet

from archives.choices import FlagReason, ReviewCause
from archives.models import Flag, Standing
from archives.queries.freshness import facts_of
from archives.queries.reviews import decided_reviews
from archives.rules.flags import with_cause, without_cause
from archives.rules.freshness import Facts, Wanted, flags_due, report_status
from crm.core.models import Policy

ABOUT_REPORTS = (FlagReason.REPORT_EXPIRING, FlagReason.REPORT_STALE, FlagReason.REPORT_MISSING)
WATCHED = (*ABOUT_REPORTS, FlagReason.ARCHIVE_STALE)

WRITE_STATUS = """
UPDATE archives_standing AS standing
   SET report_status = fresh.status, report_valid_until = fresh.valid_until
  FROM unnest(%s::bigint[], %s::text[], %s::date[]) AS fresh (customer_id, status, valid_until)
 WHERE standing.customer_id = fresh.customer_id
   AND (standing.report_status, standing.report_valid_until) IS DISTINCT FROM (fresh.status, fresh.valid_until)
"""


@transaction.atomic
def raise_review(customer_ids: Collection[int], cause: ReviewCause, *, today: date) -> None:
    """Ask for a review of these customers' limits; a review that is open already gets the cause added."""
    lock_standings(customer_ids)
    _add_cause(customer_ids, cause, today)


@transaction.atomic
def drop_review(customer_ids: Collection[int], cause: ReviewCause, *, today: date) -> None:
    """Take a cause away that no longer holds; a review without any cause left is closed."""
    lock_standings(customer_ids)
    _drop_cause(customer_ids, cause, today)


@transaction.atomic
def close_flags(customer_ids: Collection[int], reasons: Iterable[FlagReason], *, today: date) -> int:
    """Close the open flags of these reasons; how many there were."""
    lock_standings(customer_ids)
    flags = Flag.objects.filter(customer__in=customer_ids, reason__in=list(reasons), closed_on=None)
    return flags.update(closed_on=today)


@transaction.atomic
def decide_reviews(customer_ids: Collection[int], *, today: date) -> None:
    """Close these reviews: somebody has decided with their causes in view. Only news opens another."""
    lock_standings(customer_ids)
    for flag in _open_reviews(customer_ids):
        Flag.objects.filter(pk=flag.pk).update(closed_on=today, data=flag.data | {"decided": True})


@transaction.atomic
def refresh_freshness(customer_ids: Collection[int], *, today: date, policy: Policy | None = None) -> None:
    """Bring report status and flags of these customers up to `today`. Done twice, it changes nothing."""
    policy = policy or Policy.current()
    lock_standings(customer_ids)
    facts = facts_of(customer_ids, today)
    _write_statuses(facts, today, policy)
    due = {pk: flags_due(known, today, policy) for pk, known in facts.items()}
    _settle_watched(due, today)
    _settle_reviews({pk: facts[pk].valid_until for pk in due if FlagReason.LIMIT_REVIEW in due[pk]}, due.keys(), today)


def lock_standings(customer_ids: Collection[int]) -> None:
    """Lock the standings in ascending order: before any read that a flag or a status depends on."""
    rows = Standing.objects.filter(customer__in=customer_ids).order_by("pk").select_for_update()
    list(rows.values_list("pk"))


def _write_statuses(facts: dict[int, Facts], today: date, policy: Policy) -> None:
    statuses = [
        report_status(known.valid_until, today, policy, on_credit=known.on_credit).value for known in facts.values()
    ]
    with connection.cursor() as cursor:
        cursor.execute(WRITE_STATUS, [list(facts), statuses, [known.valid_until for known in facts.values()]])


def _settle_watched(due: dict[int, dict[FlagReason, Wanted]], today: date) -> None:
    """Close what no longer holds or is about an older report, then raise what is not open yet."""
    wanted = {
        (pk, reason, flag.subject): flag
        for pk, flags in due.items()
        for reason, flag in flags.items()
        if reason in WATCHED
    }
    opened = Flag.objects.filter(customer__in=due.keys(), reason__in=WATCHED, closed_on=None)
    gone = []
    for flag_id, pk, reason, subject in opened.values_list("pk", "customer_id", "reason", "subject"):
        if wanted.pop((pk, reason, subject), None) is None:
            gone.append(flag_id)
    Flag.objects.filter(pk__in=gone).update(closed_on=today)
    Flag.objects.bulk_create(
        [
            Flag(customer_id=pk, reason=reason, subject=subject, data=flag.data, raised_on=today)
            for (pk, reason, subject), flag in wanted.items()
        ]
    )


def _settle_reviews(stale: dict[int, date], customer_ids: Collection[int], today: date) -> None:
    """A stale report asks for a review of the limit; a fresh one takes that cause away, and no other.

    `stale` says until when the report held. Who decided after that day knew.
    """
    decided = decided_reviews(stale, ReviewCause.STALE_REPORT)
    news = {pk for pk, until in stale.items() if pk not in decided or decided[pk] <= until}
    _drop_cause(set(customer_ids) - stale.keys(), ReviewCause.STALE_REPORT, today)
    _add_cause(news, ReviewCause.STALE_REPORT, today)


def _add_cause(customer_ids: Collection[int], cause: ReviewCause, today: date) -> None:
    opened = dict(_open_reviews(customer_ids).values_list("customer_id", "data"))
    for pk, data in opened.items():
        if cause not in data.get("causes", []):
            _open_reviews([pk]).update(data=with_cause(data, cause.value))
    new = {"reason": FlagReason.LIMIT_REVIEW, "subject": cause.value, "data": with_cause({}, cause.value)}
    missing = sorted(set(customer_ids) - opened.keys())
    Flag.objects.bulk_create([Flag(customer_id=pk, raised_on=today, **new) for pk in missing])


def _drop_cause(customer_ids: Collection[int], cause: ReviewCause, today: date) -> None:
    """Take the cause away; a review that has no other one is closed as it stands."""
    for flag in _open_reviews(customer_ids).filter(data__causes__contains=cause.value):
        left = without_cause(flag.data, cause)
        change = {"data": left} if left["causes"] else {"closed_on": today}
        Flag.objects.filter(pk=flag.pk).update(**change)


def _open_reviews(customer_ids: Collection[int]) -> QuerySet[Flag]:
    return Flag.objects.filter(customer__in=customer_ids, reason=FlagReason.LIMIT_REVIEW, closed_on=None)
