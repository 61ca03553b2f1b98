"""Sync runs: a source announces what it brings, brings it call by call, and has it compared at the end."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pghistory
from django.db import connection, transaction
from django.utils.translation import gettext as _

from archives.choices import SyncDecision, SyncObject, SyncState
from archives.commands.bulk import Batch, State, advisory_lock
from archives.commands.customers import upsert_customers
from archives.commands.trade import upsert_invoices, upsert_orders, upsert_payments, upsert_sales
from archives.models import SyncCall, SyncedRecord, SyncFailure, SyncRun
from archives.parsing import BadRow, parse_customer, parse_invoice, parse_order, parse_payment, parse_sales
from archives.queries.sync_runs import MODELS, brought_by, held_by_customer, held_of, missing_of, not_taken
from archives.rules import sync_runs as rules
from crm.core import audit
from crm.core.errors import NotThere, Refused
from crm.core.models import Job, User
from crm.core.notices import tell
from crm.core.roles import Can, Role

TAKEN_BY = {
    SyncObject.CUSTOMERS: (parse_customer, upsert_customers),
    SyncObject.SALES: (parse_sales, upsert_sales),
    SyncObject.ORDERS: (parse_order, upsert_orders),
    SyncObject.INVOICES: (parse_invoice, upsert_invoices),
    SyncObject.PAYMENTS: (parse_payment, upsert_payments),
}
# What the source would say of a record that it has closed: nothing is deleted, and what it says later holds again.
CLOSED: dict[str, dict[str, Any]] = {
    SyncObject.CUSTOMERS: {"status": "closed"},
    SyncObject.ORDERS: {"status": "closed", "open_amount": "0.00", "delivered_uninvoiced": "0.00"},
    SyncObject.INVOICES: {"open_amount": "0.00"},
}
AT_ONCE = 10_000
KEPT_FAILURES, LARGEST_ITEM = 1_000, 64 * 1024
KEPT_DIFFERENCES = 1_000
FAILURES_KEPT = timedelta(days=30)

# A record that came is the source's; of one that failed, only what is the source's already is known to be there still.
# In the order of the records, so that two calls never wait for each other in a circle.
MARK = """
INSERT INTO archives_syncedrecord (account_id, object, record, run_id)
SELECT %(account)s, %(object)s, record.id, %(run)s FROM {sent} WHERE sent.taken OR EXISTS (
    SELECT FROM archives_syncedrecord AS known
     WHERE known.account_id = %(account)s AND known.object = %(object)s AND known.record = record.id)
 ORDER BY record.id
    ON CONFLICT (account_id, object, record) DO UPDATE SET run_id = EXCLUDED.run_id
 WHERE archives_syncedrecord.run_id < EXCLUDED.run_id
"""
NUMBERED = """
unnest(%(number)s::text[], %(taken)s::boolean[]) AS sent (number, taken)
  JOIN {table} AS record ON record.number = sent.number"""
MONTHLY = """
unnest(%(customer)s::text[], %(month)s::date[], %(product_line)s::text[], %(unit)s::text[], %(taken)s::boolean[])
    AS sent (customer, month, product_line, unit, taken)
  JOIN archives_customer AS customer ON customer.number = sent.customer
  LEFT JOIN core_unit AS unit ON unit.code = sent.unit
  JOIN archives_salesrecord AS record ON record.customer_id = customer.id AND record.month = sent.month
       AND record.product_line = sent.product_line AND record.unit_id IS NOT DISTINCT FROM unit.id"""
SALES_KEY = ("customer", "month", "product_line", "unit")


# Beginning ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def begin_run(
    *,
    object: str,
    by: User,
    now: datetime,
    complete: bool = False,
    count: int | None = None,
    totals: Mapping[str, Decimal] | None = None,
    as_of: datetime | None = None,
) -> tuple[SyncRun, bool]:
    """Begin a run; True when it is new. Asked again with the same announcement, the run that is open.

    Refuses a second open run of the same object and account; one that was open for 24 hours is abandoned.
    """
    advisory_lock(f"sync run {by.pk} {object}")
    said = {"complete": complete, "count": count, "totals": _as_texts(totals), "as_of": as_of}
    if (run := _open_run(object, by, now)) is not None:
        if said != {name: getattr(run, name) for name in said}:
            raise Refused(_("A run of this object is open. Finish or abandon it first."), code="run_open", run=run.pk)
        return run, False
    run = SyncRun.objects.create(account=by, object=object, started_at=now, **said)
    audit.record("sync_run.begun", run, by=by, complete=complete)
    return run, True


def _open_run(object: str, by: User, now: datetime) -> SyncRun | None:
    run = SyncRun.objects.filter(account=by, object=object, state=SyncState.OPEN).select_for_update().first()
    if run is not None and run.is_over(now):
        _abandon(run, by=None, now=now)
        return None
    return run


def _as_texts(totals: Mapping[str, Decimal] | None) -> dict[str, str] | None:
    return None if totals is None else {code: f"{total:.2f}" for code, total in sorted(totals.items())}


# Bringing -----------------------------------------------------------------------------------------------------------


def join_run(run_id: int, *, object: str, by: User, now: datetime) -> SyncRun:
    """The run that a call belongs to, kept open until the call's transaction ends; calls do not wait for each other.

    Refuses runs of others, of another object, and those that have ended.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM archives_syncrun WHERE id = %s AND account_id = %s FOR SHARE", [run_id, by.pk])
        if cursor.rowcount != 1:
            raise NotThere()
    run = SyncRun.objects.get(pk=run_id)
    if refused := rules.why_not_bring(run, object=object):
        raise refused
    if run.is_over(now):
        raise rules.run_ended()
    return run


