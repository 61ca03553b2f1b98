"""Handing out the archive's files: to whoever sees the customer, as a download, never as a page of ours."""

from pathlib import PurePath
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from archives.commands.documents import note_opened
from archives.models import Document


@require_safe
def download(request: HttpRequest, document_id: UUID) -> FileResponse:
    """The file; 404 for a paper of a customer that this person may not see."""
    document = get_object_or_404(Document.objects.visible_to(request.user), pk=document_id)
    try:
        content = document.file.open("rb")
    except FileNotFoundError as failure:
        raise Http404 from failure
    note_opened(document, by=request.user)
    name = f"{document.title}{PurePath(document.file.name).suffix}"
    response = FileResponse(content, as_attachment=True, filename=name, content_type=document.content_type)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
