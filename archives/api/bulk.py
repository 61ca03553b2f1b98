"""Up to ten thousand records in one call: what came of each, and every mistake with its place."""

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from archives import decoding
from archives.api import shapes
from archives.choices import SyncObject
from archives.commands import line_files
from archives.commands.bulk import Batch, Ignored, Mode, State
from archives.commands.customers import upsert_customers
from archives.commands.sync_runs import join_run, note_call
from archives.commands.trade import upsert_invoices, upsert_orders, upsert_payments, upsert_sales
from archives.decoding import Kind, TooMany, read_array, said_once
from archives.models import SyncRun
from archives.parsing import BadRow, Sheet
from crm.core.api.bodies import body_in_bits
from crm.core.api.formats import parse_json
from crm.core.api.problems import CONTENT_TYPE, Conflict, problem
from crm.core.api.views import ApiView, Idempotent, fingerprint_of_parts
from crm.core.errors import Invalid, NotThere
from crm.core.models import Job
from crm.core.roles import Can

HOW = """
Items that are there already keep the fields that are not given; others are created. An item that says what is stored
counts as `unchanged` and writes nothing, and so does one whose `source_version` is older than what is stored. The order
of items does not matter; a key given twice fails the later item.

200 when all went through, 207 when some failed. With `mode: atomic` one failure fails all: 422, nothing written. With
`dry_run` nothing is written either, and the answer says what would happen.

Very many records come as lines (`application/x-ndjson`), one object a line and as many as there are, plain or packed by
gzip: the answer is a job, which takes them ten thousand at a time and goes on where it stopped. `?dry_run=true` is a
trial; `mode=atomic` is not to be had. The job's `result` counts and names the lines that failed; a broken line fails
alone. A key that comes again in the same ten thousand lines fails; further on it is a later call.

`?run=` names the sync run that the call belongs to. `warnings` are there only when values were not taken, because
somebody else keeps the field.
"""
RUN = OpenApiParameter("run", int, description="the sync run that the call belongs to")
MODE = OpenApiParameter("mode", str, enum=["partial"], description="of lines only")
DRY_RUN = OpenApiParameter("dry_run", bool, description="of lines only; with items it stands in the body")


