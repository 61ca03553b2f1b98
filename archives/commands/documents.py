"""Papers and pictures go into the archive, under names nobody can guess."""

import uuid
from datetime import date
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import FileResponse

from archives import uploads
from archives.choices import DocumentKind
from archives.models import Customer, Document, Visit
from crm.core import audit
from crm.core.errors import NotThere
from crm.core.models import User


def prepare(upload: UploadedFile) -> uploads.Prepared:
    """Read and clean an upload, before any transaction begins. Refuses what the archive does not take."""
    return uploads.prepare(upload, most_bytes=settings.FILE_UPLOAD_MAX_BYTES)


def store_document(
    customer: Customer,
    upload: UploadedFile,
    *,
    by: User,
    kind: DocumentKind = DocumentKind.OTHER,
    title: str = "",
    number: str = "",
    valid_until: date | None = None,
    visit: Visit | None = None,
) -> Document:
    """Keep a file of a customer's. Refuses empty, oversized, damaged files and kinds that the archive does not take."""
    about: dict[str, Any] = {"title": title, "number": number, "valid_until": valid_until}
    return store_prepared(customer, prepare(upload), by=by, kind=kind, visit=visit, **about)


@transaction.atomic
def store_prepared(
    customer: Customer,
    prepared: uploads.Prepared,
    *,
    by: User,
    kind: DocumentKind,
    visit: Visit | None = None,
    title: str = "",
    number: str = "",
    valid_until: date | None = None,
    pk: uuid.UUID | None = None,
) -> Document:
    """Write a prepared file and its record, under the name `pk` when whoever sent it has given it one."""
    document = Document(
        id=pk or uuid.uuid4(),
        customer=customer,
        visit=visit,
        kind=kind,
        title=title.strip() or prepared.title,
        number=number,
        valid_until=valid_until,
        content_type=prepared.content_type,
        size=len(prepared.content),
        by=by,
    )
    document.file.save(f"{uuid.uuid4().hex}{prepared.extension}", ContentFile(prepared.content), save=False)
    document.save()
    audit.record("document.stored", document, by=by, kind=kind, size=document.size)
    return document


def take_document(document: Document, *, by: User) -> FileResponse:
    """The file on its way to whoever asked, as a download, never as a page of ours; who took it is noted.

    Raises NotThere when the file is gone.
    """
    try:
        content = document.file.open("rb")
    except FileNotFoundError as failure:
        raise NotThere() from failure
    audit.record("document.opened", document, by=by)
    name = f"{document.title}{PurePath(document.file.name).suffix}"
    response = FileResponse(content, as_attachment=True, filename=name, content_type=document.content_type)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
