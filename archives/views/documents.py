"""Handing out the archive's files: to whoever sees the customer."""

from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from archives.commands.documents import take_document
from archives.models import Document
from crm.core.errors import NotThere


@require_safe
def download(request: HttpRequest, document_id: UUID) -> FileResponse:
    """The file; 404 for a paper of a customer that this person may not see."""
    document = get_object_or_404(Document.objects.visible_to(request.user), pk=document_id)
    try:
        return take_document(document, by=request.user)
    except NotThere as failure:
        raise Http404 from failure
