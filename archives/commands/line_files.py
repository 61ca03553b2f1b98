"""Records in a file of lines, one JSON object each (NDJSON): kept as it arrives, taken by a job ten thousand at a time.

Neither the web server nor the worker ever holds more of it than a batch. A batch and how far it has come are committed
together, so a killed job goes on with the first line that has not been taken.
"""

import hashlib
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from archives.choices import SyncObject
from archives.commands.bulk import Batch, Ignored, State
from archives.commands.sync_runs import TAKEN_BY, join_run, note_call
from archives.decoding import KINDS, read_lines
from archives.parsing import BadRow
from crm.core import jobs
from crm.core.api.problems import Conflict
from crm.core.errors import NotAllowed, Refused
from crm.core.models import Job, User

KIND = "bulk_lines"
LINES, BYTES = 10_000, 32 * 1024 * 1024  # of a batch, whichever comes first
LONGEST_LINE = 1024 * 1024
LISTED = 1_000
KEPT_SECONDS = 24 * 3600
FAILED = gettext_noop("%(failed)s lines failed; the first %(listed)s of them are listed.")


class Kept(NamedTuple):
    """A file that has arrived: its name, its lines, and the SHA-256 of its content."""

    name: str
    lines: int
    digest: str


def folder() -> Path:
    return settings.VAR_DIR / "incoming"


# Keeping ------------------------------------------------------------------------------------------------------------


def keep(bits: Iterable[bytes]) -> Kept:
    """Write the file down as it arrives. Refuses a line that is longer than a record can be; then nothing stays."""
    folder().mkdir(parents=True, exist_ok=True)
    forget_old()
    path = folder() / f"{uuid.uuid4().hex}.ndjson"
    digest, lines, open_line = hashlib.sha256(), 0, 0
    try:
        with path.open("wb") as file:
            for bit in bits:
                lines += bit.count(b"\n")
                open_line = _open_line(bit, open_line)
                digest.update(bit)
                file.write(bit)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Kept(path.name, lines + bool(open_line), digest.hexdigest())


def _open_line(bit: bytes, before: int) -> int:
    """The bytes of the line that has not ended yet, after `bit`."""
    *ended, last = bit.split(b"\n")
    longest = max((len(line) for line in ended[1:]), default=0)
    first = before + len(ended[0]) if ended else 0
    left = len(last) if ended else before + len(last)
    if max(longest, first, left) > LONGEST_LINE:
        raise Conflict(413, "line_too_long", _("A line is longer than a record can be. Write one object a line."))
    return left


def discard(name: str) -> None:
    (folder() / name).unlink(missing_ok=True)


def forget_old() -> None:
    """Remove files that nobody will take: those whose job has ended a day ago, or was never asked for."""
    old = [path for path in folder().glob("*.ndjson") if time.time() - _written_at(path) > KEPT_SECONDS]
    wanted = set(Job.objects.filter(kind=KIND, state__in=Job.OPEN).values_list("key", flat=True)) if old else set()
    for path in old:
        if path.name not in wanted:
            path.unlink(missing_ok=True)


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def enqueue(kept: Kept, *, noun: str, by: User, dry_run: bool, run: int | None) -> Job:
    """The job that takes the file. Call in the transaction that answers for it."""
    params = {"noun": noun, "lines": kept.lines, "dry_run": dry_run, "run": run}
    return jobs.enqueue(KIND, key=kept.name, by=by, params=params)


# Taking -------------------------------------------------------------------------------------------------------------


def take(job: Job) -> Iterator[None]:
    """The work of the job, batch by batch, from where it stopped; the file is removed at the end."""
    if job.cursor.get("whole"):
        return discard(job.key)
    job.total = job.params["lines"]
    job.result = job.result or {state.value: 0 for state in State} | {"failed": 0, "errors": [], "errors_left_out": 0}
    with _opened(job.key) as file:
        file.seek(job.cursor.get("at", 0))
        while lines := _next_lines(file):
            _take(job, lines, first=job.done + 1)
            job.done += len(lines)
            job.cursor = {"at": file.tell()}
            yield
    job.cursor = {"whole": True}
    yield
    discard(job.key)


def _opened(name: str) -> BinaryIO:
    try:
        return (folder() / name).open("rb")
    except FileNotFoundError as failure:
        raise Refused(_("The file is no longer kept. Send it again."), code="file_gone") from failure


def _next_lines(file: BinaryIO) -> list[bytes]:
    lines: list[bytes] = []
    size = 0
    while len(lines) < LINES and size < BYTES and (line := file.readline()):
        lines.append(line)
        size += len(line)
    return lines


def _take(job: Job, lines: list[bytes], *, first: int) -> None:
    """One batch: what is on `lines`, of which the first has the number `first`. Empty lines are none."""
    by = User.objects.get(pk=job.by_id)
    if not by.is_active:
        raise NotAllowed(_("The account that sent the file is switched off."))
    filled = {first + at: line.strip() for at, line in enumerate(lines) if line.strip()}
    run = _run(job, by)
    sheet, failed = read_lines(list(filled.values()), KINDS[job.params["noun"]])
    batch = Batch.of(sheet, failed, dry_run=job.params["dry_run"])
    TAKEN_BY[SyncObject(job.params["noun"])][1](batch, by=by, today=timezone.localdate())
    if run is not None:
        note_call(run, batch, _Items(list(filled.values())), now=timezone.now())
    _count(job, batch, list(filled))


def _run(job: Job, by: User) -> Any:
    """The sync run that the file belongs to, held open for this batch."""
    number = job.params["run"]
    return number and join_run(number, object=SyncObject(job.params["noun"]), by=by, now=timezone.now())


class _Items(list):
    """Lines, read when they are looked at: a failed one goes on record as it was sent."""

    def __getitem__(self, index: Any) -> Any:
        line = super().__getitem__(index)
        try:
            return msgspec.json.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return line.decode("utf-8", "replace").replace("\0", "")


def _count(job: Job, batch: Batch, numbers: list[int]) -> None:
    result: dict[str, Any] = job.result
    for state in State:
        result[state.value] += batch.count(state)
    result["failed"] += len(batch.failed)
    room = max(0, LISTED - len(result["errors"]))
    result["errors"] += [_said(bad, numbers) for bad in batch.errors[:room]]
    result["errors_left_out"] = result["failed"] - len(result["errors"])
    if batch.warnings:
        warned = result.setdefault("warnings", [])
        warned += [_warned(one, numbers) for one in batch.warnings[: max(0, LISTED - len(warned))]]
    if result["failed"]:
        job.say(FAILED, failed=result["failed"], listed=len(result["errors"]))


def _said(bad: BadRow, numbers: list[int]) -> dict[str, Any]:
    errors = [{"pointer": one.pointer, "code": one.code, "detail": str(one.detail)} for one in bad.errors]
    return {"line": numbers[bad.index], "key": bad.key, "errors": errors}


def _warned(one: Ignored, numbers: list[int]) -> dict[str, Any]:
    said = asdict(one)
    return {"line": numbers[said.pop("index")]} | said
