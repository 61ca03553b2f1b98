"""What the archive can tell of a customer's life: visits, reports, papers, flags and changes, each newest first."""

from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import DateTimeField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import formats
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from archives.checklists import QUESTIONS
from archives.choices import FlagReason, VisitKind
from archives.models import CreditReport, Customer, Document, Flag, Visit
from archives.queries.history import Change, Key, changes_of
from archives.rules.flags import sentence
from crm.core.models import User
from crm.core.timeline import Deed, Event, Mark, Place, older
from crm.core.words import listed

GOOD, FAIR = 7, 5
LAST_ID = 2**31 - 1


def visits(customer: Customer, than: Place | None, count: int, *, reader: User) -> list[Event]:
    """Visit notes with what was ticked and what comes next; complaints have a chip of their own."""
    rows = older(Visit.objects.filter(customer=customer), "happened_at", source="visit", than=than)
    return [_visit(visit, reader) for visit in rows.select_related("by").prefetch_related("files")[:count]]


def complaints(customer: Customer, than: Place | None, count: int, *, reader: User) -> list[Event]:
    """The visit notes that are complaints."""
    rows = Visit.objects.filter(customer=customer, kind=VisitKind.COMPLAINT)
    rows = older(rows, "happened_at", source="visit", than=than)
    return [_visit(visit, reader) for visit in rows.select_related("by").prefetch_related("files")[:count]]


def _visit(visit: Visit, reader: User) -> Event:
    kind = VisitKind(visit.kind)
    return Event(
        at=visit.happened_at,
        source="visit",
        pk=visit.pk,
        title=str(kind.label).capitalize(),
        who=_who_met_whom(visit),
        text=visit.content,
        prose=True,
        icon=kind.icon,
        tone="red" if kind == VisitKind.COMPLAINT else "green",
        marks=[*_answers(visit.checklist), *_next_step(visit)],
        deeds=[*_finish(visit, reader), *_files(visit)],
    )


def _who_met_whom(visit: Visit) -> str:
    if not visit.people:
        return str(visit.by)
    return _("%(seller)s with %(people)s") % {"seller": visit.by, "people": listed(visit.people)}


def _answers(checklist: dict[str, Any]) -> list[Mark]:
    """One badge per answer in the order of the questions, coloured by how good it is."""
    return [
        Mark(_answer_in_words(code, value), _tone(code, value))
        for code, value in ((code, checklist[code]) for code in QUESTIONS if code in checklist)
    ]


def _answer_in_words(code: str, value: Any) -> str:
    shown = {True: _("yes"), False: _("no")}[value] if isinstance(value, bool) else value
    return f"{QUESTIONS[code].label} {shown}"


def _tone(code: str, value: Any) -> str:
    if isinstance(value, bool):
        return "green" if value != (code == "signs_of_trouble") else "orange"
    if value >= GOOD:
        return "green"
    return "orange" if value >= FAIR else "red"


def _next_step(visit: Visit) -> list[Mark]:
    if not visit.next_step:
        return []
    if visit.next_step_done_on:
        return [Mark(_("%(step)s · done") % {"step": visit.next_step}, "secondary", "check")]
    if visit.next_step_due is None:
        return [Mark(visit.next_step, "blue", "flag")]
    due = formats.date_format(visit.next_step_due, "MONTH_DAY_FORMAT")
    return [Mark(_("%(step)s · due %(day)s") % {"step": visit.next_step, "day": due}, "blue", "flag")]


def _finish(visit: Visit, reader: User) -> list[Deed]:
    opened = visit.next_step and visit.next_step_done_on is None and visit.by_id == reader.pk
    return [Deed(_("Done"), reverse("visit_done", args=[visit.pk]), post=True)] if opened else []


def _files(visit: Visit) -> list[Deed]:
    return [Deed(file.title, reverse("document", args=[file.pk])) for file in visit.files.all()]


