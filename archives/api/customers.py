"""Customers over REST: one, with its layers nested, and the list of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from archives.api.shapes import CustomerSerializer, WrittenCustomerSerializer
from archives.commands.bulk import Ignored
from archives.commands.customers import change_customer, put_customer, refusal_of
from archives.filters import CustomerFilterSet
from archives.models import Customer
from archives.models.customer import NUMBER_SHAPE
from archives.parsing import READ_ONLY, BadRow, FieldError, Row, parse_customer
from archives.queries.records import customer_rows, record_of, row_written
from crm.core.api.formats import Instant
from crm.core.api.views import ApiView, ListView, check_etag, etag_of
from crm.core.errors import ChangedMeanwhile
from crm.core.roles import Can

RIGHTS = {"read": Can.SEE_ARCHIVE, "write": Can.EDIT_ARCHIVE}


class CustomersView(ListView, ListAPIView):
    """The customers that the caller may see, each with its whole archive."""

    scope = "customers"
    rights = RIGHTS
    serializer_class = CustomerSerializer
    filterset_class = CustomerFilterSet
    queryset = Customer.objects.none()

    def get_queryset(self):
        return customer_rows(self.request.user)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([_record(row) for row in page])


@extend_schema_view(
    get=extend_schema(operation_id="customer_retrieve", summary="The archive of one customer"),
)
class CustomerView(ApiView):
    """One customer by its number. Answers carry an `ETag`; `If-Match` keeps a change from going over another one."""

    scope = "customers"
    rights = RIGHTS
    serializer_class = CustomerSerializer
    filterset_class = None
    queryset = Customer.objects.none()

    def get(self, request: Request, number: str) -> Response:
        return _answer(self._found(number))

    @extend_schema(
        operation_id="customer_put",
        request=CustomerSerializer,
        responses={200: WrittenCustomerSerializer, 201: WrittenCustomerSerializer},
    )
    def put(self, request: Request, number: str) -> Response:
        """Create the customer, or replace its basic layer: a field that is not given becomes empty.

        The layers below it are replaced only when they are given; null empties one. A record that was read may be
        sent back: fields that can only be read are refused only where they say something else than what is so.

        What somebody else keeps stays as it is; `warnings` names the values that were not taken for it.
        """
        seen = self._seen(request, number)
        row = self._read(request, number)
        told: dict[str, Any] = {"seen": seen, "warnings": (warnings := [])}
        _customer, created = put_customer(row, by=request.user, today=timezone.localdate(), **told)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return _answer(row_written(number), code, warnings)

    @extend_schema(
        operation_id="customer_patch", request=CustomerSerializer, responses={200: WrittenCustomerSerializer}
    )
    def patch(self, request: Request, number: str) -> Response:
        """Change the fields that are given, of the layers below too, and no others."""
        customer = Customer.objects.get(pk=self._found(number)["id"])
        seen, row = self._seen(request, number), self._read(request, number)
        told = {"layers": row.layers, "version": row.version, "seen": seen, "warnings": (warnings := [])}
        change_customer(customer, row.given, by=request.user, today=timezone.localdate(), **told)
        return _answer(row_written(number), warnings=warnings)

    def _read(self, request: Request, number: str) -> Row:
        """The body as a row; its number, where it has one, is the one in the address."""
        body = request.data
        row = parse_customer({"number": number} | self._meant(number, body) if isinstance(body, dict) else body)
        if isinstance(row, Row) and row.key != number:
            differs = FieldError("/number", "mismatch", _("The number is not the one in the address."))
            row = BadRow(key=number, errors=[differs])
        if isinstance(row, BadRow):
            raise refusal_of(row)
        return row

    def _meant(self, number: str, body: dict[str, Any]) -> dict[str, Any]:
        """The body without what is only sent back: the company's conclusions as they stand, the day of the change."""
        if not READ_ONLY & body.keys():
            return body
        row = customer_rows(self.request.user).filter(number=number).first()
        shown = _record(row) | {"updated_at": body.get("updated_at")} if row else {}
        return {name: value for name, value in body.items() if name not in READ_ONLY or value != shown.get(name, ...)}

    def _seen(self, request: Request, number: str):
        """When the record was last changed, for the command to compare under its lock; None when nobody asks."""
        wanted = request.headers.get("If-Match")
        if wanted is None:
            return None
        try:
            row = self._found(number)
        except Http404 as missing:
            raise ChangedMeanwhile() from missing
        check_etag(request, _etag(row))
        return row["updated_at"] if wanted.strip() != "*" else None

    def _found(self, number: str) -> dict[str, Any]:
        """The row of the customer; 404 when it is not there, or not for this caller."""
        possible = NUMBER_SHAPE.regex.match(number)
        row = customer_rows(self.request.user).filter(number=number).first() if possible else None
        if row is None:
            raise Http404
        return row


def _answer(row: Mapping[str, Any], code: int = status.HTTP_200_OK, warnings: Iterable[Ignored] = ()) -> Response:
    said = [{"pointer": one.pointer, "code": one.code, "detail": one.detail} for one in warnings]
    body = _record(row) | ({"warnings": said} if said else {})
    return Response(body, status=code, headers={"ETag": _etag(row)})


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    return record_of(row) | {"updated_at": Instant().to_representation(row["updated_at"])}


def _etag(row: Mapping[str, Any]) -> str:
    """Changes with the archive, not with what the company concludes of it: those cannot be written here."""
    return etag_of(row["id"], row["updated_at"].isoformat())
