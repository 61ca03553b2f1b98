"""How a body travels – plain, in chunks, packed by gzip – and that it is never larger than one call may be."""

import gzip
import zlib
from io import BytesIO

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from crm.core.api.problems import Conflict


def take_body(request: HttpRequest) -> None:
    """Read the body once, before a parser takes the stream, and unpack it: its fingerprint is asked for later.

    Refuses with 411 a body in chunks behind a server that does not say where they end, with 413 one that is too large,
    packed or unpacked, with 415 one that is packed in another way than gzip, and with 400 one that does not unpack.
    """
    if "HTTP_TRANSFER_ENCODING" in request.META:
        _put(request, _in_chunks(request))
    packing = request.headers.get("Content-Encoding", "").strip().lower()
    if packing in ("gzip", "x-gzip"):
        _put(request, _unpacked(request.body))
    elif packing not in ("", "identity"):
        raise Conflict(415, "unsupported_encoding", _("Send the body plain or packed by gzip."))
    request.body  # noqa: B018 – reading it keeps it


def _put(request: HttpRequest, body: bytes) -> None:
    request._body, request._stream = body, BytesIO(body)
    request.META["CONTENT_LENGTH"] = str(len(body))


def _in_chunks(request: HttpRequest) -> bytes:
    if not request.META.get("wsgi.input_terminated"):
        raise Conflict(411, "length_required", _("Send the body with a Content-Length."))
    return _bounded(request.META["wsgi.input"])


def _unpacked(packed: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=BytesIO(packed)) as stream:
            return _bounded(stream)
    except (OSError, EOFError, zlib.error) as failure:
        raise ParseError(_("The body says that it is gzip, and is not.")) from failure


def _bounded(stream) -> bytes:
    """Never more of the stream than one call may bring: what is packed small may be large."""
    body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise RequestDataTooBig
    return body
