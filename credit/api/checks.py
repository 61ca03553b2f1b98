"""Order checks over REST: may this order go out, and what has become of it."""

from collections.abc import Callable

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from credit.api.parts import UnitCode, customer_seen
from credit.commands.checks import cancel_order, check_order, fulfil_order, refuse_order, release_order
from credit.filters import OrderCheckFilter
from credit.models import OrderCheck
from credit.rules.wording import reason_text, way_text
from crm.core.api.formats import Currency, Instant, Money, StrictSerializer, read
from crm.core.api.views import ApiView, Idempotent, ListView, single
from crm.core.roles import Can

CODES = (
    "no_limit", "limit_expired", "over_limit", "over_group_limit", "over_unit_limit", "overdue", "report_stale",
    "customer_blocked", "terms_too_long",
)  # fmt: skip


class NewCheckSerializer(StrictSerializer):
    """An order to be checked; `currency` defaults to the customer's."""

    customer = serializers.CharField(max_length=32)
    order = serializers.CharField(max_length=64)
    amount = Money(minimum="positive")
    currency = Currency(required=False)
    unit = UnitCode(required=False, allow_null=True)


class ReasonSerializer(serializers.Serializer):
    code = serializers.ChoiceField(choices=CODES)
    detail = serializers.SerializerMethodField()
    measured = serializers.CharField()
    threshold = serializers.CharField()

    def get_detail(self, reason: dict) -> str:
        return reason_text(reason)


class OrderCheckSerializer(serializers.Serializer):
    """The last answer about an order and what has become of it. Figures of credit are in the base currency."""

    order = serializers.CharField()
    customer = serializers.CharField(source="customer.number")
    unit = serializers.CharField(source="unit.code", default=None, allow_null=True)
    amount = Money()
    currency = serializers.CharField()
    decision = serializers.ChoiceField(choices=OrderCheck.Decision.choices)
    state = serializers.ChoiceField(choices=OrderCheck.State.choices)
    reasons = ReasonSerializer(many=True)
    available_before = Money(allow_null=True)
    available_after = Money(allow_null=True)
    binding = serializers.SerializerMethodField()
    reserved_until = serializers.SerializerMethodField()
    ways_out = serializers.SerializerMethodField()
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)
    decision_reason = serializers.CharField()
    checked_at = Instant()

    def get_binding(self, row: OrderCheck) -> str | None:
        """Which limit is the narrowest: customer, group or unit."""
        return row.binding or None

    @extend_schema(responses=serializers.DateField(allow_null=True))
    def get_reserved_until(self, row: OrderCheck) -> str | None:
        reservation = getattr(row, "reservation", None)
        return str(reservation.until) if reservation and reservation.active else None

    def get_ways_out(self, row: OrderCheck) -> list[str]:
        return [way_text(way) for way in row.ways_out]


def checks_seen(request: Request):
    rows = OrderCheck.objects.visible_to(request.user)
    return rows.select_related("customer", "unit", "reservation", "decided_by")


def answer(request: Request, order: str, *, status: int = 200) -> Response:
    return Response(OrderCheckSerializer(checks_seen(request).get(order=order)).data, status=status)


class OrderChecksView(Idempotent, ListView):
    scope, rights = "credit", {"read": Can.SEE_CREDIT, "write": Can.CHECK_ORDERS}
    key_required = True
    serializer_class = OrderCheckSerializer
    filterset_class = OrderCheckFilter
    ordering = "-id"
    queryset = OrderCheck.objects.none()

    def get_queryset(self):
        return checks_seen(self.request)

    @extend_schema(operation_id="order_checks_list", responses=OrderCheckSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Order checks, the newest first. `decision=held` is the queue of those that wait for a person."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="order_checks_create",
        request=NewCheckSerializer,
        responses={201: OrderCheckSerializer, 200: OrderCheckSerializer},
    )
    def post(self, request: Request) -> Response:
        """Check an order: approved with a reservation, or held with every reason that applies.

        The same order with the same sum answers 200 with the same answer; another sum is checked anew.
        """
        return self.dispatch_once(request, lambda: self._check(request))

    def _check(self, request: Request) -> Response:
        given = read(NewCheckSerializer, request)
        customer = customer_seen(given.pop("customer"), request.user)
        given.setdefault("currency", customer.currency)
        checked = check_order(customer=customer, **given, by=request.user, today=timezone.localdate())
        return answer(request, given["order"], status=201 if checked.fresh else 200)


class OrderCheckView(ApiView):
    scope, rights = "credit", {"read": Can.SEE_CREDIT}
    serializer_class = OrderCheckSerializer

    @extend_schema(operation_id="order_checks_retrieve", responses=OrderCheckSerializer)
    def get(self, request: Request, order: str) -> Response:
        """The last answer about an order."""
        return single(OrderCheckSerializer(get_object_or_404(checks_seen(request), order=order)).data)


class DeedView(Idempotent, ApiView):
    """One deed on a check: the subclass names the command."""

    scope, rights = "credit", {"write": Can.CHECK_ORDERS}
    serializer_class = OrderCheckSerializer
    body: type[serializers.Serializer] | None = None
    command: Callable

    def do(self, request: Request, order: str) -> Response:
        return self.dispatch_once(request, lambda: self._do(request, order))

    def _do(self, request: Request, order: str) -> Response:
        get_object_or_404(OrderCheck.objects.visible_to(request.user), order=order)
        given = read(self.body or StrictSerializer, request)
        type(self).command(order, by=request.user, today=timezone.localdate(), **given)
        return answer(request, order)


class CancelView(DeedView):
    command = staticmethod(cancel_order)

    @extend_schema(operation_id="order_checks_cancel", request=None, responses={200: OrderCheckSerializer})
    def post(self, request: Request, order: str) -> Response:
        """Give the reservation back."""
        return self.do(request, order)


class FulfilView(DeedView):
    command = staticmethod(fulfil_order)

    @extend_schema(operation_id="order_checks_fulfil", request=None, responses={200: OrderCheckSerializer})
    def post(self, request: Request, order: str) -> Response:
        """The order is in the ledger now; this also happens by itself when the order or its invoice is synced."""
        return self.do(request, order)


class WordsSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=2_000, help_text=_("why"))


class HoldDeedView(DeedView):
    """For people only, never for a token."""

    rights = {"write": Can.DECIDE_HOLDS}
    people_only = True
    body = WordsSerializer


class ReleaseView(HoldDeedView):
    command = staticmethod(release_order)

    @extend_schema(operation_id="order_checks_release", request=WordsSerializer, responses={200: OrderCheckSerializer})
    def post(self, request: Request, order: str) -> Response:
        """Let a held order go out; it is reserved, and may grow a little. People with the right only."""
        return self.do(request, order)


class RefuseView(HoldDeedView):
    command = staticmethod(refuse_order)

    @extend_schema(operation_id="order_checks_refuse", request=WordsSerializer, responses={200: OrderCheckSerializer})
    def post(self, request: Request, order: str) -> Response:
        """The held order does not go out. People with the right only."""
        return self.do(request, order)
