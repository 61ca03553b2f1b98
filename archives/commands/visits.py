"""Visit notes: posted once however often they are sent, drafts that survive a reload, next steps that get done."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from functools import partial
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.timezone import localdate

from archives.choices import DocumentKind, VisitKind
from archives.commands.documents import prepare, store_prepared
from archives.commands.plans import close_plan, reopen_plan
from archives.commands.standings import note_visits
from archives.models import Customer, Document, Visit, VisitDraft
from archives.rules.visits import (
    kept_answers,
    why_not_add_photo,
    why_not_finish,
    why_not_keep,
    why_not_post,
    why_not_repeat,
    why_not_repeat_photo,
    why_not_take_back,
)
from crm.core import audit
from crm.core.models import User


def post_visit(
    customer: Customer,
    *,
    by: User,
    kind: VisitKind,
    happened_at: datetime,
    content: str,
    now: datetime,
    client_id: uuid.UUID | None = None,
    people: Iterable[str] = (),
    colleagues: Iterable[str] = (),
    minutes: int | None = None,
    next_step: str = "",
    next_step_due: date | None = None,
    checklist: dict[str, Any] | None = None,
    files: Iterable[UploadedFile] = (),
    plan: int | None = None,
) -> tuple[Visit, bool]:
    """The visit and whether it is new: a `client_id` sent again gives the first visit, and nothing is written.

    Refuses a note that says nothing, one from the future, unknown checklist answers, files the archive does not take,
    and a `client_id` that another person or another customer's note has. The draft of the note goes; the
    planned visit that this was – the one named `plan`, else the writer's of that day – is done.
    """
    checklist = checklist or {}
    note: dict[str, Any] = {"kind": kind, "happened_at": happened_at, "content": content, "minutes": minutes}
    if refused := why_not_post(**note, checklist=checklist, now=now):
        raise refused
    prepared = [prepare(file) for file in files]
    with transaction.atomic():
        visit, created = Visit.objects.get_or_create(
            client_id=client_id or uuid.uuid4(),
            defaults=note
            | {
                "customer": customer,
                "by": by,
                "content": content.strip(),
                "people": list(people),
                "colleagues": list(colleagues),
                "next_step": next_step.strip(),
                "next_step_due": next_step_due,
                "checklist": kept_answers(checklist),
            },
        )
        if not created:
            return _first(visit, customer, by), False
        for file in prepared:
            store_prepared(customer, file, by=by, kind=DocumentKind.PHOTO, visit=visit)
        discard_draft(customer, by=by, client_id=visit.client_id)
        close_plan(visit, named=plan)
        note_visits([customer.pk])
        audit.record("visit.posted", visit, by=by, kind=kind, files=len(prepared))
    return visit, True


@transaction.atomic
def add_photo(visit_id: int, upload: UploadedFile, *, by: User, photo_id: uuid.UUID) -> tuple[Document, bool]:
    """The photo and whether it is new: a `photo_id` sent again gives the first one. Its place and device are not kept.

    Refuses what is no picture, somebody else's note, more than a note holds, and a `photo_id` that is taken.
    """
    prepared = prepare(upload)
    visit = Visit.objects.select_for_update().get(pk=visit_id)
    if first := Document.objects.filter(pk=photo_id).first():
        return _first_photo(first, visit), False
    is_picture = prepared.content_type.startswith("image/")
    if refused := why_not_add_photo(own=visit.by_id == by.pk, is_picture=is_picture, count=visit.files.count()):
        raise refused
    return store_prepared(visit.customer, prepared, by=by, kind=DocumentKind.PHOTO, visit=visit, pk=photo_id), True


def _first_photo(photo: Document, visit: Visit) -> Document:
    if refused := why_not_repeat_photo(same_visit=photo.visit_id == visit.pk):
        raise refused
    return photo


@transaction.atomic
def take_back_visit(visit_id: int, *, by: User, now: datetime) -> Visit:
    """Take a note out of the archive that was sent by mistake, with its photos; what it said stays in the history.

    The plan that it had closed is open again. Refuses somebody else's note, one that was sent a while ago, and one
    whose next step was done.
    """
    visit = Visit.objects.select_for_update().get(pk=visit_id)
    done = visit.next_step_done_on is not None
    if refused := why_not_take_back(own=visit.by_id == by.pk, done=done, age=now - visit.created_at):
        raise refused
    photos = list(visit.files.all())
    audit.record("visit.taken_back", visit, by=by, content=visit.content, files=len(photos))
    for photo in photos:
        photo.delete()
        transaction.on_commit(partial(photo.file.storage.delete, photo.file.name))
    reopen_plan(visit, by=by, today=localdate(now))
    customer_id = visit.customer_id
    visit.delete()
    note_visits([customer_id])
    return visit


def _first(visit: Visit, customer: Customer, by: User) -> Visit:
    same = {"same_person": visit.by_id == by.pk, "same_customer": visit.customer_id == customer.pk}
    if refused := why_not_repeat(**same):
        raise refused
    return visit


@transaction.atomic
def finish_next_step(visit_id: int, *, by: User, today: date) -> Visit:
    """The agreed next step was done. Refuses when there is none or it is done already."""
    visit = Visit.objects.select_for_update().get(pk=visit_id)
    if refused := why_not_finish(next_step=visit.next_step, done_on=visit.next_step_done_on):
        raise refused
    visit.next_step_done_on = today
    visit.save(update_fields=["next_step_done_on"])
    audit.record("next_step.done", visit, by=by, next_step=visit.next_step)
    return visit


def save_draft(customer: Customer, *, by: User, client_id: uuid.UUID, fields: dict[str, Any]) -> None:
    """Keep what somebody has typed so far: one draft per person and customer, the last one wins.

    Refuses more than a note can hold, and a draft of a note that has been sent: what is written then is another note.
    """
    if refused := why_not_keep(fields, sent=Visit.objects.filter(client_id=client_id).exists()):
        raise refused
    VisitDraft.objects.update_or_create(by=by, customer=customer, defaults={"client_id": client_id, "fields": fields})


def discard_draft(customer: Customer, *, by: User, client_id: uuid.UUID | None = None) -> None:
    """Forget the draft; with `client_id` only the draft of that note."""
    drafts = VisitDraft.objects.filter(by=by, customer=customer)
    drafts.filter(**({"client_id": client_id} if client_id else {})).delete()