def note_call(run: SyncRun, batch: Batch, items: Sequence[Any], *, now: datetime) -> None:
    """Remember what a call of the run brought and what failed. Call in the transaction of the batch, once it is taken;
    `items` are the batch's as they were sent. A trial leaves nothing."""
    if batch.dry_run:
        return
    counts = {state.value: batch.count(state) for state in State}
    SyncCall.objects.create(run=run, failed=len(batch.failed), **counts)
    _mark(run, batch)
    _resolve(run, batch, now)
    _keep_failures(run, batch, items)


def _mark(run: SyncRun, batch: Batch) -> None:
    """What came is the source's, and was here in this run."""
    sent, columns = _sales_sent(batch) if run.object == SyncObject.SALES else _numbers_sent(run, batch)
    with connection.cursor() as cursor:
        params = {"account": run.account_id, "object": run.object, "run": run.pk}
        cursor.execute(MARK.format(sent=sent), params | columns)


def _sales_sent(batch: Batch) -> tuple[str, dict[str, list]]:
    columns: dict[str, list] = {name: [row.given.get(name) for row in batch.rows] for name in SALES_KEY}
    return MONTHLY, columns | {"taken": list(map(batch.took, batch.rows))}


def _numbers_sent(run: SyncRun, batch: Batch) -> tuple[str, dict[str, list]]:
    """Each number once, for a statement cannot touch a row twice; what was taken is taken, whatever failed beside."""
    found = {bad.key: False for bad in batch.failed.values()}
    found |= {row.given["number"]: batch.took(row) for row in batch.rows if row.index not in batch.failed}
    sent = NUMBERED.format(table=MODELS[run.object_choice]._meta.db_table)
    return sent, {"number": list(found), "taken": list(found.values())}


def _resolve(run: SyncRun, batch: Batch, now: datetime) -> None:
    """Rows that failed before and have gone through now."""
    failed = SyncFailure.objects.filter(run=run, resolved_at=None)
    if not batch.spoiled and failed.exists():
        keys = [row.key[:255] for row in batch.rows if batch.took(row)]
        failed.filter(key__in=keys).update(resolved_at=now, item=None)


def _keep_failures(run: SyncRun, batch: Batch, items: Sequence[Any]) -> None:
    """Keep what failed, up to a thousand rows of a run; of a key that failed before, what it says now."""
    if not batch.failed:
        return
    failed = SyncFailure.objects.filter(run=run, resolved_at=None)
    failed.filter(key__in={bad.key[:255] for bad in batch.errors} - {""}).delete()
    room = max(0, KEPT_FAILURES - failed.count())
    fresh = [_failure(run, bad, items[bad.index]) for bad in batch.errors[:room]]
    SyncFailure.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)


def _failure(run: SyncRun, bad: BadRow, item: Any) -> SyncFailure:
    small = len(orjson.dumps(item, default=str)) <= LARGEST_ITEM
    return SyncFailure(run=run, key=bad.key[:255], errors=_said(bad), item=item if small else None)


def _said(bad: BadRow) -> list[dict[str, str]]:
    return [{"pointer": one.pointer, "code": one.code, "detail": str(one.detail)} for one in bad.errors[:20]]