def reports(customer: Customer, than: Place | None, count: int, *, reader: User) -> list[Event]:
    """Credit reports on their day of issue."""
    rows = CreditReport.objects.filter(customer=customer).annotate(at=Cast("issued_on", DateTimeField()))
    return [
        Event(
            at=report.at,
            source="report",
            pk=report.pk,
            title=str(report.get_kind_display()).capitalize(),
            who=report.source,
            text=_("Valid until %(day)s.") % {"day": _short(report.valid_until)} + f" {report.opinion}".rstrip(),
            marks=[Mark(report.grade, "azure")] if report.grade else [],
            icon="report-search",
            tone="azure",
        )
        for report in older(rows, "at", source="report", than=than)[:count]
    ]


def papers(customer: Customer, than: Place | None, count: int, *, reader: User) -> list[Event]:
    """Documents; the pictures of a visit are shown with the visit."""
    rows = Document.objects.filter(customer=customer, visit=None).select_related("by")
    return [
        Event(
            at=paper.created_at,
            source="paper",
            pk=paper.pk,
            title=paper.title,
            who=str(paper.by),
            text=str(paper.get_kind_display()),
            icon="file-text",
            deeds=[Deed(pgettext("button", "Open"), reverse("document", args=[paper.pk]))],
        )
        for paper in older(rows, "created_at", source="paper", than=than)[:count]
    ]


def flags(customer: Customer, than: Place | None, count: int, *, reader: User) -> list[Event]:
    """Flags on the day they were raised, open or settled."""
    rows = Flag.objects.filter(customer=customer).annotate(at=Cast("raised_on", DateTimeField()))
    return [_flag(flag) for flag in older(rows, "at", source="flag", than=than)[:count]]


def _flag(flag: Flag) -> Event:
    closed = flag.closed_on is not None
    return Event(
        at=flag.at,
        source="flag",
        pk=flag.pk,
        title=str(flag.get_reason_display()).capitalize(),
        text=sentence(flag.reason, flag.data),
        icon="alert-triangle",
        tone="secondary" if closed else FlagReason(flag.reason).tone,
        marks=[Mark(_("settled %(day)s") % {"day": _short(flag.closed_on)}, "green", "check")] if closed else [],
    )


def changes(customer: Customer, than: Place | None, count: int, *, reader: User) -> list[Event]:
    """Field changes, each by itself: see fold_changes."""
    found = changes_of(customer, before=_key_below(than), limit=count)
    return [
        Event(at=change.at, source="change", pk=change.key[1:], title=change.title, icon="history", details=[change])
        for change in found
    ]


def _key_below(than: Place | None) -> Key | None:
    """The place among changes; those of the very instant come before or after other events by their source's name."""
    if than is None:
        return None
    if than.source != "change":
        return Key(than.at, 0 if than.source < "change" else LAST_ID, "")
    pgh_id, _dash, layer = str(than.pk).partition("-")
    return Key(than.at, int(pgh_id) if pgh_id.isdigit() else 0, layer)


def fold_changes(events: list[Event]) -> list[Event]:
    """Neighbouring changes by one person on one day become one event that unfolds."""
    folded: list[Event] = []
    for event in events:
        if folded and _belong_together(folded[-1], event):
            folded[-1] = replace(folded[-1], details=folded[-1].details + event.details)
        else:
            folded.append(event)
    return [replace(event, title=_run_title(event.details)) if event.source == "change" else event for event in folded]


def _belong_together(one: Event, other: Event) -> bool:
    if one.source != "change" or other.source != "change":
        return False
    return one.details[0].by == other.details[0].by and localdate(one.at) == localdate(other.at)


def _run_title(run: list[Change]) -> str:
    by = str(run[0].by) if run[0].by else _("the program")
    count = sum(len(change.fields) for change in run)
    if count == 0:
        return _("%(what)s by %(who)s") % {"what": run[-1].title, "who": by}
    return ngettext("%(n)s field change by %(who)s", "%(n)s field changes by %(who)s", count) % {"n": count, "who": by}


def _short(day: date) -> str:
    return formats.date_format(day, "SHORT_DATE_FORMAT")