class RawJSON(BaseParser):
    """Hands the body on as it is: `archives.decoding` reads it, as strictly as every other."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> bytes:
        return stream.read()


class Lines(RawJSON):
    """One JSON object a line. Nobody reads these as a whole."""

    media_type = "application/x-ndjson"


def _documented(request: type, summary: str):
    result = shapes.BulkResultSerializer
    return extend_schema(
        summary=summary,
        description=HOW,
        parameters=[RUN, MODE, DRY_RUN],
        request={"application/json": request, Lines.media_type: OpenApiTypes.STR},
        responses={
            200: result,
            202: shapes.BulkJobSerializer,
            207: result,
            (422, CONTENT_TYPE): shapes.AtomicRefusalSerializer,
        },
    )


class BulkView(Idempotent, ApiView):
    """The door for one noun: `kind` says how items are read, `upsert` takes the batch."""

    key_required = True
    parser_classes = [RawJSON, Lines]
    pagination_class = None
    filterset_class = None
    serializer_class = shapes.BulkResultSerializer
    kind: Kind
    upsert: Callable[..., Batch]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.lines = (request.content_type or "").partition(";")[0].strip().lower() == Lines.media_type
        self.takes = frozenset({"run", "mode", "dry_run"} if self.lines else {"run"})
        super().initial(request, *args, **kwargs)

    def take_body(self, request: HttpRequest) -> None:
        if not self.lines:
            super().take_body(request)

    def take(self, request: Request) -> Response:
        if self.lines:
            return self._keep_lines(request)
        return self.dispatch_once(request, lambda: self._taken(request))

    def _taken(self, request: Request) -> Response:
        items, how = _read(request.data if isinstance(request.data, bytes) else b"")
        run = self._run(request)
        batch = Batch.of(*self._read_items(items), **how)
        type(self).upsert(batch, by=request.user, today=timezone.localdate())
        if run is not None:
            note_call(run, batch, parse_json(items) if batch.failed else [], now=timezone.now())
        return _answer(request, batch)

    def _read_items(self, items: bytes) -> tuple[Sheet, list[BadRow]]:
        try:
            return read_array(items, self.kind, most=shapes.MAX_ITEMS)
        except TooMany as more:
            detail = _("At most %(count)s items in a call.") % {"count": shapes.MAX_ITEMS}
            raise Conflict(413, "too_many_items", detail) from more

    def _run(self, request: Request) -> SyncRun | None:
        """The run that the call names, held open until the call has been taken."""
        named = request.query_params.get("run")
        if named is None:
            return None
        if not RUN_NUMBER.fullmatch(named):
            raise NotThere()
        return join_run(int(named), object=SyncObject(self.kind.noun), by=request.user, now=timezone.now())

    # Many lines ------------------------------------------------------------------------------------------------------

    def _keep_lines(self, request: Request) -> Response:
        """Keep the file as it arrives, and answer with the job that takes it; a repeated request finds its first."""
        dry_run = _asked_for_lines(request)
        self.key_of(request)
        kept = line_files.keep(body_in_bits(request._request, most_bytes=settings.BULK_FILE_MAX_BYTES))
        queued: list[Job] = []

        def work() -> Response:
            run = self._run(request)
            asked = {"noun": self.kind.noun, "by": request.user, "dry_run": dry_run, "run": run and run.pk}
            queued.append(line_files.enqueue(kept, **asked))
            return Response({"job": queued[0].pk}, status=202)

        try:
            return self.dispatch_once(request, work, fingerprint_of_parts(request, kept.digest.encode()))
        finally:
            if not queued:
                line_files.discard(kept.name)


def _asked_for_lines(request: Request) -> bool:
    """Whether it is a trial. Refuses `atomic`, and what is neither."""
    match request.query_params.get("mode", Mode.PARTIAL), request.query_params.get("dry_run", "false"):
        case Mode.PARTIAL, "true" | "false" as dry_run:
            return dry_run == "true"
        case Mode.PARTIAL, _other:
            raise Invalid({"dry_run": _("Write true or false.")})
        case Mode.ATOMIC, _any:
            raise Invalid({"mode": _("A file of lines is taken batch by batch, so never all or none of it.")})
    raise Invalid({"mode": _("Write partial or atomic.")})


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """What a call consists of, the items still as they came."""

    items: msgspec.Raw
    mode: Mode | msgspec.UnsetType = msgspec.UNSET
    dry_run: bool | msgspec.UnsetType = msgspec.UNSET


BODY = msgspec.json.Decoder(Body)
KNOWN = {"items", "mode", "dry_run"}
RUN_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


def _read(raw: bytes) -> tuple[bytes, dict[str, Any]]:
    """The array of items, and how they are to be taken; refuses a body of another shape."""
    try:
        body = BODY.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _read_carefully(raw)
    items = bytes(body.items)
    how = {name: value for name in ("mode", "dry_run") if (value := getattr(body, name)) is not msgspec.UNSET}
    if not items.startswith(b"[") or not said_once(raw.replace(items, b"", 1), 1 + len(how)):
        return _read_carefully(raw)
    return items, how


def _read_carefully(raw: bytes) -> tuple[bytes, dict[str, Any]]:
    """The same of a body that is wrong, or written in an unusual way; refuses the first with its mistakes."""
    body = parse_json(raw)
    if not isinstance(body, dict):
        raise Invalid({"": _("The body must be an object with items.")})
    if errors := _mistakes(body):
        raise Invalid(errors, codes=dict.fromkeys(body.keys() - KNOWN, "unknown_field"))
    how = {"mode": Mode(body.get("mode", Mode.PARTIAL)), "dry_run": body.get("dry_run", False)}
    return json.dumps(body["items"]).encode(), how


def _mistakes(body: dict) -> dict[str, str]:
    errors = {name: _("There is no such field here.") for name in body.keys() - KNOWN}
    if not isinstance(body.get("items"), list):
        errors["items"] = _("This must be a list.")
    if body.get("mode", "partial") not in [mode.value for mode in Mode]:
        errors["mode"] = _("Write partial or atomic.")
    if not isinstance(body.get("dry_run", False), bool):
        errors["dry_run"] = _("This must be true or false.")
    return errors


def _answer(request: Request, batch: Batch) -> Response:
    result = {state.value: batch.count(state) for state in State} | {
        "failed": len(batch.failed),
        "errors": [_failed(bad) for bad in batch.errors],
    }
    if batch.warnings:
        result["warnings"] = [_warned(one) for one in batch.warnings]
    if not batch.spoiled:
        return Response(result, status=207 if batch.failed else 200)
    refused = problem(request, 422, code="atomic_failed", detail=_("One item failed, so nothing was written."))
    return Response(refused | result, status=422, content_type=CONTENT_TYPE)


def _failed(bad: BadRow) -> dict[str, Any]:
    errors = [
        {"pointer": f"/items/{bad.index}{error.pointer}", "code": error.code, "detail": error.detail}
        for error in bad.errors
    ]
    return {"index": bad.index, "key": bad.key, "errors": errors}


def _warned(one: Ignored) -> dict[str, Any]:
    place = {"index": one.index, "key": one.key, "pointer": f"/items/{one.index}{one.pointer}"}
    return place | {"code": one.code, "detail": one.detail}


class CustomersBulkView(BulkView):
    scope, rights = "customers", {"write": Can.EDIT_ARCHIVE}
    kind, upsert = decoding.CUSTOMERS, upsert_customers

    @_documented(shapes.CustomersBulkSerializer, "Take customers in")
    def post(self, request: Request) -> Response:
        return self.take(request)


class SalesBulkView(BulkView):
    scope, rights = "sales", {"write": Can.SYNC}
    kind, upsert = decoding.SALES, upsert_sales

    @_documented(shapes.SalesBulkSerializer, "Take monthly sales in")
    def post(self, request: Request) -> Response:
        return self.take(request)


class OrdersBulkView(BulkView):
    scope, rights = "orders", {"write": Can.SYNC}
    kind, upsert = decoding.ORDERS, upsert_orders

    @_documented(shapes.OrdersBulkSerializer, "Take orders in")
    def post(self, request: Request) -> Response:
        return self.take(request)


class InvoicesBulkView(BulkView):
    scope, rights = "receivables", {"write": Can.SYNC}
    kind, upsert = decoding.INVOICES, upsert_invoices

    @_documented(shapes.InvoicesBulkSerializer, "Take invoices in")
    def post(self, request: Request) -> Response:
        return self.take(request)


class PaymentsBulkView(BulkView):
    scope, rights = "receivables", {"write": Can.SYNC}
    kind, upsert = decoding.PAYMENTS, upsert_payments

    @_documented(shapes.PaymentsBulkSerializer, "Take payments in")
    def post(self, request: Request) -> Response:
        return self.take(request)
