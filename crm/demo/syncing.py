"""What the ERP brought last night: runs that agree and one that does not, one to decide about, rows that failed."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from archives.choices import SyncObject
from archives.commands.sync_runs import begin_run, finish_run
from archives.models import KeptField, SyncCall, SyncFailure, SyncRun
from archives.queries.sync_runs import MODELS, held_by_customer, held_of
from crm.core.models import User

# Few, so that the demonstration can be edited.
KEPT_BY_ERP = ("tax_number", "bank_account")
BROUGHT = """
INSERT INTO archives_syncedrecord (account_id, object, record, run_id)
SELECT %s, %s, id, %s FROM (SELECT id, row_number() OVER (ORDER BY id) AS nth FROM {table}) AS record
 WHERE nth %% 25 >= %s
    ON CONFLICT (account_id, object, record) DO UPDATE SET run_id = EXCLUDED.run_id
"""
UNKNOWN_REGION = [
    {"pointer": "/region", "code": "unknown_reference", "detail": "There is no XJ-9 here, or you may not see it."}
]


def store(erp: User, today: date) -> None:
    """Fields that the ERP keeps, and its runs of the night before."""
    KeptField.objects.bulk_create(
        [KeptField(layer="basic", field=name, owner="erp", account=erp) for name in KEPT_BY_ERP]
    )
    night = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=7)
    for minutes, noun in enumerate((SyncObject.INVOICES, SyncObject.SALES)):
        _agrees(noun, erp, today, night + timedelta(minutes=5 * minutes))
    _differs(erp, today, night + timedelta(minutes=12))
    _lets_orders_out(erp, today, night + timedelta(minutes=15))
    _fails(erp, today, night + timedelta(minutes=20))


def _brought(noun: SyncObject, erp: User, at: datetime, *, leaving_out: int = 0, **said) -> SyncRun:
    """An open run that has brought all records, or all but so many of 25."""
    run, _fresh = begin_run(object=noun, by=erp, now=at, as_of=at, **said)
    with connection.cursor() as cursor:
        sql = BROUGHT.format(table=MODELS[noun]._meta.db_table)
        cursor.execute(sql, [erp.pk, noun.value, run.pk, leaving_out])
        SyncCall.objects.create(run=run, created=0, updated=cursor.rowcount % 97, unchanged=cursor.rowcount, failed=0)
    return run


def _announce(run: SyncRun) -> None:
    """The source says what we hold."""
    held = held_of(run)
    totals = {code: f"{total:.2f}" for code, total in sorted(held.totals.items())}
    SyncRun.objects.filter(pk=run.pk).update(count=held.count, totals=totals or None)


def _end(run: SyncRun, erp: User, today: date, at: datetime, **told) -> None:
    finish_run(run.pk, by=erp, today=today, now=at + timedelta(minutes=2), **told)


def _agrees(noun: SyncObject, erp: User, today: date, at: datetime) -> None:
    run = _brought(noun, erp, at, complete=True)
    _announce(run)
    _end(run, erp, today, at)


def _differs(erp: User, today: date, at: datetime) -> None:
    """Two customers paid something that the ERP has and we do not."""
    run = _brought(SyncObject.PAYMENTS, erp, at, complete=True)
    _announce(run)
    sums = {number: dict(totals) for number, totals in held_by_customer(run).items()}
    for number, more in zip(sorted(sums), (Decimal("18600.00"), Decimal("2450.50")), strict=False):
        code = next(iter(sums[number]))
        sums[number][code] += more
    _end(run, erp, today, at, customers=sums)


def _lets_orders_out(erp: User, today: date, at: datetime) -> None:
    """The night before all orders came; last night one in twenty-five of those announced did not."""
    before = at - timedelta(days=1)
    first = _brought(SyncObject.ORDERS, erp, before, complete=True)
    _end(first, erp, today, before)
    _end(_brought(SyncObject.ORDERS, erp, at, complete=True, leaving_out=1, count=held_of(first).count), erp, today, at)


def _fails(erp: User, today: date, at: datetime) -> None:
    run = _brought(SyncObject.CUSTOMERS, erp, at)
    items = [{"number": f"C-20900{n}", "name": f"乌鲁木齐样品轴承{n}号店", "region": "XJ-9"} for n in (1, 2)]
    SyncFailure.objects.bulk_create(
        [SyncFailure(run=run, key=item["number"], errors=UNKNOWN_REGION, item=item) for item in items]
    )
    _end(run, erp, today, at)
