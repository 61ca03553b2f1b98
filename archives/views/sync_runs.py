"""Sync runs for operators: what came last from each source, what differs, what failed, what waits for a decision."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from archives.choices import SyncState
from archives.commands.sync_runs import abandon_run, decide_run, retry_rows
from archives.models import SyncRun
from archives.queries.sync_runs import failures_of, keys_of, missing_of, runs_of, sources
from crm.core.doors import needs
from crm.core.errors import Refused
from crm.core.keyset import page_of
from crm.core.roles import Can

SHOWN = 200
ROWS = 20


class Side(NamedTuple):
    """One line of the two sides: the number of records (no currency), or a sum."""

    currency: str
    announced: int | Decimal | None
    held: int | Decimal | None

    @property
    def differs(self) -> bool:
        return self.announced is not None and self.announced != self.held

    @property
    def by(self) -> int | Decimal:
        return (self.held or 0) - (self.announced or 0)


@require_GET
@needs(Can.SEE_SYNC)
def sync_runs(request: HttpRequest) -> HttpResponse:
    page = page_of(runs_of(request.user).order_by("-id"), cursor=request.GET.get("cursor", ""), size=ROWS)
    return render(request, "archives/sync_runs.html", {"page": page, "sources": sources(request.user)})


@require_GET
@needs(Can.SEE_SYNC)
def sync_run(request: HttpRequest, run: int) -> HttpResponse:
    found = _found(request, run)
    waits = found.state == SyncState.NEEDS_REVIEW
    shown = {
        "run": found,
        "sides": list(sides_of(found)) if found.held else [],
        "differences": differences_of(found),
        "missing": list(keys_of(missing_of(found))[:SHOWN]) if waits or _counts_missing(found) else [],
        "failures": list(failures_of(found)[:SHOWN]),
        "waits": waits,
    }
    return render(request, "archives/sync_run.html", shown)


def _counts_missing(run: SyncRun) -> bool:
    """Whether what is missing stays on the page: what is booked is only named."""
    return bool(run.missing) and not run.object_choice.closable


def sides_of(run: SyncRun):
    """The records and the sums of each currency, as announced and as held."""
    yield Side("", run.count, run.held["count"])
    theirs, ours = run.totals or {}, run.held["totals"] or {}
    for code in sorted(theirs.keys() | ours.keys()):
        nothing = Decimal(0) if run.totals is not None else None
        yield Side(code, Decimal(theirs[code]) if code in theirs else nothing, Decimal(ours.get(code, 0)))


def differences_of(run: SyncRun) -> list[dict[str, Any]]:
    rows = [(number, code, Decimal(told), Decimal(held)) for number, code, told, held in run.differences[:SHOWN]]
    return [
        {"customer": number, "currency": code, "announced": told, "held": held, "by": held - told}
        for number, code, told, held in rows
    ]


def _found(request: HttpRequest, run: int) -> SyncRun:
    return get_object_or_404(runs_of(request.user), pk=run)


def deed(work: Callable[..., str]) -> Callable[..., HttpResponse]:
    """A button of the page: does its work, says what came of it, and goes back to the page."""

    @require_POST
    @needs(Can.MANAGE_SYNC)
    def done(request: HttpRequest, run: int, **more: Any) -> HttpResponse:
        found = _found(request, run)
        try:
            messages.success(request, work(request, found, **more))
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("sync_run", run=run)

    return done


def _now() -> dict[str, Any]:
    return {"today": timezone.localdate(), "now": timezone.now()}


@deed
def close(request: HttpRequest, run: SyncRun) -> str:
    done = decide_run(run.pk, close=True, by=request.user, today=timezone.localdate())
    return ngettext("%(n)s record is closed.", "%(n)s records are closed.", done.closed) % {"n": done.closed}


@deed
def keep(request: HttpRequest, run: SyncRun) -> str:
    decide_run(run.pk, close=False, by=request.user, today=timezone.localdate())
    return _("They stay as they are, and later runs do not ask about them again.")


@deed
def abandon(request: HttpRequest, run: SyncRun) -> str:
    abandon_run(run.pk, by=request.user, now=timezone.now())
    return _("The run is abandoned. The program may begin another one.")


@deed
def retry(request: HttpRequest, run: SyncRun, failure: int | None = None) -> str:
    taken, failed = retry_rows(run, by=request.user, only=failure, **_now())
    if failed and not taken:
        raise Refused(ngettext("%(n)s row failed again.", "%(n)s rows failed again.", failed) % {"n": failed})
    words = ngettext("%(n)s row has gone through.", "%(n)s rows have gone through.", taken) % {"n": taken}
    again = ngettext("%(n)s row failed again.", "%(n)s rows failed again.", failed) % {"n": failed}
    return f"{words} {again}" if failed else words