@transaction.atomic
def retry_rows(run: SyncRun, *, by: User, today: date, now: datetime, only: int | None = None) -> tuple[int, int]:
    """Take the failed rows of a run once more – or `only` that one – as the source sent them and in its name; how many
    have gone through and how many have not.

    Refuses a row that has gone through, what was too large to be kept, and the rows of an account that is switched off.
    """
    run = _locked(run.pk)
    failures = _failures_to_try(run, only)
    parse, upsert = TAKEN_BY[run.object_choice]
    batch = Batch.read([failure.item for failure in failures], parse)
    upsert(batch, by=run.account, today=today)
    for index, failure in enumerate(failures):
        if bad := batch.failed.get(index):
            failure.errors = _said(bad)
        else:
            failure.resolved_at, failure.item = now, None
        failure.save()
    _mark(run, batch)
    _compare_again(run)
    taken = len(failures) - len(batch.failed)
    audit.record("sync_run.retried", run, by=by, tried=len(failures), taken=taken)
    return taken, len(batch.failed)


def _failures_to_try(run: SyncRun, only: int | None) -> list[SyncFailure]:
    rows = SyncFailure.objects.filter(run=run).order_by("id").select_for_update()
    if only is None:
        found = list(rows.filter(resolved_at=None, item__isnull=False))
    elif not (found := list(rows.filter(pk=only))):
        raise NotThere()
    for failure in found:
        if refused := rules.why_not_retry(failure, run.account):
            raise refused
    return found


def _compare_again(run: SyncRun) -> None:
    """After the end of the newest run: what went through late is held now, too."""
    later = SyncRun.objects.filter(account=run.account, object=run.object, pk__gt=run.pk)
    if run.state in (SyncState.FINISHED, SyncState.NEEDS_REVIEW) and not later.exists():
        _compare(run)
        run.save()


# Ending -------------------------------------------------------------------------------------------------------------


@transaction.atomic
def finish_run(
    run_id: int,
    *,
    by: User,
    today: date,
    now: datetime,
    customers: Mapping[str, Mapping[str, Decimal]] | None = None,
) -> SyncRun:
    """Compare what is held with what was announced and, after a complete run, close what the source has no longer.

    Waits for the calls that are under way. A run that has ended already stays as it is. Fewer than 2 % missing are
    closed; more, or any when not everything announced has arrived, wait for a person. Refuses an abandoned run, and
    one with jobs that still bring rows.
    """
    run = _locked(run_id)
    if run.state in (SyncState.FINISHED, SyncState.NEEDS_REVIEW):
        return run
    if refused := rules.why_not_end(run) or (rules.run_ended() if run.is_over(now) else None):
        raise refused
    if Job.objects.filter(state__in=Job.OPEN, params__run=run.pk).exists():
        raise Refused(_("Jobs of this run are not done yet. Ask again when they are."), code="jobs_open")
    run.finished_at = now
    SyncRun.objects.filter(account=run.account, object=run.object, customers__isnull=False).update(customers=None)
    run.customers = {number: _as_texts(sums) for number, sums in customers.items()} if customers is not None else None
    _look_for_missing(run, today=today)
    _compare(run)
    run.save()
    audit.record("sync_run.finished", run, by=by, state=run.state, missing=run.missing, closed=run.closed)
    return run


def _locked(run_id: int) -> SyncRun:
    return SyncRun.objects.select_for_update(of=("self",)).select_related("account").get(pk=run_id)


def _look_for_missing(run: SyncRun, *, today: date) -> None:
    """What a complete run did not bring: closed, left to a person, or – of what is booked – only counted."""
    run.state = SyncState.FINISHED
    if not run.complete:
        return
    _supersede(run)
    run.missing = missing_of(run).count()
    if not run.object_choice.closable:
        return
    brought = brought_by(run).count()
    arrived = rules.all_arrived(announced=run.count, brought=brought + not_taken(run))
    if rules.may_close(missing=run.missing, known=brought + run.missing, all_arrived=arrived):
        run.decision = SyncDecision.CLOSED_BY_RULE if run.missing else SyncDecision.NOTHING_MISSING
        _close_missing(run, today=today)
    else:
        run.state = SyncState.NEEDS_REVIEW
        _call_operators(run)


