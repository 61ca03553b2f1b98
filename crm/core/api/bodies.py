"""How a body travels – plain, in chunks, packed by gzip – and that it is never larger than one call may be."""

import gzip
import zlib
from collections.abc import Iterator
from io import BytesIO

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from crm.core.api.problems import Conflict

BIT = 256 * 1024
GZIP = 31  # to zlib: a gzip header, and the largest window


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


def body_in_bits(request: HttpRequest, *, most_bytes: int) -> Iterator[bytes]:
    """The body bit by bit, unpacked, for what is too large to be held; nothing may have read it before.

    Refuses what `take_body` refuses, more than `most_bytes` after unpacking, and a body that ends too early.
    """
    packing = request.headers.get("Content-Encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        raise Conflict(415, "unsupported_encoding", _("Send the body plain or packed by gzip."))
    bits, count = _bits(request), 0
    for bit in _unpacked_bits(bits) if packing.endswith("gzip") else bits:
        count += len(bit)
        if count > most_bytes:
            raise RequestDataTooBig
        yield bit


def _bits(request: HttpRequest) -> Iterator[bytes]:
    chunked = "HTTP_TRANSFER_ENCODING" in request.META
    if chunked and not request.META.get("wsgi.input_terminated"):
        raise Conflict(411, "length_required", _("Send the body with a Content-Length."))
    stream, count = request.META["wsgi.input"] if chunked else request, 0
    try:
        while bit := stream.read(BIT):
            count += len(bit)
            yield bit
    except UnreadablePostError as failure:
        raise ParseError(_("The body has not arrived whole.")) from failure
    if not chunked and count != int(request.META.get("CONTENT_LENGTH") or 0):
        raise ParseError(_("The body has not arrived whole."))


def _unpacked_bits(bits: Iterator[bytes]) -> Iterator[bytes]:
    """Never more than a bit of what comes out at once, however small it was packed."""
    opened = zlib.decompressobj(wbits=GZIP)
    try:
        for packed in bits:
            while packed:
                if opened.eof:  # gzip files may be put one after the other
                    opened = zlib.decompressobj(wbits=GZIP)
                yield opened.decompress(packed, BIT)
                packed = opened.unused_data if opened.eof else opened.unconsumed_tail
    except zlib.error as failure:
        raise ParseError(_("The body says that it is gzip, and is not.")) from failure
    if not opened.eof:
        raise ParseError(_("The body says that it is gzip, and is not."))


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
