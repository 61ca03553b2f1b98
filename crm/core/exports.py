"""A list of any size as a file: a job writes it in parts, and whoever asked for it fetches it for a day.

The rows and their order are settled when the job begins; what is told of each is what holds, and what the person may
see, when its part is written. A killed job begins anew. Who took what is on record with the hash of the file.
"""

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crm.core import audit
from crm.core.errors import NotAllowed, NotThere, Refused
from crm.core.models import ExportPart, Job, User
from crm.core.roles import Can

KEPT = timedelta(hours=24)
ROWS_IN_A_PART = 1_000
PARTS_AT_ONCE = 4
BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet takes for the beginning of a formula, wide or narrow.
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
ORDER = "dossier_export"


class Told(NamedTuple):
    """A kind of list that leaves the house: the name of its file, its deed in the trail, what a person sees of it."""

    name: str
    verb: str
    seen_by: Callable[[User], QuerySet]


TOLD: dict[str, Told] = {}


class File(NamedTuple):
    """A finished file: how it is called, how many bytes it has, and until when it can be fetched."""

    name: str
    bytes: int
    until: datetime


def why_not_export(by: User) -> NotAllowed | None:
    """Refuses whoever has left, and roles without exports."""
    if by.is_active and by.may(Can.EXPORT):
        return None
    return NotAllowed(_("Your role does not include exports."))


def written(rows: Iterable[Sequence[Any]], *, first: bool = False) -> bytes:
    """Rows as lines of a CSV file; the first part of a file says how it is encoded."""
    writer = csv.writer(Echo())
    lines = "".join(writer.writerow(map(harmless, row)) for row in rows)
    return ((BYTE_ORDER_MARK if first else "") + lines).encode()


class Echo:
    """A file that hands back what is written to it, so that csv's writer can be asked for lines."""

    def write(self, line: str) -> str:
        return line


def harmless(value: Any) -> str:
    """The cell as text; what a spreadsheet would run as a formula begins with an apostrophe. Numbers stay numbers."""
    if value is None or isinstance(value, Decimal | int):
        return "" if value is None else str(value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def write(
    job: Job, rows: QuerySet, *, heads: Callable[[], list[str | Promise]], cells: Callable[[Any], list[Any]]
) -> Iterator[None]:
    """The work of a handler: `rows` with `heads` above, `cells` of each, part by part.

    Refused: when whoever asked may export no longer.
    """
    if job.result:
        return  # killed between the last part and its end: the file is whole
    job.parts.all().delete()
    job.done, job.total, taken = 0, rows.order_by().count(), 0
    ExportPart.objects.create(job=job, number=0, content=written([heads()], first=True))
    for number, keys in enumerate(_settled(rows), start=1):
        by = _asking_still(job)
        found = TOLD[job.kind].seen_by(by).in_bulk(keys)
        lines = [cells(found[key]) for key in keys if key in found]
        ExportPart.objects.create(job=job, number=number, content=written(lines), keys=list(found))
        job.done += len(keys)
        taken += len(found)
        yield
    _on_record(job, taken)


def _asking_still(job: Job) -> User:
    by = User.objects.select_related("team").get(pk=job.by_id)
    if refusal := why_not_export(by):
        raise refusal
    return by


def _settled(rows: QuerySet) -> Iterator[list[int]]:
    """The keys of the rows in their order as they are now, some at a time. The server keeps them across commits."""
    sql, params = rows.values_list("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        _let_go(cursor)
        cursor.execute(f"DECLARE {ORDER} NO SCROLL CURSOR WITH HOLD FOR {sql}", params)
    while keys := _next_keys():
        yield keys
    with connection.cursor() as cursor:
        _let_go(cursor)


def _next_keys() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"FETCH {ROWS_IN_A_PART} FROM {ORDER}")
        return [row[0] for row in cursor.fetchall()]


def _let_go(cursor: Any) -> None:
    """Forget the order of an earlier export on this connection, if it stopped half-way."""
    cursor.execute("SELECT 1 FROM pg_cursors WHERE name = %s", [ORDER])
    if cursor.fetchone():
        cursor.execute(f"CLOSE {ORDER}")


def _on_record(job: Job, rows: int) -> None:
    """The file is whole: its size and hash, and a line in the trail."""
    digest, size = hashlib.sha256(), 0
    for content in _contents(job):
        digest.update(content)
        size += len(content)
    job.result = {"rows": rows, "bytes": size, "sha256": digest.hexdigest()}
    told = {"what": TOLD[job.kind].name, "filters": job.params.get("filters", ""), "rows": rows}
    audit.record(TOLD[job.kind].verb, job.by, by=job.by, **told, sha256=job.result["sha256"])


def _contents(job: Job) -> Iterator[bytes]:
    """The parts one after the other, a few at a time in memory."""
    numbers = range(0, job.parts.count(), PARTS_AT_ONCE)
    for start in numbers:
        rows = job.parts.filter(number__gte=start, number__lt=start + PARTS_AT_ONCE)
        for content in rows.order_by("number").values_list("content", flat=True):
            yield bytes(content)


def is_export(job: Job) -> bool:
    return job.kind in TOLD


def file_of(job: Job) -> File | None:
    """The file of a job that has ended well, while it is kept."""
    if not is_export(job) or job.state != Job.State.DONE or not job.result:
        return None
    until = job.finished_at + KEPT
    if until <= timezone.now():
        return None
    name = f"{TOLD[job.kind].name}-{timezone.localtime(job.created_at):%Y-%m-%d}.csv"
    return File(name, job.result["bytes"], until)


def why_not_fetch(job: Job, *, by: User) -> Refused | None:
    """Refuses whoever may export no longer, a file that is not there, and one that tells of what `by` sees no more."""
    if refusal := why_not_export(by):
        return refusal
    if job.state != Job.State.DONE:
        return Refused(_("The file is not ready yet."), code="file_not_ready")
    if file_of(job) is None:
        return Refused(_("This file is no longer kept. Export the list again."), code="file_gone")
    seen = TOLD[job.kind].seen_by(by).order_by()
    for keys in job.parts.exclude(keys=[]).values_list("keys", flat=True).iterator(chunk_size=PARTS_AT_ONCE):
        if seen.filter(pk__in=keys).count() < len(keys):
            sentence = _("The file tells of records that you may no longer see. Export the list again.")
            return NotAllowed(sentence, code="file_outdated")
    return None


def fetch(job: Job, *, by: User) -> Iterator[bytes]:
    """The parts of the file; it is on record before the first leaves. Refuses as `why_not_fetch` says."""
    if job.by_id != by.pk:
        raise NotThere
    if refusal := why_not_fetch(job, by=by):
        raise refusal
    told = {"what": TOLD[job.kind].name, "rows": job.result["rows"], "sha256": job.result["sha256"]}
    audit.record("export.fetched", job, by=by, **told)
    return _contents(job)


def forget_before(moment: datetime) -> None:
    """What was written before then goes: files that were kept their time, and what stopped half-way."""
    ended = Job.objects.filter(kind__in=TOLD, finished_at__lt=moment)
    ExportPart.objects.filter(job__in=ended).delete()
    halted = Job.objects.filter(kind__in=TOLD, state__in=(Job.State.FAILED, Job.State.CANCELLED))
    ExportPart.objects.filter(job__in=halted).delete()