def _supersede(run: SyncRun) -> None:
    """What an earlier complete run left to a person, this one has seen anew."""
    waiting = SyncRun.objects.filter(account=run.account, object=run.object, state=SyncState.NEEDS_REVIEW)
    waiting.update(state=SyncState.FINISHED, decision=SyncDecision.SUPERSEDED)


def _call_operators(run: SyncRun) -> None:
    roles = [role for role in Role if Can.MANAGE_SYNC in role.rights]
    told = {"key": f"sync:{run.pk}", "link": f"/sync-runs/{run.pk}/", "source": run.account, "run": run.pk}
    for person in User.objects.filter(is_active=True, role__in=roles):
        tell(person, "sync_needs_decision", **told)


def _close_missing(run: SyncRun, *, today: date) -> None:
    """Close in the source's name what it has no longer, and let go of it: later runs are not asked about it again."""
    numbers = list(missing_of(run).order_by("number").values_list("number", flat=True))
    parse, upsert = TAKEN_BY[run.object_choice]
    with pghistory.context(reason=_("missing from sync run %(run)s") % {"run": run.pk}):
        for start in range(0, len(numbers), AT_ONCE):
            items = [{"number": number} | CLOSED[run.object] for number in numbers[start : start + AT_ONCE]]
            batch = Batch.read(items, parse)
            upsert(batch, by=run.account, today=today)
            run.closed += batch.count(State.UPDATED)
    _let_go(run)


def _let_go(run: SyncRun) -> None:
    SyncedRecord.objects.filter(account=run.account, object=run.object, run__lt=run.pk).delete()


def _compare(run: SyncRun) -> None:
    """Lay what is held beside what was announced; sums by customer only where the source told its own."""
    held = held_of(run)
    run.held = {"count": held.count, "totals": _as_texts(held.totals)}
    announced = {"count": run.count, "totals": _as_sums(run.totals)}
    run.agrees = rules.agrees(**announced, held_count=held.count, held=held.totals)
    if run.customers is not None:
        theirs = {number: _as_sums(sums) or {} for number, sums in run.customers.items()}
        found = rules.differences(theirs, held_by_customer(run))
        run.differing = len(found)
        run.differences = [[one.customer, one.currency, f"{one.announced:.2f}", f"{one.held:.2f}"] for one in found]
        del run.differences[KEPT_DIFFERENCES:]
        run.agrees = run.agrees is not False and not found


def _as_sums(totals: Mapping[str, str] | None) -> dict[str, Decimal] | None:
    return None if totals is None else {code: Decimal(total) for code, total in totals.items()}


@transaction.atomic
def decide_run(run_id: int, *, close: bool, by: User, today: date) -> SyncRun:
    """A person closes what a complete run did not bring, or keeps it. Refuses a run that waits for no decision."""
    run = _locked(run_id)
    if refused := rules.why_not_decide(run):
        raise refused
    run.state, run.decided_by = SyncState.FINISHED, by
    run.decision = SyncDecision.CLOSED if close else SyncDecision.KEPT
    if close:
        _close_missing(run, today=today)
    else:
        _let_go(run)
    _compare(run)
    run.save()
    audit.record("sync_run.decided", run, by=by, decision=run.decision, missing=run.missing, closed=run.closed)
    return run


@transaction.atomic
def abandon_run(run_id: int, *, by: User, now: datetime) -> SyncRun:
    """End a run without comparing: what it brought stays, nothing is closed. Abandoned twice is abandoned."""
    run = _locked(run_id)
    if run.state == SyncState.ABANDONED:
        return run
    if refused := rules.why_not_end(run):
        raise refused
    _abandon(run, by=by, now=now)
    return run


def _abandon(run: SyncRun, *, by: User | None, now: datetime) -> None:
    run.state, run.finished_at = SyncState.ABANDONED, now
    run.save(update_fields=["state", "finished_at"])
    audit.record("sync_run.abandoned", run, by=by)


def tidy_runs(now: datetime) -> None:
    """Abandon what was open for 24 hours, and forget failed rows after 30 days."""
    old = SyncRun.objects.filter(state=SyncState.OPEN, started_at__lt=now - SyncRun.LONGEST)
    for pk in old.values_list("pk", flat=True):
        with transaction.atomic():
            run = SyncRun.objects.select_for_update(skip_locked=True).filter(pk=pk, state=SyncState.OPEN).first()
            if run is not None:
                _abandon(run, by=None, now=now)
    SyncFailure.objects.filter(at__lt=now - FAILURES_KEPT).delete()
