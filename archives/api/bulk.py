"""Up to ten thousand records in one call: what came of each, and every mistake with its place."""

import re
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from archives.api import shapes
from archives.choices import SyncObject
from archives.commands.bulk import Batch, Ignored, Mode, State
from archives.commands.customers import upsert_customers
from archives.commands.sync_runs import join_run, note_call
from archives.commands.trade import upsert_invoices, upsert_orders, upsert_payments, upsert_sales
from archives.models import SyncRun
from archives.parsing import BadRow, Row, parse_customer, parse_invoice, parse_order, parse_payment, parse_sales
from crm.core.api.problems import CONTENT_TYPE, Conflict, problem
from crm.core.api.views import ApiView, Idempotent
from crm.core.errors import Invalid, NotThere
from crm.core.roles import Can

HOW = """
Items that are there already keep the fields that are not given; others are created. An item that says what is stored
counts as `unchanged` and writes nothing, and so does one whose `source_version` is older than what is stored. The order
of items does not matter; a key given twice fails the later item.

200 when all went through, 207 when some failed. With `mode: atomic` one failure fails all: 422, nothing written. With
`dry_run` nothing is written either, and the answer says what would happen.

`?run=` names the sync run that the call belongs to. `warnings` are there only when values were not taken, because
somebody else keeps the field.
"""
RUN = OpenApiParameter("run", int, description="the sync run that the call belongs to")


def _documented(request: type, summary: str):
    result = shapes.BulkResultSerializer
    return extend_schema(
        summary=summary,
        description=HOW,
        parameters=[RUN],
        request=request,
        responses={200: result, 207: result, (422, CONTENT_TYPE): shapes.AtomicRefusalSerializer},
    )


class BulkView(Idempotent, ApiView):
    """The door for one noun: `parse` reads an item, `upsert` takes the batch."""

    key_required = True
    takes = frozenset({"run"})
    object: SyncObject
    pagination_class = None
    filterset_class = None
    serializer_class = shapes.BulkResultSerializer
    parse: Callable[..., Row | BadRow]
    upsert: Callable[..., Batch]

    def take(self, request: Request) -> Response:
        return self.dispatch_once(request, lambda: self._taken(request))

    def _taken(self, request: Request) -> Response:
        items, how = _read(request.data)
        run = self._run(request)
        batch = Batch.read(items, type(self).parse, **how)
        type(self).upsert(batch, by=request.user, today=timezone.localdate())
        if run is not None:
            note_call(run, batch, items, now=timezone.now())
        return _answer(request, batch)

    def _run(self, request: Request) -> SyncRun | None:
        """The run that the call names, held open until the call has been taken."""
        named = request.query_params.get("run")
        if named is None:
            return None
        if not RUN_NUMBER.fullmatch(named):
            raise NotThere()
        return join_run(int(named), object=self.object, by=request.user, now=timezone.now())


def _read(body: Any) -> tuple[list, dict[str, Any]]:
    """Items, and how they are to be taken; refuses a body of another shape."""
    if not isinstance(body, dict):
        raise Invalid({"": _("The body must be an object with items.")})
    if errors := _mistakes(body):
        raise Invalid(errors, codes=dict.fromkeys(body.keys() - KNOWN, "unknown_field"))
    if len(body["items"]) > shapes.MAX_ITEMS:
        raise Conflict(413, "too_many_items", _("At most %(count)s items in a call.") % {"count": shapes.MAX_ITEMS})
    return body["items"], {"mode": Mode(body.get("mode", Mode.PARTIAL)), "dry_run": body.get("dry_run", False)}


KNOWN = {"items", "mode", "dry_run"}
RUN_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


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
    object = SyncObject.CUSTOMERS
    scope, rights = "customers", {"write": Can.EDIT_ARCHIVE}
    parse, upsert = parse_customer, upsert_customers

    @_documented(shapes.CustomersBulkSerializer, "Take customers in")
    def post(self, request: Request) -> Response:
        return self.take(request)


class SalesBulkView(BulkView):
    object = SyncObject.SALES
    scope, rights = "sales", {"write": Can.SYNC}
    parse, upsert = parse_sales, upsert_sales

    @_documented(shapes.SalesBulkSerializer, "Take monthly sales in")
    def post(self, request: Request) -> Response:
        return self.take(request)


class OrdersBulkView(BulkView):
    object = SyncObject.ORDERS
    scope, rights = "orders", {"write": Can.SYNC}
    parse, upsert = parse_order, upsert_orders

    @_documented(shapes.OrdersBulkSerializer, "Take orders in")
    def post(self, request: Request) -> Response:
        return self.take(request)


class InvoicesBulkView(BulkView):
    object = SyncObject.INVOICES
    scope, rights = "receivables", {"write": Can.SYNC}
    parse, upsert = parse_invoice, upsert_invoices

    @_documented(shapes.InvoicesBulkSerializer, "Take invoices in")
    def post(self, request: Request) -> Response:
        return self.take(request)


class PaymentsBulkView(BulkView):
    object = SyncObject.PAYMENTS
    scope, rights = "receivables", {"write": Can.SYNC}
    parse, upsert = parse_payment, upsert_payments

    @_documented(shapes.PaymentsBulkSerializer, "Take payments in")
    def post(self, request: Request) -> Response:
        return self.take(request)
