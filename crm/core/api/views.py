"""The base of every API view: effects once for a repeated request, and no lost update."""

import hashlib
import re
from typing import Any

import orjson
from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework import generics
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response

from crm.core.api.bodies import take_body
from crm.core.api.filters import refuse_unknown_parameters
from crm.core.api.problems import Conflict
from crm.core.models import IdempotencyKey

KEY_LENGTH = 255
BOUNDARY = re.compile(r"^multipart/form-data\s*;.*\bboundary=\"?([^\";]+)", re.IGNORECASE)


class ApiView(generics.GenericAPIView):
    """A view names its `scope` and `rights`; without them it refuses everybody."""

    scope: str = ""
    rights: dict[str, Any] = {}
    takes: frozenset[str] = frozenset()  # query parameters that a change takes
    reads_parameters = False  # set where GET reads its query parameters and refuses unknown ones itself

    def initial(self, request, *args, **kwargs):
        self.take_body(request._request)
        super().initial(request, *args, **kwargs)
        if request.method in self.allowed_methods and not (self.reads_parameters and request.method in SAFE_METHODS):
            refuse_unknown_parameters(request.query_params, set(self.takes))

    def take_body(self, request) -> None:
        """How the body comes in: whole, unless a view reads it bit by bit."""
        take_body(request)

    def options(self, request, *args, **kwargs):
        """What may be done here stands in `Allow`; how, in the OpenAPI document."""
        return Response(status=204)

    def finalize_response(self, request, response, *args, **kwargs):
        """What the archive says is for the caller alone, and never for a cache on the way."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        if used := getattr(request, "calls_used", None):
            for name, value in used.headers.items():
                response.headers[name] = value
        return response


class ListView(ApiView):
    """A view whose GET is a list: its filter set knows the query parameters."""

    reads_parameters = True


class RecordView(ApiView, generics.RetrieveAPIView):
    """One record, with an ETag: a subclass names `serializer_class`, `get_queryset` and, where it is no id, the key."""

    filterset_class = None

    def retrieve(self, request, *args, **kwargs) -> Response:
        return single(self.get_serializer(self.get_object()).data)


class Idempotent:
    """Mixed into a view whose POST changes something: `Idempotency-Key` gives a repeated request its first answer.

    The key is claimed in the transaction of the work, so a crash takes both back. Answers of 400 and above other than
    422 are not kept: the caller mends the request and may use the key again.
    """

    key_required = False

    def dispatch_once(self, request, work, fingerprint: str | None = None) -> Response:
        """Run `work()` – which returns a Response – at most once for the key of this request.

        Of a body that has been read bit by bit the view brings the `fingerprint`.
        """
        key = self.key_of(request)
        if key is None:
            return work()
        with transaction.atomic():
            return self._claimed(request, key, work, fingerprint or fingerprint_of(request))

    def key_of(self, request) -> str | None:
        """The key of the request. Refuses none where one is needed, and one that is too long."""
        key = request.headers.get("Idempotency-Key")
        if key is None:
            if self.key_required:
                raise Conflict(400, "idempotency_key_required", _("Send an Idempotency-Key header with this request."))
        elif not 1 <= len(key) <= KEY_LENGTH:
            raise Conflict(400, "idempotency_key_invalid", _("An Idempotency-Key has 1 to 255 characters."))
        return key

    def _claimed(self, request, key: str, work, fingerprint: str) -> Response:
        fresh = IdempotencyKey(account=request.user, key=key, fingerprint=fingerprint)
        IdempotencyKey.objects.bulk_create([fresh], ignore_conflicts=True)
        row = IdempotencyKey.objects.select_for_update().get(account=request.user, key=key)
        if row.status is not None or row.fingerprint != fingerprint:
            return self._replayed(row, fingerprint)
        response = work()
        row.status, row.body = response.status_code, orjson.dumps(response.data, default=str)
        row.content_type = response.content_type or ""
        row.save(update_fields=["status", "body", "content_type"])
        return response

    def _replayed(self, row: IdempotencyKey, fingerprint: str) -> Response:
        if row.fingerprint != fingerprint:
            raise Conflict(422, "idempotency_key_reused", _("This Idempotency-Key was used for another request."))
        kept = {"status": row.status, "content_type": row.content_type or None}
        return Response(orjson.loads(bytes(row.body)), headers={"Idempotent-Replay": "true"}, **kept)


def fingerprint_of(request) -> str:
    """SHA-256 of method, path and body: what makes two requests the same."""
    return fingerprint_of_parts(request, _body(request))


def fingerprint_of_parts(request, body: bytes) -> str:
    """The same with another `body`, such as the digest of one that was never held whole."""
    parts = (request.method.encode(), request.get_full_path().encode(), body)
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _body(request) -> bytes:
    """The body; of a form without the line that its parts are divided by, which is another one each time."""
    found = BOUNDARY.search(request.content_type or "")
    body = request._request.body
    return body.replace(found[1].encode(), b"") if found else body


def single(data: Any) -> Response:
    """The answer that is one record, with an ETag of what it says."""
    return Response(data, headers={"ETag": etag_of(orjson.dumps(data, default=str))})


def etag_of(*parts: Any) -> str:
    """A strong ETag of whatever changes when the record does."""
    return '"' + hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:24] + '"'


def check_etag(request, etag: str) -> None:
    """412 when `If-Match` names another version of the record."""
    wanted = request.headers.get("If-Match")
    if wanted is not None and wanted.strip() != "*" and etag not in {tag.strip() for tag in wanted.split(",")}:
        raise Conflict(412, "changed_meanwhile", _("The record has changed since you read it. Read it again."))
